//! PM2's own clients, served as their daemon would: the `pm2` command, its library, and what is
//! built on it.
//!
//! They ask on one socket (`rpc`, `calls`) and listen on another (`news`). Where no socket answers
//! they start a daemon of their own in the same home, so both are there as long as ours is, and the
//! keeper holds them while no supervisor runs. `caller` finds out which version asks: it wants to
//! hear its own.

mod caller;
mod calls;
mod news;
mod rpc;

use super::crowd::Crowd;
use super::{Doors, is_ours};
use crate::home::Home;
use crate::store;
use camino::Utf8Path;
use interprocess::local_socket::tokio::{Listener, Stream, prelude::*};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Both sockets.
#[derive(Debug)]
pub(crate) struct Sockets {
    rpc: Listener,
    news: Listener,
}

impl Sockets {
    /// Opens both, or goes on with those of a predecessor. `None` when another daemon has them, or
    /// they cannot be: all else works without.
    pub(crate) fn open(
        home: &Home,
        (rpc, news): (Option<OwnedFd>, Option<OwnedFd>),
    ) -> Option<Self> {
        let open = || {
            Ok(Self { rpc: one(&home.rpc_socket(), rpc)?, news: one(&home.pub_socket(), news)? })
        };
        let sockets: io::Result<Self> = open();
        let told = |error: &io::Error| {
            tracing::warn!(%error, "PM2's clients are not served: their sockets cannot be had");
        };
        let sockets = sockets.inspect_err(told).ok()?;
        if let Err(error) = touch(home) {
            tracing::warn!(%error, "PM2's clients will greet each time");
        }
        Some(sockets)
    }

    /// Duplicates for the keeper to hold: of that to ask on, of that to listen on.
    pub(crate) fn duplicates(&self) -> io::Result<(OwnedFd, OwnedFd)> {
        let duplicate = |listener: &Listener| match listener {
            Listener::UdSocket(socket) => socket.as_fd().try_clone_to_owned(),
        };
        Ok((duplicate(&self.rpc)?, duplicate(&self.news)?))
    }
}

/// Serves PM2's clients until the daemon ends.
pub(crate) async fn serve(sockets: Sockets, doors: Doors) {
    let (callers, listeners) = (Crowd::default(), Crowd::default());
    loop {
        let (accepted, asks) = tokio::select! {
            accepted = sockets.rpc.accept() => (accepted, true),
            accepted = sockets.news.accept() => (accepted, false),
        };
        match accepted {
            Ok(stream) if !is_ours(&stream, &doors) => drop(stream),
            Ok(stream) if asks => enter(&callers, stream, &doors, true),
            Ok(stream) => enter(&listeners, stream, &doors, false),
            Err(error) => {
                tracing::warn!(%error, "could not accept a client of PM2");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn enter(crowd: &Crowd, stream: Stream, doors: &Doors, asks: bool) {
    let Some(place) = crowd.enter() else {
        return doors.figures.crowded();
    };
    let (key, doors) = (place.key(), doors.clone());
    let task = if asks {
        tokio::task::spawn_local(rpc::run(stream, doors, place))
    } else {
        tokio::task::spawn_local(news::run(stream, doors, place))
    };
    crowd.serve(key, task.abort_handle());
}

/// One socket. That of another daemon, which answers, is left to it.
fn one(path: &Utf8Path, inherited: Option<OwnedFd>) -> io::Result<Listener> {
    if let Some(fd) = inherited {
        return super::inherit(fd);
    }
    if UnixStream::connect(path).is_ok() {
        let what = format!("somebody else listens on {path}");
        return Err(io::Error::new(io::ErrorKind::AddrInUse, what));
    }
    super::bind(path)
}

/// Without this file they show a banner and look for news on the network.
fn touch(home: &Home) -> io::Result<()> {
    let path = home.touched();
    if path.exists() { Ok(()) } else { store::replace(&path, b"") }
}
