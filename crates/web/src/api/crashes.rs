//! Reports of crashes.

use super::extract::{Path, Query};
use crate::model::{CrashReport, CrashSummary};
use crate::problem::Problem;
use crate::site::Shared;
use axum::Json;
use axum::extract::State;
use rpm_chronicle::crashes;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};

/// What is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Only of this app.
    app: Option<String>,
}

/// The reports.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Crashes {
    /// In a line each, the last first.
    crashes: Vec<CrashSummary>,
}

/// The last crashes, the last first.
#[utoipa::path(
    get,
    path = "/api/v1/crashes",
    operation_id = "crashes",
    tag = "crashes",
    params(Asked),
    responses(
        (status = 200, description = "The crashes", body = Crashes),
        (status = 400, description = "The query cannot be read", body = Problem),
        (status = 401, description = "The token is missing or wrong", body = Problem),
    ),
)]
pub(crate) async fn list(
    State(site): State<Shared>,
    Query(asked): Query<Asked>,
) -> Result<Json<Crashes>, Problem> {
    let find = move || {
        // No folder, no crash.
        let found = crashes::list(&site.home.join(crashes::FOLDER)).unwrap_or_default();
        found
            .iter()
            .rev()
            .filter(|crash| asked.app.as_ref().is_none_or(|app| crash.app == *app))
            .map(CrashSummary::of)
            .collect()
    };
    Ok(Json(Crashes { crashes: spawn_blocking(find).await.unwrap_or_default() }))
}

/// All that was kept of one crash, with the last lines that the app wrote.
#[utoipa::path(
    get,
    path = "/api/v1/crashes/{id}",
    operation_id = "crash",
    tag = "crashes",
    params(("id" = String, Path, description = "The report's name")),
    responses(
        (status = 200, description = "The report", body = CrashReport),
        (status = 400, description = "The path cannot be read", body = Problem),
        (status = 401, description = "The token is missing or wrong", body = Problem),
        (status = 404, description = "There is no such report", body = Problem),
    ),
)]
pub(crate) async fn report(
    State(site): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<CrashReport>, Problem> {
    let find = move || crashes::find(&site.home.join(crashes::FOLDER), &id);
    let found = spawn_blocking(find).await.ok().and_then(Result::ok).flatten();
    let crash = found.ok_or_else(|| Problem::missing("there is no such report"))?;
    Ok(Json(CrashReport::of(crash)))
}
