//! The socket that clients connect to.

mod crowd;
mod figures;
mod follow;
pub(crate) mod pm2;
mod read;
mod session;
mod skew;
mod trigger;

pub(crate) use figures::Figures;
pub(crate) use read::Leave;

use crate::bus::Bus;
use crate::chronicle::{By, Chronicle};
use crate::driver::Ask;
use crate::home::Home;
use crate::logs::Logs;
use crate::server::crowd::Crowd;
use camino::{Utf8Path, Utf8PathBuf};
use interprocess::local_socket::tokio::{Listener, Stream, prelude::*};
use interprocess::local_socket::{GenericFilePath, ListenerOptions, PeerCreds, ToFsName};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use rpm_core::Notice;
use rpm_proto::{Reply, Request};
use std::cell::Cell;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};

/// What a session needs of the daemon.
#[derive(Clone, Debug)]
pub(crate) struct Doors {
    /// Requests for the owner of the table.
    pub(crate) asks: mpsc::Sender<Ask>,
    /// What happens.
    pub(crate) notices: broadcast::Sender<Arc<Notice>>,
    /// What PM2's clients are told.
    pub(crate) bus: Bus,
    /// Who is served.
    pub(crate) by: By,
    /// What is noteworthy of it.
    pub(crate) chronicle: Chronicle,
    /// What is written.
    pub(crate) logs: Logs,
    /// Whether a successor is to take over from this daemon, which ends.
    pub(crate) succeeded: Rc<Cell<bool>>,
    /// What large requests may take.
    pub(crate) leave: Rc<Leave>,
    /// What became of clients.
    pub(crate) figures: Figures,
    /// Made whole while a reply is on its way, so that the daemon does not end before it has
    /// arrived. Clients that only listen are not waited for.
    pub(crate) busy: mpsc::WeakSender<std::convert::Infallible>,
}

impl Doors {
    /// The same for one client; `via` is what a person uses to ask, where that is known already.
    fn of(&self, stream: &Stream, via: Option<&str>) -> Self {
        let peer = stream.peer_creds().ok();
        let pid = peer.as_ref().and_then(PeerCreds::pid);
        let pid = pid.and_then(|pid| u32::try_from(pid).ok());
        let uid = peer.as_ref().and_then(PeerCreds::euid);
        let mut by = By { uid, pid, via: None };
        by.set_via(via);
        Self { by, ..self.clone() }
    }

    /// A question of the client's, and where its answer comes.
    fn asking(&self, request: Request, binary: Option<OwnedFd>) -> (Ask, oneshot::Receiver<Reply>) {
        let (reply, answer) = oneshot::channel();
        (Ask { request, binary, by: self.by.clone(), reply }, answer)
    }

    /// Asks the owner of the table; `None` when it answers no more.
    async fn ask(&self, request: Request) -> Option<Reply> {
        let (ask, answer) = self.asking(request, None);
        self.asks.send(ask).await.ok()?;
        answer.await.ok()
    }
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// It could not be made.
    #[error("listening on {path} failed")]
    Bind {
        /// The socket.
        path: Utf8PathBuf,
        /// The system's word.
        #[source]
        source: io::Error,
    },
}

/// What clients may take at most, by name: a number, or bytes.
pub(crate) fn bounds() -> Vec<(&'static str, u64)> {
    let mut bounds = vec![("clients.at_once", crowd::CLIENTS as u64)];
    bounds.extend(read::bounds());
    bounds
}

/// Makes the socket, for its owner only; takes the place of one that nobody listens on.
pub(crate) fn listen(home: &Home) -> Result<Listener, ListenError> {
    let path = home.socket();
    bind(&path).map_err(|source| ListenError::Bind { path: path.clone(), source })
}

fn bind(path: &Utf8Path) -> io::Result<Listener> {
    let name = path.as_std_path().to_fs_name::<GenericFilePath>()?;
    ListenerOptions::new()
        .name(name)
        .mode(0o600)
        .reclaim_name(false)
        .try_overwrite(true)
        .create_tokio()
}

/// Goes on with the socket of a predecessor; its waiting clients are served.
pub(crate) fn inherit(fd: OwnedFd) -> io::Result<Listener> {
    let listener = interprocess::os::unix::uds_local_socket::tokio::Listener::try_from(fd)?;
    Ok(Listener::from(listener))
}

/// Where clients come in.
#[derive(Debug)]
pub(crate) struct Entrances {
    /// Ours.
    pub(crate) listener: Listener,
    /// PM2's.
    pub(crate) for_pm2: Option<pm2::Sockets>,
}

/// Serves clients until the daemon ends.
pub(crate) async fn serve(entrances: Entrances, doors: Doors) {
    let Entrances { listener, for_pm2 } = entrances;
    match for_pm2 {
        Some(sockets) => {
            let others = pm2::serve(sockets, doors.clone());
            tokio::join!(serve_ours(listener, doors), others);
        }
        None => serve_ours(listener, doors).await,
    }
}

async fn serve_ours(listener: Listener, doors: Doors) {
    let crowd = Crowd::default();
    let strangers = Arc::new(Semaphore::new(crowd::TURNED_AWAY_AT_ONCE));
    loop {
        match listener.accept().await {
            Ok(stream) if !is_ours(&stream, &doors) => drop(stream),
            Ok(stream) => match crowd.enter() {
                Some(place) => {
                    let (key, doors) = (place.key(), doors.of(&stream, None));
                    let session = async move { session::run(stream, doors, place).await };
                    crowd.serve(key, tokio::task::spawn_local(session).abort_handle());
                }
                None => turn_away(stream, &doors, &strangers),
            },
            Err(error) => {
                // Out of descriptors, most likely: they come back when a client leaves.
                tracing::warn!(%error, "could not accept a client");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn turn_away(stream: Stream, doors: &Doors, strangers: &Arc<Semaphore>) {
    doors.figures.crowded();
    if let Ok(place) = Arc::clone(strangers).try_acquire_owned() {
        tokio::task::spawn_local(async move {
            session::turn_away(stream).await;
            drop(place);
        });
    }
}

fn is_ours(stream: &Stream, doors: &Doors) -> bool {
    let peer = stream.peer_creds().ok().and_then(|peer| peer.euid());
    let allowed = peer.is_some_and(|uid| uid == 0 || uid == rpm_sys::process::effective_uid());
    if !allowed {
        doors.figures.foreign(peer);
    }
    allowed
}
