//! Figures over the last day.

use super::extract::Query;
use crate::daemon::unexpected;
use crate::model::{Plot, Quantity};
use crate::problem::Problem;
use crate::site::Shared;
use axum::Json;
use axum::extract::State;
use rpm_proto::{Reply, Request, Subject};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// So far back the daemon remembers.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// So many points a line has when nothing is said.
const POINTS: u32 = 240;
/// So many points a line has at most.
const POINTS_MAX: u32 = 1440;

/// The names of all metrics are no longer than this.
const METRICS_BYTES: usize = 60;

/// What is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// All instances of this app together; of the machine and of all apps when left out.
    app: Option<String>,
    /// One process: PM2's `pm_id`.
    process: Option<u32>,
    /// Names with commas between: `cpu`, `memory`, `restarts`, `requests`, `event_loop`; all when
    /// left out.
    #[param(
        pattern = "^(cpu|memory|restarts|requests|event_loop)(,(cpu|memory|restarts|requests|event_loop))*$",
        max_length = 60
    )]
    metrics: Option<String>,
    /// Since when, in ms since 1970; a day ago when left out.
    #[param(minimum = 0)]
    from: Option<i64>,
    /// Until when, in ms since 1970; now when left out.
    #[param(minimum = 0)]
    until: Option<i64>,
    /// How many points a line has.
    #[param(minimum = 1, maximum = 1440)]
    points: Option<u32>,
}

/// The lines.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History {
    /// One for each subject and metric.
    series: Vec<Plot>,
}

/// Figures over time, of one subject, or of the machine and all apps.
#[utoipa::path(
    get,
    path = "/api/v1/history",
    tag = "history",
    params(Asked),
    responses(
        (status = 200, description = "The lines", body = History),
        (status = 400, description = "The query cannot be read", body = Problem),
        (status = 401, description = "The token is missing or wrong", body = Problem),
        (status = 404, description = "There is no such process", body = Problem),
        (status = 503, description = "The daemon is away", body = Problem),
    ),
)]
pub(crate) async fn history(
    State(site): State<Shared>,
    Query(asked): Query<Asked>,
) -> Result<Json<History>, Problem> {
    if let Some(id) = asked.process {
        let taken = site.last.get(&site.daemon).await?;
        if !taken.observed.processes.iter().any(|watched| watched.view.id == id) {
            return Err(Problem::missing(format!("there is no process {id}")));
        }
    }
    let request = request(asked)?;
    if matches!(request, Request::History { from, until, .. } if from >= until) {
        return Ok(Json(History { series: Vec::new() }));
    }
    match site.daemon.ask(&request).await? {
        Reply::History { series } => {
            Ok(Json(History { series: series.into_iter().map(Plot::of).collect() }))
        }
        _ => Err(unexpected().into()),
    }
}

fn request(asked: Asked) -> Result<Request, Problem> {
    let of = match (asked.app, asked.process) {
        (_, Some(id)) => Some(Subject::Process { id }),
        (Some(name), None) => Some(Subject::App { name }),
        (None, None) => None,
    };
    let metrics = match asked.metrics.as_deref() {
        None => Quantity::ALL.to_vec(),
        Some(names) if names.len() > METRICS_BYTES => {
            return Err(Problem::bad("`metrics` names the same ones again and again"));
        }
        Some(names) => names.split(',').map(quantity).collect::<Result<_, _>>()?,
    };
    let until = asked.until.unwrap_or_else(rpm_proto::now);
    let from = asked.from.unwrap_or_else(|| until.saturating_sub(DAY_MS).max(0));
    if from < 0 || until < 0 {
        return Err(Problem::bad("`from` and `until` are not before 1970"));
    }
    let points = asked.points.unwrap_or(POINTS);
    if !(1..=POINTS_MAX).contains(&points) {
        return Err(Problem::bad(format!("`points` is a number from 1 to {POINTS_MAX}")));
    }
    let mut metrics: Vec<_> = metrics.into_iter().map(Quantity::metric).collect();
    metrics.dedup();
    Ok(Request::History { of, metrics, from, until, points })
}

fn quantity(name: &str) -> Result<Quantity, Problem> {
    serde_json::from_value(name.into()).map_err(|_| {
        Problem::bad(format!("`{name}` is no metric"))
            .help("metrics are cpu, memory, restarts, requests and event_loop")
    })
}
