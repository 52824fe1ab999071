//! Logs as a file: as they are, or the lines of them that are wanted.

use super::{filter, find, sources};
use crate::api::extract::Query;
use crate::model::{Gravity, Output};
use crate::problem::Problem;
use crate::site::Shared;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::channel::{Channel, Sender};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rpm_logbook::{Content, Filter, Log, Merge, ReadError, Scan};
use serde::Deserialize;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

/// It goes on in pieces of about this size.
const PIECE: usize = 64 * 1024;
/// A reader that takes nothing for so long is given up.
const READ_PATIENCE: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct File {
    /// Of this app; it or `process` is needed.
    app: Option<String>,
    /// Of this process: PM2's `pm_id`.
    process: Option<u32>,
    /// One stream; both when left out.
    #[param(inline)]
    stream: Option<Output>,
    /// Of which files; the current ones when left out.
    #[param(inline)]
    files: Option<Files>,
    /// Only lines that hold this text, in large or small letters.
    #[param(max_length = 200)]
    search: Option<String>,
    /// Only lines that are so grave, or graver.
    #[param(inline)]
    level: Option<Gravity>,
    /// Only lines since then, in ms since 1970, as far as their times are known.
    since: Option<i64>,
    /// Only lines until then, in ms since 1970.
    until: Option<i64>,
}

/// Which files of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Files {
    /// The one that is written to.
    Current,
    /// All that are kept, those that were put aside unpacked.
    All,
}

/// A log as a file. The log of one stream comes as it is, its files one after the other, the oldest
/// first; of several logs, or when only some lines are asked for, lines come in the order of their times.
#[utoipa::path(
    get,
    path = "/api/v1/logs/download",
    tag = "logs",
    params(File),
    responses(
        (status = 200, description = "The lines", body = String, content_type = "text/plain"),
        (status = 400, description = "The query cannot be read", body = Problem),
        (status = 401, description = "The token is missing or wrong", body = Problem),
        (status = 404, description = "There is no such app or process, or it keeps no log", body = Problem),
        (status = 500, description = "A file cannot be read", body = Problem),
        (status = 503, description = "The daemon is away, or too many download already", body = Problem),
    ),
)]
pub(crate) async fn download(
    State(site): State<Shared>,
    Query(asked): Query<File>,
) -> Result<Response, Problem> {
    if asked.app.is_none() && asked.process.is_none() {
        return Err(Problem::missing("no `app` and no `process` is named"));
    }
    let File { search, level, since, until, .. } = &asked;
    let filter = filter(search.as_deref(), *level, (*since, *until))?;
    let details = find(&site, asked.process, asked.app.as_deref()).await?;
    let sources = sources(&details, asked.stream);
    let aside = asked.files == Some(Files::All);
    let name = match sources.as_slice() {
        [] => return Err(none()),
        [source] => source.log.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        [source, ..] => format!("{}.log", source.app),
    };
    let Ok(place) = site.downloads.clone().try_acquire_owned() else {
        let what = "too many download already";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "downloads.many", what));
    };
    let logs: Vec<Log> = sources.into_iter().map(|it| Log { aside, ..it.log }).collect();
    let opened = spawn_blocking(move || Text::open(&logs, &filter)).await;
    let text = match opened {
        Ok(Ok(found)) => found.ok_or_else(none)?,
        Ok(Err(error)) => return Err(unreadable(&error)),
        Err(_) => return Err(none()),
    };
    let (sender, body) = Channel::new(1);
    spawn_blocking(move || {
        send(text, sender, &Handle::current());
        drop(place);
    });
    Ok(attached(&name, Body::new(body)))
}

fn none() -> Problem {
    Problem::missing("no such log is kept")
}

fn unreadable(error: &ReadError) -> Problem {
    let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "io", error.to_string()).because(why)
}

fn attached(name: &str, body: Body) -> Response {
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let attached = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{name}"));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.extend(attached.map(|it| (header::CONTENT_DISPOSITION, it)));
    response
}

/// Sends all of it, as fast as the reader takes it. After an error the answer breaks off, so that
/// nobody takes a part for the whole.
fn send(mut text: Text, mut sender: Sender<Bytes, io::Error>, runtime: &Handle) {
    loop {
        match text.piece() {
            Ok(piece) if piece.is_empty() => return,
            Ok(piece) => {
                let sent = timeout(READ_PATIENCE, async { sender.send_data(piece.into()).await });
                if !matches!(runtime.block_on(sent), Ok(Ok(()))) {
                    return;
                }
            }
            Err(error) => return sender.abort(error),
        }
    }
}

/// What is sent.
enum Text {
    /// A log as it is.
    Whole(Content),
    /// Lines of logs.
    Lines(Merge),
}

impl Text {
    /// `None` where there is no file.
    fn open(logs: &[Log], filter: &Arc<Filter>) -> Result<Option<Self>, ReadError> {
        if let ([log], true) = (logs, filter.is_open()) {
            return Ok(Content::open(log)?.map(Self::Whole));
        }
        let scans = logs.iter().map(|log| Scan::open(log, Arc::clone(filter)));
        Ok(Some(Self::Lines(Merge::new(scans.collect::<Result<_, _>>()?)?)))
    }

    /// The next piece; an empty one at the end.
    fn piece(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = Vec::with_capacity(PIECE);
        match self {
            Self::Whole(content) => {
                content.take(PIECE as u64).read_to_end(&mut piece)?;
            }
            Self::Lines(merge) => {
                while piece.len() < PIECE
                    && let Some(number) = merge.next().map_err(io::Error::other)?
                {
                    piece.extend_from_slice(merge.scan(number).line());
                    piece.push(b'\n');
                }
            }
        }
        Ok(piece)
    }
}
