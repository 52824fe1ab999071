//! The last lines of logs, and the files themselves.

use super::extract::Query;
use crate::model::{Gravity, Output};
use crate::problem::Problem;
use crate::site::{Shared, Site};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use http_body_util::channel::Channel;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rpm_logbook::{Entry, Filter, Level, Log, Pattern};
use rpm_proto::Detail;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

/// So many lines are told when nothing is said.
const LINES: usize = 200;
/// So many lines are told at most.
const LINES_MAX: usize = 2000;
/// What is searched for is no longer than this.
const SEARCH_CHARS: usize = 200;
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
    /// Only lines that hold this text, in large or small letters; also in files that were put aside.
    #[param(max_length = 200)]
    search: Option<String>,
    /// Only lines that are so grave, or graver.
    #[param(inline)]
    level: Option<Gravity>,
    /// Only lines since then, in ms since 1970, as far as their times are known.
    since: Option<i64>,
    /// Only lines until then, in ms since 1970.
    until: Option<i64>,
    /// So many lines, the last ones.
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
    /// In the order of their times, the last one at the end.
    lines: Vec<Line>,
}

/// One line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Line {
    /// The process that wrote it; the first where several share a file.
    pub(super) process: u32,
    /// Its app.
    pub(super) app: String,
    /// Which stream.
    pub(super) stream: Output,
    /// When, in ms since 1970, where that is known.
    pub(super) at: Option<i64>,
    /// The line as it is.
    pub(super) text: String,
}

/// The log of one stream.
struct Source {
    process: u32,
    app: String,
    stream: Output,
    log: Log,
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
    let filter = filter(&asked)?;
    let details = find(&site, asked.process, asked.app.as_deref()).await?;
    let sources = sources(&details, asked.stream);
    let lines = spawn_blocking(move || last(&sources, count, &filter)).await;
    Ok(Json(Logs { lines: lines.unwrap_or_default() }))
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
    let source = sources(&details, Some(asked.stream)).into_iter().next().ok_or_else(none)?;
    let path = source.log.path;
    let file = tokio::fs::File::open(&path).await.map_err(|_| none())?;
    let length = match file.metadata().await {
        Ok(found) if found.is_file() => found.len(),
        _ => return Err(none()),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = utf8_percent_encode(&name, NON_ALPHANUMERIC);
    let attached = format!("attachment; filename*=UTF-8''{name}");
    let mut response = content(file, length).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.extend(HeaderValue::from_str(&attached).map(|it| (header::CONTENT_DISPOSITION, it)));
    Ok(response)
}

/// So much of a file, piece by piece, as fast as the reader takes it.
fn content(mut file: tokio::fs::File, length: u64) -> Body {
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
    Body::new(body)
}

fn filter(asked: &Asked) -> Result<Arc<Filter>, Problem> {
    let search = asked.search.as_deref().unwrap_or_default();
    if search.chars().count() > SEARCH_CHARS {
        return Err(Problem::bad(format!("`search` has at most {SEARCH_CHARS} characters")));
    }
    let pattern = match search {
        "" => None,
        text => Some(Pattern::text(text).map_err(Problem::bad)?),
    };
    Ok(Arc::new(Filter {
        since: asked.since,
        until: asked.until,
        level: asked.level.map(|level| match level {
            Gravity::Info => Level::Info,
            Gravity::Warn => Level::Warn,
            Gravity::Error => Level::Error,
        }),
        pattern,
    }))
}

/// What the daemon knows of the processes that are meant.
async fn find(
    site: &Site,
    process: Option<u32>,
    app: Option<&str>,
) -> Result<Vec<Detail>, Problem> {
    let mut details = site.daemon.details(process).await?;
    details.retain(|detail| app.is_none_or(|app| detail.view.name == app));
    if details.is_empty() && (process.is_some() || app.is_some()) {
        return Err(Problem::missing("there is no such app or process"));
    }
    Ok(details)
}

/// The logs that these processes write, each once.
fn sources(details: &[Detail], stream: Option<Output>) -> Vec<Source> {
    let mut found: Vec<Source> = Vec::new();
    for detail in details {
        for (kind, path) in [(Output::Out, &detail.out_log), (Output::Err, &detail.err_log)] {
            let wanted = path.as_ref().filter(|_| stream.is_none_or(|only| only == kind));
            let Some(path) = wanted.map(std::path::PathBuf::from) else {
                continue;
            };
            if !found.iter().any(|source| source.log.path == path) {
                found.push(Source {
                    process: detail.view.id,
                    app: detail.view.name.clone(),
                    stream: kind,
                    log: Log {
                        stamp: detail.spec.logs.date_format.clone(),
                        level: if kind == Output::Err { Level::Error } else { Level::Info },
                        ..Log::plain(path)
                    },
                });
            }
        }
    }
    found
}

/// The last lines of all these logs together. One that cannot be read has none.
fn last(sources: &[Source], count: usize, filter: &Arc<Filter>) -> Vec<Line> {
    let read = |source: &Source| -> Vec<Entry> {
        rpm_logbook::last(&source.log, count, filter).unwrap_or_default()
    };
    let mut entries = rpm_logbook::in_order(sources.iter().map(read).collect());
    let entries = entries.split_off(entries.len().saturating_sub(count));
    let line = |(number, entry): (usize, Entry)| {
        let source = &sources[number];
        Line {
            process: source.process,
            app: source.app.clone(),
            stream: source.stream,
            at: entry.seen.at,
            text: super::text(&entry.line),
        }
    };
    entries.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_is_no_pattern() {
        for text in ["a.b", "[x", "(?i)", "\\d+", "$1.00", "ü{2}", "#~&-", "<b>"] {
            let pattern = Pattern::text(text).unwrap();
            let filter = Filter { pattern: Some(pattern), ..Filter::default() };
            assert!(filter.wants_text(format!("so {} it is", text.to_uppercase()).as_bytes()));
            assert!(!filter.wants_text(b"axb x 9 1100 else"), "{text}");
        }
    }
}
