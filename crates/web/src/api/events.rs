//! What has happened, the last first.

use super::extract::Query;
use crate::model::{Event, Gravity};
use crate::problem::Problem;
use crate::site::Shared;
use axum::Json;
use axum::extract::State;
use rpm_chronicle::events::{self, Wanted};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};

/// So many are told when nothing is said.
const LIMIT: usize = 100;
/// So many are told at most.
const LIMIT_MAX: usize = 1000;

/// What is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Only of this app.
    app: Option<String>,
    /// Only so grave ones, and graver ones.
    #[param(inline)]
    level: Option<Gravity>,
    /// Only those since then, in ms since 1970.
    since: Option<i64>,
    /// Only those before then, in ms since 1970.
    until: Option<i64>,
    /// So many at most.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// A part of the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Events {
    /// The events, the last first.
    events: Vec<Event>,
}

/// What has happened, the last first.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "events",
    tag = "events",
    params(Asked),
    responses(
        (status = 200, description = "The events", body = Events),
        (status = 400, description = "The query cannot be read", body = Problem),
        (status = 401, description = "The token is missing or wrong", body = Problem),
    ),
)]
pub(crate) async fn list(
    State(site): State<Shared>,
    Query(asked): Query<Asked>,
) -> Result<Json<Events>, Problem> {
    if asked.limit.is_some_and(|limit| !(1..=LIMIT_MAX).contains(&limit)) {
        return Err(Problem::bad(format!("`limit` is a number from 1 to {LIMIT_MAX}")));
    }
    let folder = site.home.join(events::FOLDER);
    let wanted = Wanted {
        about: asked.app.into_iter().collect(),
        level: asked.level.map(Gravity::level),
        since: asked.since,
        until: asked.until,
        ..Wanted::default()
    };
    let count = asked.limit.unwrap_or(LIMIT);
    let find = move || events::latest(&folder, &wanted, count);
    // What cannot be read is not told, as if it had not happened; the daemon's log says why.
    let found = spawn_blocking(find).await.ok().and_then(Result::ok).unwrap_or_default();
    Ok(Json(Events { events: found.into_iter().rev().map(Event::of).collect() }))
}
