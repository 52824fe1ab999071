//! The sockets of apps that run as another user than the daemon: its home is closed to them.
//!
//! Each user has one, in `/run`, which nobody else can write to: a stranger can neither say anything
//! nor fill its queue. Whose a message is says the kernel's word for the sender's process and user.
//! Only root runs apps of others, and `/run` is root's.

use super::{NOTE_MAX, Notes};
use crate::driver::Driver;
use crate::world::{CLIENTS_KEY, World, tag};
use camino::Utf8PathBuf;
use rpm_sys::watch::Watch;
use rpm_sys::{files, notify};
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, lchown};
use tokio::sync::mpsc;

/// Messages that wait to be looked at; more wait in their sockets.
const WAITING: usize = 64;

/// A message of a program of another user.
#[derive(Debug)]
pub(crate) struct Said {
    uid: u32,
    pid: u32,
    text: String,
}

/// The sockets that are open.
#[derive(Debug)]
pub(crate) struct Users {
    paths: BTreeMap<u32, Utf8PathBuf>,
    said: mpsc::Sender<Said>,
}

impl Users {
    /// None yet; what is said comes from the receiver.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Said>) {
        let (said, heard) = mpsc::channel(WAITING);
        (Self { paths: BTreeMap::new(), said }, heard)
    }

    /// The socket of a user.
    pub(crate) fn path(&self, uid: u32) -> Option<&Utf8PathBuf> {
        self.paths.get(&uid)
    }

    /// Their files, to be removed at the end.
    pub(crate) fn files(&self) -> Vec<Utf8PathBuf> {
        self.paths.values().cloned().collect()
    }

    /// Listens to a socket for as long as this supervisor lives.
    fn listen(&mut self, uid: u32, path: Utf8PathBuf, socket: OwnedFd) -> io::Result<()> {
        let watch = Watch::reading(socket.try_clone()?)?;
        self.paths.insert(uid, path);
        tokio::task::spawn_local(hear(uid, socket, watch, self.said.clone()));
        Ok(())
    }
}

/// Hands on what comes, and waits while others are behind.
async fn hear(uid: u32, socket: OwnedFd, watch: Watch, said: mpsc::Sender<Said>) {
    let mut buffer = [0; NOTE_MAX];
    while watch.ready(false).await.is_ok() {
        while let Some((pid, text)) = Notes::next(socket.as_fd(), &mut buffer) {
            let text = String::from_utf8_lossy(text).into_owned();
            if said.send(Said { uid, pid, text }).await.is_err() {
                return;
            }
        }
    }
}

impl World {
    /// Opens the socket of another user, where there is none yet. Without it, programs cannot tell how
    /// they are, and all else works.
    pub(crate) fn open_notes_of(&mut self, uid: u32) {
        if self.users.path(uid).is_some() {
            return;
        }
        let path = self.notes_path(uid);
        let opened = bind(&path, uid).and_then(|socket| {
            let held = socket.try_clone()?;
            self.users.listen(uid, path.clone(), socket)?;
            Ok(held)
        });
        match opened {
            Ok(held) => self.hold(CLIENTS_KEY, vec![(held, tag::NOTIFY_OF | uid)]),
            Err(error) => {
                tracing::warn!(uid, %path, %error, "programs of this user cannot tell how they are");
            }
        }
    }

    /// Goes on with the sockets of a predecessor.
    pub(crate) fn take_over_notes(&mut self, sockets: Vec<(u32, OwnedFd)>) {
        for (uid, socket) in sockets {
            let path = self.notes_path(uid);
            let held = socket.try_clone();
            match self.users.listen(uid, path, socket).and(held) {
                Ok(held) => self.hold(CLIENTS_KEY, vec![(held, tag::NOTIFY_OF | uid)]),
                Err(error) => tracing::warn!(uid, %error, "a socket of programs is lost"),
            }
        }
    }

    fn notes_path(&self, uid: u32) -> Utf8PathBuf {
        format!("/run/rpm-{}-{uid}.notify", self.mark).into()
    }
}

/// A socket that its user alone, and root, may write to.
fn bind(path: &Utf8PathBuf, uid: u32) -> io::Result<OwnedFd> {
    if uid & tag::NOTIFY_OF != 0 {
        return Err(io::ErrorKind::Unsupported.into());
    }
    files::remove(path.as_std_path())?;
    let socket = notify::socket(path.as_std_path())?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    lchown(path, Some(uid), None)?;
    Ok(socket)
}

impl Driver {
    /// Takes in what a program of another user has told: of its own runs, and of no others.
    pub(crate) fn hear_user(&mut self, said: &Said) {
        let Some(generation) = self.sender(said.pid) else {
            return;
        };
        let proc = self.world.place_of(generation);
        let runs_as = proc.and_then(|proc| self.supervisor.instance(proc)?.spec.uid);
        if runs_as == Some(said.uid) {
            self.hear_note(generation, &said.text);
        }
    }
}
