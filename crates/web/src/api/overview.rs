//! Processes, at a glance and in detail.

use super::extract::Path;
use crate::model::{Accessible, Overview, Process, ProcessDetail};
use crate::problem::Problem;
use crate::site::Shared;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

/// What the asker may do.
#[utoipa::path(
    get,
    path = "/api/v1/access",
    tag = "overview",
    responses(
        (status = 200, description = "What the asker may do", body = Accessible),
        (status = 401, description = "The token is missing or wrong", body = Problem),
    ),
)]
pub(crate) async fn access(State(site): State<Shared>, headers: HeaderMap) -> Json<Accessible> {
    Json(Accessible {
        private: site.access.is_private,
        has_token: site.access.has_token(),
        granted: site.access.is_granted(&headers),
        version: env!("CARGO_PKG_VERSION"),
        own_id: site.own_id,
    })
}

/// The machine, the daemon and all processes with their figures.
#[utoipa::path(
    get,
    path = "/api/v1/overview",
    tag = "overview",
    responses(
        (status = 200, description = "All at a glance, no older than two seconds", body = Overview),
        (status = 401, description = "The token is missing or wrong", body = Problem),
        (status = 503, description = "The daemon is away", body = Problem),
    ),
)]
pub(crate) async fn overview(State(site): State<Shared>) -> Result<Response, Problem> {
    let taken = site.last.get(&site.daemon).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], taken.json).into_response())
}

/// All processes with their figures, by id.
#[utoipa::path(
    get,
    path = "/api/v1/processes",
    tag = "overview",
    responses(
        (status = 200, description = "The processes", body = Vec<Process>),
        (status = 401, description = "The token is missing or wrong", body = Problem),
        (status = 503, description = "The daemon is away", body = Problem),
    ),
)]
pub(crate) async fn processes(State(site): State<Shared>) -> Result<Json<Vec<Process>>, Problem> {
    let taken = site.last.get(&site.daemon).await?;
    Ok(Json(taken.observed.processes.iter().map(Process::of).collect()))
}

/// One process with everything that may be told of it.
#[utoipa::path(
    get,
    path = "/api/v1/processes/{id}",
    tag = "overview",
    params(("id" = u32, Path, description = "PM2's `pm_id`")),
    responses(
        (status = 200, description = "The process", body = ProcessDetail),
        (status = 400, description = "The id is no number", body = Problem),
        (status = 401, description = "The token is missing or wrong", body = Problem),
        (status = 404, description = "There is no such process", body = Problem),
        (status = 503, description = "The daemon is away", body = Problem),
    ),
)]
pub(crate) async fn process(
    State(site): State<Shared>,
    Path(id): Path<u32>,
) -> Result<Json<ProcessDetail>, Problem> {
    let taken = site.last.get(&site.daemon).await?;
    let watched = taken.observed.processes.iter().find(|watched| watched.view.id == id);
    let details = site.daemon.details(Some(id)).await?;
    match (watched, details.first()) {
        (Some(watched), Some(detail)) => Ok(Json(ProcessDetail::of(watched, detail))),
        _ => Err(Problem::missing(format!("there is no process {id}"))),
    }
}
