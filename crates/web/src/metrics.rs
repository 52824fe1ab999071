//! `/metrics`: what is observed, for Prometheus, and pushed in OTLP where that is wanted. Names and
//! labels are stable; units are base units.

mod daemon;
mod family;
mod host;
pub(crate) mod otlp;
mod process;
mod text;

pub(crate) use family::{Family, Kind};

use crate::problem::Problem;
use crate::site::Shared;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rpm_proto::Observed;
use text::Format;

/// All figures, in the text form of Prometheus or of `OpenMetrics`.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "metrics",
    responses(
        (status = 200, description = "The figures; `rpm_up` is 0 while the daemon is away",
         content(
            (String = "text/plain"),
            (String = "application/openmetrics-text"),
         )),
        (status = 401, description = "The token is missing or wrong", body = Problem),
    ),
)]
pub(crate) async fn metrics(State(site): State<Shared>, headers: HeaderMap) -> Response {
    let taken = site.last.get(&site.daemon).await.ok();
    let families = families(taken.as_ref().map(|taken| &*taken.observed));
    let format = Format::wanted(&headers);
    let mut response = format.write(&families).into_response();
    let kind = HeaderValue::from_static(format.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// All that can be told; of a daemon that is away only that.
pub(crate) fn families(observed: Option<&Observed>) -> Vec<Family> {
    let mut up = Family::gauge("rpm_up", "Whether the daemon answers");
    up.add(&[], if observed.is_some() { 1.0 } else { 0.0 });
    let mut families = vec![up];
    if let Some(observed) = observed {
        families.extend(daemon::families(&observed.daemon));
        families.extend(host::families(&observed.host));
        families.extend(process::families(&observed.processes));
    }
    families.retain(|family| !family.samples.is_empty());
    families
}

#[cfg(test)]
mod tests;
