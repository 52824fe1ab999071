//! The answers below `/api/v1`.
#![allow(unused_qualifications, reason = "utoipa's macros write them")]

pub(crate) mod actions;
pub(crate) mod crashes;
pub(crate) mod events;
mod extract;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod logs;
mod openapi;
pub(crate) mod overview;
pub(crate) mod stream;

use crate::site::Shared;
use axum::Router;
use axum::routing::{get, post};

/// A line is shown no longer than this.
const LINE_BYTES: usize = 16 * 1024;

/// A line of output as text, cut where it is too long to be shown.
fn text(bytes: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(LINE_BYTES)]).into_owned();
    if bytes.len() > LINE_BYTES { shown + "…" } else { shown }
}

/// The paths of the API.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/access", get(overview::access))
        .route("/overview", get(overview::overview))
        .route("/processes", get(overview::processes))
        .route("/processes/{id}", get(overview::process))
        .route("/history", get(history::history))
        .route("/events", get(events::list))
        .route("/crashes", get(crashes::list))
        .route("/crashes/{id}", get(crashes::report))
        .route("/logs", get(logs::logs))
        .route("/logs/download", get(logs::download::download))
        .route("/actions", post(actions::act))
        .route("/stream", get(stream::stream))
        .route("/openapi.json", get(openapi::openapi))
}
