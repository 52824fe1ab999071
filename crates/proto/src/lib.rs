//! How the parts of rpm talk: one connection on `rpm.sock`, frames of JSON, and log lines as bytes.
//!
//! A client sends a [`Hello`] and at once its [`Request`]. The daemon answers with its own hello,
//! then any number of [`Reply::Notice`], [`Reply::Log`] and [`Reply::Missed`], and last exactly one
//! final reply. Followers have no final reply; either side hangs up.

pub mod client;
pub mod fault;
pub mod frame;
pub mod hello;
pub mod redact;
pub mod reply;
pub mod report;
pub mod request;
pub mod view;

pub use client::Client;
pub use fault::{Code, Fault};
pub use hello::{Age, Hello};
pub use reply::{LogLine, Recipient, Reply, Stream};
pub use request::{Request, Verb};
pub use view::{Detail, ProcessView, Told};
