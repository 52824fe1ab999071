//! Which path is answered by whom.

use crate::problem::Problem;
use crate::site::Shared;
use crate::{access, api, legacy, metrics, page};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

/// The longest body of a request.
const BODY_BYTES: usize = 16 * 1024;

/// All paths.
pub(crate) fn router(site: Shared) -> Router {
    Router::new()
        .route("/", get(legacy::root))
        .route("/assets/{name}", get(page::asset))
        .route("/favicon.ico", get(page::icon))
        .route("/health", get(api::health::health))
        .route("/metrics", get(metrics::metrics))
        .nest("/api/v1", api::router())
        .fallback(async || Problem::missing("there is nothing at this path"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this is not for this path")
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(site.clone(), access::check))
        .with_state(site)
}
