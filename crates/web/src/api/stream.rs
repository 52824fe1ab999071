//! What happens, as it happens (Server-Sent Events). Nothing is asked of the daemon while nobody
//! listens.

use super::extract::Query;
use super::logs::Line;
use crate::model::{Event, Output};
use crate::problem::Problem;
use crate::site::{Shared, Site};
use crate::wire::Wire;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::channel::{Channel, Sender};
use rpm_core::{ProcId, Target};
use rpm_proto::{LogLine, Reply, Request};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use utoipa::IntoParams;

/// How often figures are told.
const BEAT: Duration = Duration::from_secs(2);
/// A reader that takes nothing for so long is given up.
const READ_PATIENCE: Duration = Duration::from_secs(30);
/// Lines that come within this are told together.
const GATHER: Duration = Duration::from_millis(100);
/// So many lines are told together at most; more wait with the daemon, which counts what is missed.
const LINES_MAX: usize = 250;

/// What is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Also the lines of this app.
    app: Option<String>,
    /// Also the lines of this process: PM2's `pm_id`.
    process: Option<u32>,
}

/// Figures every two seconds (`overview`, in the form of that path), events as they happen (`event`),
/// lines of the app or process that is asked for (`lines`, a list; `missed`, how many were left out),
/// and `away` while the daemon is not there.
#[utoipa::path(
    get,
    path = "/api/v1/stream",
    tag = "stream",
    params(Asked),
    responses(
        (status = 200, description = "Events without end", body = String,
         content_type = "text/event-stream"),
        (status = 400, description = "The query cannot be read", body = Problem),
        (status = 401, description = "The token is missing or wrong", body = Problem),
        (status = 503, description = "Too many listen already", body = Problem),
    ),
)]
pub(crate) async fn stream(
    State(site): State<Shared>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let Ok(place) = site.streams.clone().try_acquire_owned() else {
        let what = "too many listen already";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "streams.many", what));
    };
    let (sender, body) = Channel::new(1);
    tokio::spawn(async move {
        let mut feed = Feed { sender, lines: None, happenings: None, was_away: false };
        // It ends when the reader is gone.
        let _gone = feed.run(&site, &asked).await;
        drop(place);
    });
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::new(body)).into_response())
}

/// One reader.
struct Feed {
    sender: Sender<Bytes, Infallible>,
    /// What the daemon says of new lines.
    lines: Option<Wire>,
    /// What it says of what happens.
    happenings: Option<Wire>,
    was_away: bool,
}

/// The reader is gone.
struct Gone;

impl Feed {
    async fn run(&mut self, site: &Site, asked: &Asked) -> Result<(), Gone> {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = beat.tick() => self.beat(site, asked).await?,
                reply = next(&mut self.lines) => match reply {
                    Some(reply) => self.tell_lines(reply, asked).await?,
                    None => self.lines = None,
                },
                reply = next(&mut self.happenings) => match reply {
                    Some(Reply::Happening { happening }) => {
                        self.tell("event", &Event::of(happening)).await?;
                    }
                    Some(_) => {}
                    None => self.happenings = None,
                },
            }
        }
    }

    /// Tells the figures, and sees to it that the rest is listened to: what broke off with the last
    /// daemon is begun anew with the next.
    async fn beat(&mut self, site: &Site, asked: &Asked) -> Result<(), Gone> {
        match site.last.get(&site.daemon).await {
            Ok(taken) => {
                self.was_away = false;
                self.send("overview", &taken.json).await?;
            }
            Err(fault) => {
                if self.was_away {
                    // A reader that is gone is noticed by this.
                    self.push(b": away\n\n".to_vec()).await?;
                } else {
                    self.was_away = true;
                    self.tell("away", &Problem::from(fault)).await?;
                }
                return Ok(());
            }
        }
        if self.happenings.is_none() {
            self.happenings = site.daemon.follow(&Request::Happenings).await.ok();
        }
        let target = match (&asked.app, asked.process) {
            (_, Some(id)) => Target::id(ProcId(id)),
            (Some(app), None) => Target(app.clone()),
            (None, None) => return Ok(()),
        };
        if self.lines.is_none() {
            let request = Request::Follow { target: Some(target), out: true, err: true };
            self.lines = site.daemon.follow(&request).await.ok();
        }
        Ok(())
    }

    /// Tells a line together with those that come right after it.
    async fn tell_lines(&mut self, first: Reply, asked: &Asked) -> Result<(), Gone> {
        let (mut lines, mut missed) = (Vec::new(), 0);
        sleep(GATHER).await;
        let mut reply = Some(first);
        while let Some(found) = reply {
            match found {
                // A target may mean more than the app of that name: its namespace, or `all`.
                Reply::Log(line) if asked.app.as_ref().is_none_or(|app| *app == line.name) => {
                    lines.push(self::line(line));
                }
                Reply::Missed { lines } => missed += lines,
                _ => {}
            }
            if lines.len() >= LINES_MAX {
                break;
            }
            let wire = self.lines.as_mut();
            reply = wire.and_then(Wire::try_next).and_then(Result::ok);
        }
        if !lines.is_empty() {
            self.tell("lines", &lines).await?;
        }
        if missed > 0 {
            self.tell("missed", &missed).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, event: &str, value: &impl Serialize) -> Result<(), Gone> {
        match serde_json::to_vec(value) {
            Ok(json) => self.send(event, &json).await,
            Err(_) => Ok(()),
        }
    }

    /// Sends one event; JSON has no line ends of its own.
    async fn send(&mut self, event: &str, json: &[u8]) -> Result<(), Gone> {
        let mut text = Vec::with_capacity(json.len() + event.len() + 16);
        text.extend_from_slice(b"event: ");
        text.extend_from_slice(event.as_bytes());
        text.extend_from_slice(b"\ndata: ");
        text.extend_from_slice(json);
        text.extend_from_slice(b"\n\n");
        self.push(text).await
    }

    async fn push(&mut self, text: Vec<u8>) -> Result<(), Gone> {
        match timeout(READ_PATIENCE, self.sender.send_data(text.into())).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }
}

/// A line as it is written.
fn line(line: LogLine) -> Line {
    Line {
        process: line.proc,
        app: line.name,
        stream: Output::of(line.stream),
        at: Some(line.at),
        text: super::text(&line.bytes),
    }
}

/// The next reply of what is listened to; never where nothing is, `None` when it has ended.
async fn next(wire: &mut Option<Wire>) -> Option<Reply> {
    match wire {
        Some(wire) => wire.next().await.ok().filter(|reply| !matches!(reply, Reply::Failed { .. })),
        None => std::future::pending().await,
    }
}
