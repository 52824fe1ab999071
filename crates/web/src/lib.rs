//! What `rpm web` runs as an app: the page, the HTTP API, the metrics. A client of the daemon's
//! socket like any other; it holds no state of its own but a copy that is two seconds old.
//!
//! - [`Options`]: what it is told, by variables.
//! - `server`: listening, and how it ends; `access`: who may ask for what.
//! - `daemon`: the way to the daemon; `observed`: what it last said.
//! - `api`: the answers below `/api/v1`; `model`: their form, from which secrets are missing.
//! - `metrics`: for Prometheus and OpenTelemetry; `legacy`: PM2's old JSON; `page`: for people.

mod access;
mod api;
mod daemon;
mod legacy;
mod metrics;
mod model;
mod observed;
mod options;
mod page;
mod problem;
mod router;
mod server;
mod site;
mod wire;

pub use access::token;
pub use metrics::otlp::EndpointError;
pub use options::{Options, OptionsError};
pub use server::{WebError, run};

/// The word by which this program is asked to be the web server.
pub const ROLE: &str = "web-server";
/// The app's name.
pub const APP: &str = "rpm-web";
/// The port that PM2 has used.
pub const PORT: u16 = 9615;
