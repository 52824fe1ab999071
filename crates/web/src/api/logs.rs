//! The last lines of logs, and all of them as a file.

pub(crate) mod download;

use super::extract::Query;
use crate::model::{Gravity, Output};
use crate::problem::Problem;
use crate::site::{Shared, Site};
use axum::Json;
use axum::extract::State;
use rpm_logbook::{Entry, Filter, Level, Log, Pattern, Tail};
use rpm_proto::Detail;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};

/// So many lines are told when nothing is said.
const LINES: usize = 200;
/// So many lines are told at most.
const LINES_MAX: usize = 2000;
/// What is searched for is no longer than this.
const SEARCH_CHARS: usize = 200;
/// So many bytes of lines are told at most.
const BYTES_MAX: usize = 4 * 1024 * 1024;

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

/// The last lines.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Logs {
    /// In the order of their times, the last one at the end.
    lines: Vec<Line>,
    /// There may be more that fit, before these.
    more: bool,
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
    let Asked { search, level, since, until, .. } = &asked;
    let filter = filter(search.as_deref(), *level, (*since, *until))?;
    let details = find(&site, asked.process, asked.app.as_deref()).await?;
    let sources = sources(&details, asked.stream);
    // Whoever searches for long lets others wait, not the machine work.
    let place = site.searches.clone().acquire_owned().await;
    let search = move || {
        let found = last(&sources, count, &filter);
        drop(place);
        found
    };
    Ok(Json(spawn_blocking(search).await.unwrap_or_default()))
}

/// Which lines are wanted: those that hold a text, are so grave, and of a time from one to another.
fn filter(
    search: Option<&str>,
    level: Option<Gravity>,
    (since, until): (Option<i64>, Option<i64>),
) -> Result<Arc<Filter>, Problem> {
    let search = search.unwrap_or_default();
    if search.chars().count() > SEARCH_CHARS {
        return Err(Problem::bad(format!("`search` has at most {SEARCH_CHARS} characters")));
    }
    let pattern = match search {
        "" => None,
        text => Some(Pattern::text(text).map_err(Problem::bad)?),
    };
    Ok(Arc::new(Filter {
        since,
        until,
        level: level.map(|level| match level {
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
fn last(sources: &[Source], count: usize, filter: &Arc<Filter>) -> Logs {
    // What is longer than is shown must be known to be.
    let line_bytes = super::LINE_BYTES + 1;
    let tail = Tail { line_bytes, bytes: BYTES_MAX, ..Tail::lines(count) };
    let mut more = false;
    let read = |source: &Source| -> Vec<Entry> {
        let found = rpm_logbook::last(&source.log, &tail, filter).unwrap_or_default();
        let bytes: usize = found.iter().map(|entry| entry.line.len()).sum();
        more |= found.len() == tail.lines || bytes + tail.line_bytes > tail.bytes;
        found
    };
    let entries = rpm_logbook::latest(sources.iter().map(read), count, BYTES_MAX);
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
    Logs { lines: entries.into_iter().map(line).collect(), more }
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
