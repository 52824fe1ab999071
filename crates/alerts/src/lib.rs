//! Alerts: who is told of what happens, when, and how.
//!
//! [`hooks`] is what the user has set up, [`desk`] decides what is to be sent next (pure: events and
//! a time go in, deliveries come out), [`message`] is what is sent, and [`deliver`] sends one of
//! them. Delivering is done by a process of its own, so that neither TLS nor a slow receiver is ever
//! a matter of the supervisor's.

pub mod deliver;
pub mod desk;
pub mod hooks;
pub mod message;

pub use desk::{Delivery, Desk, Outcome};
pub use hooks::{Hook, Hooks, HooksError, To};

/// The word by which the program knows that it is to deliver one message.
pub const DELIVER: &str = "deliver-alert";
