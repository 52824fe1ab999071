//! How the parts of rpm talk: one connection on `rpm.sock`, frames of JSON, and log lines as bytes.
//!
//! A client sends a [`Hello`] and at once its [`Request`]. The daemon answers with its own hello,
//! then any number of [`Reply::Notice`], [`Reply::Log`] and [`Reply::Missed`], and last exactly one
//! final reply. Followers have no final reply; either side hangs up.

pub mod client;
pub mod crash;
pub mod fault;
pub mod frame;
pub mod happening;
pub mod hello;
pub mod history;
pub mod observed;
pub mod provenance;
pub mod redact;
pub mod reply;
pub mod report;
pub mod request;
mod time;
pub mod view;

pub use client::Client;
pub use crash::Crash;
pub use fault::{Code, Fault};
pub use happening::{Happening, Level};
pub use hello::{Age, Hello};
pub use history::{Metric, Series, Subject};
pub use observed::{Host, Observed, Watched};
pub use provenance::{Provenance, Versioning};
pub use reply::{LogLine, Recipient, Reply, Stream};
pub use request::{Request, Verb};
pub use time::now;
pub use view::{Detail, ProcessView, Told};
