//! The description of this API. It is made from the code by a test, which also holds the file; so
//! the program carries the text and not what makes it.

use axum::http::header;
use axum::response::IntoResponse;

/// The description.
const TEXT: &str = include_str!("../../../../docs/openapi.json");

/// The description of this API, in the form of `OpenAPI`.
pub(super) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], TEXT)
}

#[cfg(test)]
mod tests;
