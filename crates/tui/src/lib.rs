//! The terminal page, `rpm monit`: apps with their figures, trends, logs, details and events, and
//! keys to act on them. A client of the daemon's socket like any other.
//!
//! The `model` is pure: an event makes it another one and asks for effects; the `view` draws it.
//! [`run`](run()) joins them with the terminal and the daemon. What apps write never reaches the
//! terminal but through `text`, which lets nothing but colours pass.

mod action;
mod client;
mod details;
mod keys;
mod logs;
mod model;
mod mouse;
mod rows;
mod run;
mod terminal;
mod text;
mod trends;
mod view;

#[cfg(test)]
mod tests;

pub use run::{Error, Options, run};
