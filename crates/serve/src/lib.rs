//! A server of static files, which `rpm serve` runs as an app. It is told by variables what to
//! serve, as PM2's is.
//!
//! Files, ranges and validators are `tower-http`'s work; what PM2 promises besides is here: a home
//! page, one page for all paths (`SPA`), a page for what is missing, a password, lists of folders.

mod auth;
pub mod listen;
mod listing;
mod options;
mod path;
mod server;
mod site;

pub use options::{Options, OptionsError};
pub use server::{ServeError, run};
