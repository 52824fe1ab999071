//! What changes something. `access` has seen the token before any of this.

use super::extract::Json;
use crate::daemon::unexpected;
use crate::problem::Problem;
use crate::site::{Shared, Site};
use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use rpm_core::{Affected, ProcId, ScaleTo, Target};
use rpm_proto::{ProcessView, Reply, Request, Verb};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// An app has no more instances by this way.
const INSTANCES_MAX: u32 = 512;

/// What to do, to which app or process.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Action {
    /// What.
    #[serde(rename = "action")]
    verb: Verbs,
    /// All instances of this app.
    app: Option<String>,
    /// Only this process: PM2's `pm_id`.
    #[serde(default, deserialize_with = "whole")]
    process: Option<u32>,
    /// For `scale`: how many instances the app is to have.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 512)]
    instances: Option<u32>,
}

/// A whole number, also where it is written as `2.0`, which is the same in JSON.
fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let Some(number) = Option::<f64>::deserialize(from)? else { return Ok(None) };
    if number.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&number) {
        return Err(D::Error::custom(format!(
            "{number} is no whole number from 0 to {}",
            u32::MAX
        )));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and within the range"
    )]
    Ok(Some(number as u32))
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Verbs {
    /// Start what is down, restart what is up.
    Start,
    /// Stop.
    Stop,
    /// Stop and start.
    Restart,
    /// Replace without a gap where that can be.
    Reload,
    /// Stop and forget.
    Delete,
    /// Set the counters to 0.
    Reset,
    /// Empty the log files.
    Flush,
    /// Change the number of instances of an app.
    Scale,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// The processes that were touched.
    affected: Vec<Touched>,
    /// The files that were emptied.
    flushed: Vec<String>,
}

/// One process that was touched.
#[derive(Debug, Serialize, ToSchema)]
struct Touched {
    /// PM2's `pm_id`.
    process: u32,
    /// The app.
    app: String,
    /// What happened to it, such as `restarted`.
    change: String,
}

/// Does something to an app or a process, and answers when it has happened.
#[utoipa::path(
    post,
    path = "/api/v1/actions",
    tag = "actions",
    request_body = Action,
    security(("token" = [])),
    responses(
        (status = 200, description = "It has happened", body = Done),
        (status = 400, description = "The request does not fit together", body = Problem),
        (status = 401, description = "The token is missing or wrong", body = Problem),
        (status = 403, description = "Another site's page asks", body = Problem),
        (status = 404, description = "There is no such app or process", body = Problem),
        (status = 409, description = "It cannot be done as things are", body = Problem),
        (status = 413, description = "The body is too long", body = Problem),
        (status = 415, description = "The body is not JSON", body = Problem),
        (status = 422, description = "The body has another form", body = Problem),
        (status = 503, description = "The daemon is away", body = Problem),
    ),
)]
pub(crate) async fn act(
    State(site): State<Shared>,
    Json(action): Json<Action>,
) -> Result<Answer<Done>, Problem> {
    let processes = site.daemon.processes().await?;
    let mut flushed = Vec::new();
    let mut affected = Vec::new();
    for request in requests(&site, &action, &processes)? {
        match site.daemon.ask(&request).await? {
            Reply::Done { affected: touched } => affected.extend(touched.iter().map(Touched::of)),
            Reply::Flushed { files } => flushed.extend(files),
            _ => return Err(unexpected().into()),
        }
    }
    Ok(Answer(Done { affected, flushed }))
}

impl Touched {
    fn of(affected: &Affected) -> Self {
        let change = serde_json::to_value(affected.change).ok();
        Self {
            process: affected.proc.0,
            app: affected.name.clone(),
            change: change.as_ref().and_then(|it| it.as_str()).unwrap_or("changed").to_owned(),
        }
    }
}

/// What the daemon is asked. Processes are named by their ids, so that an app that is called like a
/// namespace or `all` is that app.
fn requests(
    site: &Site,
    action: &Action,
    processes: &[ProcessView],
) -> Result<Vec<Request>, Problem> {
    let is_meant = |view: &&ProcessView| {
        let fits = action.app.as_ref().is_none_or(|app| view.name == *app);
        fits && action.process.is_none_or(|id| view.id == id)
    };
    if action.instances.is_some_and(|wanted| !(1..=INSTANCES_MAX).contains(&wanted)) {
        return Err(Problem::bad(format!("`instances` is from 1 to {INSTANCES_MAX}")));
    }
    if action.app.is_none() && action.process.is_none() {
        return Err(Problem::missing("no `app` and no `process` is named"));
    }
    let meant: Vec<&ProcessView> = processes.iter().filter(is_meant).collect();
    if meant.is_empty() {
        return Err(Problem::missing("there is no such app or process"));
    }
    let changes = !matches!(action.verb, Verbs::Reset | Verbs::Flush);
    if changes && meant.iter().any(|view| Some(view.id) == site.own_id) {
        let what = "this server does not act upon itself";
        return Err(Problem::new(StatusCode::CONFLICT, "process.own", what)
            .help("`rpm restart rpm-web` or `rpm delete rpm-web` in a shell does"));
    }
    let targets: Vec<Target> = meant.iter().map(|view| Target::id(ProcId(view.id))).collect();
    let act = |verb, targets| Request::Act {
        verb,
        targets,
        env: None,
        settings: Vec::new(),
        parallel: None,
    };
    Ok(match action.verb {
        Verbs::Start => vec![act(Verb::Start, targets)],
        Verbs::Stop => vec![act(Verb::Stop, targets)],
        Verbs::Restart => vec![act(Verb::Restart, targets)],
        Verbs::Reload => vec![act(Verb::Reload, targets)],
        Verbs::Delete => vec![act(Verb::Delete, targets)],
        Verbs::Reset => vec![act(Verb::Reset, targets)],
        Verbs::Scale => vec![scale(action, meant.len())?],
        Verbs::Flush => {
            targets.into_iter().map(|target| Request::Flush { target: Some(target) }).collect()
        }
    })
}

fn scale(action: &Action, have: usize) -> Result<Request, Problem> {
    let refuse = |what: String| Err(Problem::new(StatusCode::CONFLICT, "process.scale", what));
    match (&action.app, action.process, action.instances) {
        (Some(app), None, Some(wanted)) => {
            if u32::try_from(have) == Ok(wanted) {
                return refuse(format!("`{app}` has {wanted} instances already"));
            }
            Ok(Request::Scale { name: app.clone(), to: ScaleTo::Exactly(wanted) })
        }
        (Some(_), None, None) => refuse("`scale` needs `instances`".to_owned()),
        _ => refuse("a process cannot be scaled, only an `app`".to_owned()),
    }
}
