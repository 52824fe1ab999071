//! Clients that listen: new log lines, or what happens.

use super::{Doors, session};
use crate::logs::{Followed, Source};
use interprocess::local_socket::tokio::Stream;
use rpm_core::Target;
use rpm_proto::{Code, Fault, Reply, frame};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::broadcast;

/// Lines that wait are sent together, up to about this many bytes.
const WRITE_BYTES: usize = 64 * 1024;

/// Streams the lines that `target` names until the client hangs up.
pub(super) async fn lines(
    stream: &mut Stream,
    doors: &Doors,
    target: Option<Target>,
    out: bool,
    err: bool,
) -> io::Result<()> {
    let wanted = match Wanted::read(target) {
        Ok(wanted) => wanted,
        Err(fault) => {
            return session::send(stream, &Reply::Failed { fault, affected: Vec::new() }).await;
        }
    };
    let mut wire = Vec::new();
    let mut follower = doors.logs.follow(Arc::new(move |source| wanted.names(source)), out, err);
    loop {
        tokio::select! { biased;
            () = hang_up(stream) => return Ok(()),
            next = follower.next() => {
                let Some(next) = next else { return Ok(()) };
                wire.clear();
                frame::push_reply(&mut wire, &reply(next))?;
                while wire.len() < WRITE_BYTES && let Some(next) = follower.try_next() {
                    frame::push_reply(&mut wire, &reply(next))?;
                }
                // However long it takes: what a slow reader misses is counted for it.
                stream.write_all(&wire).await?;
            }
        }
    }
}

fn reply(followed: Followed) -> Reply {
    match followed {
        Followed::Line(line, _) => Reply::Log(line),
        Followed::Missed(lines) => Reply::Missed { lines },
    }
}

/// Streams what happens until the client hangs up.
pub(super) async fn notices(stream: &mut Stream, doors: &Doors) -> io::Result<()> {
    let mut notices = doors.notices.subscribe();
    loop {
        tokio::select! { biased;
            () = hang_up(stream) => return Ok(()),
            next = notices.recv() => match next {
                Ok(notice) => {
                    session::send(stream, &Reply::Notice { notice: (*notice).clone() }).await?;
                }
                Err(broadcast::error::RecvError::Lagged(lines)) => {
                    session::send(stream, &Reply::Missed { lines }).await?;
                }
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            }
        }
    }
}

/// Streams noteworthy happenings until the client hangs up.
pub(super) async fn happenings(stream: &mut Stream, doors: &Doors) -> io::Result<()> {
    let mut happenings = doors.chronicle.listen();
    loop {
        tokio::select! { biased;
            () = hang_up(stream) => return Ok(()),
            next = happenings.recv() => match next {
                Ok(it) => {
                    session::send(stream, &Reply::Happening { happening: (*it).clone() }).await?;
                }
                Err(broadcast::error::RecvError::Lagged(lines)) => {
                    session::send(stream, &Reply::Missed { lines }).await?;
                }
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            }
        }
    }
}

/// Comes back when the client has hung up. A follower says nothing more; what it says is dropped.
pub(super) async fn hang_up(stream: &mut Stream) {
    let mut ignored = [0; 256];
    while !matches!(stream.read(&mut ignored).await, Ok(0) | Err(_)) {}
}

/// A target, to be held against one line after the other: apps that are started later count too.
enum Wanted {
    All,
    Named(String),
    Pattern(regex_lite::Regex),
}

impl Wanted {
    fn read(target: Option<Target>) -> Result<Self, Fault> {
        let Some(Target(text)) = target else {
            return Ok(Self::All);
        };
        if text == "all" {
            return Ok(Self::All);
        }
        let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        match inner {
            Some(pattern) => regex_lite::Regex::new(pattern).map(Self::Pattern).map_err(|error| {
                Fault::new(Code::BadTarget, format!("`{text}` is not a regular expression"))
                    .because(error.to_string())
            }),
            None => Ok(Self::Named(text)),
        }
    }

    fn names(&self, source: &Source) -> bool {
        match self {
            Self::All => true,
            Self::Named(text) => {
                *source.name == **text
                    || *source.namespace == **text
                    || text.parse() == Ok(source.proc.0)
            }
            Self::Pattern(pattern) => pattern.is_match(&source.name),
        }
    }
}
