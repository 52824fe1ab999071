//! The binary against a daemon that says what a test tells it to.

#![expect(clippy::unwrap_used, reason = "what surprises a test fails it")]

mod bad_input;
mod boot;
mod deploy;
mod errors;
mod fake;
mod logs;
mod requests;
mod tables;
