//! Whether the server and the daemon are there: for probes, without a token.

use crate::problem::Problem;
use crate::site::Shared;
use axum::Json;
use axum::extract::State;
use rpm_proto::Request;
use serde::Serialize;
use utoipa::ToSchema;

/// All is well.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

/// Whether the daemon answers.
#[utoipa::path(
    get,
    path = "/health",
    tag = "health",
    responses(
        (status = 200, description = "Server and daemon are there", body = Health),
        (status = 503, description = "The daemon is away", body = Problem),
    ),
)]
pub(crate) async fn health(State(site): State<Shared>) -> Result<Json<Health>, Problem> {
    site.daemon.ask(&Request::Ping).await?;
    Ok(Json(Health { status: "ok" }))
}
