//! The last lines of log files, and the files themselves.

use super::extract::Query;
use crate::files::Backwards;
use crate::model::Output;
use crate::problem::Problem;
use crate::site::{Shared, Site};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use camino::Utf8PathBuf;
use http_body_util::channel::Channel;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rpm_proto::Detail;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

/// So much of a file is looked at for its last lines.
const LOOK_BYTES: u64 = 4 * 1024 * 1024;
/// So many lines of each file are told when nothing is said.
const LINES: usize = 200;
/// So many lines of each file are told at most.
const LINES_MAX: usize = 2000;
/// A download goes on in pieces of this size.
const PIECE: usize = 64 * 1024;
/// A reader that takes nothing for so long is given up.
const READ_PATIENCE: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Only of this app.
    app: Option<String>,
    /// Only of this process: PM2's `pm_id`.
    process: Option<u32>,
    /// One stream; both when left out.
    #[param(inline)]
    stream: Option<Output>,
    /// So many lines of each file.
    #[param(minimum = 1, maximum = 2000)]
    lines: Option<usize>,
}

/// Which file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct File {
    /// PM2's `pm_id`.
    process: u32,
    /// Its stream.
    #[param(inline)]
    stream: Output,
}

/// The last lines.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Logs {
    /// File by file, each in its order.
    files: Vec<Tail>,
}

/// The last lines of one file.
#[derive(Debug, Serialize, ToSchema)]
struct Tail {
    /// The app.
    app: String,
    /// The process that writes it; the first where several do.
    process: u32,
    /// Which stream.
    stream: Output,
    /// The file.
    path: String,
    /// Its last lines, as they are.
    lines: Vec<String>,
}

/// The last lines of all apps, of one, or of a process.
#[utoipa::path(
    get,
    path = "/api/v1/logs",
    tag = "logs",
    params(Asked),
    responses(
        (status = 200, description = "The lines", body = Logs),
        (status = 400, description = "The query cannot be read", body = Problem),
        (status = 401, description = "The token is missing or wrong", body = Problem),
        (status = 404, description = "There is no such app or process", body = Problem),
        (status = 503, description = "The daemon is away", body = Problem),
    ),
)]
pub(crate) async fn logs(
    State(site): State<Shared>,
    Query(asked): Query<Asked>,
) -> Result<Json<Logs>, Problem> {
    let count = asked.lines.unwrap_or(LINES);
    if !(1..=LINES_MAX).contains(&count) {
        return Err(Problem::bad(format!("`lines` is a number from 1 to {LINES_MAX}")));
    }
    let details = find(&site, asked.process, asked.app.as_deref()).await?;
    let files = files(&details, asked.stream);
    let read = move || {
        let tail = |mut tail: Tail| {
            tail.lines = last_lines(&tail.path.clone().into(), count);
            tail
        };
        files.into_iter().map(tail).collect()
    };
    Ok(Json(Logs { files: spawn_blocking(read).await.unwrap_or_default() }))
}

/// A whole log file as it is now.
#[utoipa::path(
    get,
    path = "/api/v1/logs/download",
    tag = "logs",
    params(File),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/plain"),
        (status = 400, description = "The query cannot be read", body = Problem),
        (status = 401, description = "The token is missing or wrong", body = Problem),
        (status = 404, description = "There is no such process, or it keeps no log", body = Problem),
        (status = 503, description = "The daemon is away", body = Problem),
    ),
)]
pub(crate) async fn download(
    State(site): State<Shared>,
    Query(asked): Query<File>,
) -> Result<Response, Problem> {
    let details = find(&site, Some(asked.process), None).await?;
    let none = || Problem::missing("this process keeps no such log");
    let tail = files(&details, Some(asked.stream)).into_iter().next().ok_or_else(none)?;
    let mut file = tokio::fs::File::open(&tail.path).await.map_err(|_| none())?;
    let length = match file.metadata().await {
        Ok(found) if found.is_file() => found.len(),
        _ => return Err(none()),
    };
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        let mut left = length;
        while left > 0 {
            let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
            let Ok(read @ 1..) = file.read(&mut piece).await else { return };
            piece.truncate(read);
            left -= read as u64;
            let sent = timeout(READ_PATIENCE, sender.send_data(piece.into())).await;
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
    });
    let name = tail.path.rsplit('/').next().unwrap_or("log");
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let attached = format!("attachment; filename*=UTF-8''{name}");
    let mut response = Body::new(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.extend(HeaderValue::from_str(&attached).map(|it| (header::CONTENT_DISPOSITION, it)));
    Ok(response)
}

/// What the daemon knows of the processes that are meant.
async fn find(
    site: &Site,
    process: Option<u32>,
    app: Option<&str>,
) -> Result<Vec<Detail>, Problem> {
    let mut details = site.daemon.details(process).await?;
    details.retain(|detail| app.is_none_or(|app| detail.view.name == app));
    if details.is_empty() {
        return Err(Problem::missing("there is no such app or process"));
    }
    Ok(details)
}

/// The files that these processes write, each once.
fn files(details: &[Detail], stream: Option<Output>) -> Vec<Tail> {
    let mut found: Vec<Tail> = Vec::new();
    for detail in details {
        for (kind, path) in [(Output::Out, &detail.out_log), (Output::Err, &detail.err_log)] {
            let Some(path) = path.as_ref().filter(|_| stream.is_none_or(|only| only == kind))
            else {
                continue;
            };
            if !found.iter().any(|tail| tail.path == *path) {
                found.push(Tail {
                    app: detail.view.name.clone(),
                    process: detail.view.id,
                    stream: kind,
                    path: path.clone(),
                    lines: Vec::new(),
                });
            }
        }
    }
    found
}

/// The last lines of a file; none where it cannot be read.
fn last_lines(path: &Utf8PathBuf, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if let Ok(mut file) = Backwards::open(path, LOOK_BYTES) {
        while lines.len() < count
            && let Ok(Some(line)) = file.before()
        {
            lines.push(line);
        }
    }
    lines.reverse();
    lines
}
