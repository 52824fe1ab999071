//! What programs tell of themselves in the words of `sd_notify(3)`: that they are ready, what they do,
//! and that they live.
//!
//! All apps have one socket, but for those of other users ([`users`]). Whose a message is says the
//! kernel's word for who sent it: the process of a run, or one that it has started. The keeper holds
//! the socket, so that nobody finds it closed.

pub(crate) mod users;

use crate::driver::Driver;
use crate::home::Home;
use crate::launch;
use rpm_core::{Event, Generation};
use rpm_sys::watch::Watch;
use rpm_sys::{files, notify};
use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// More than programs have to say.
const NOTE_MAX: usize = 4096;
/// So many messages are read before others have their turn.
const TURN_MAX: usize = 64;
/// So many parents of a sender are looked at.
const PARENTS_MAX: usize = 16;
/// A text of what a program does is cut at so many bytes.
const STATUS_MAX: usize = 512;

/// The socket as the runtime watches it.
pub(crate) struct Notes {
    socket: Option<(OwnedFd, Watch)>,
    /// It was not read to its end.
    is_left: Cell<bool>,
}

impl Notes {
    /// Opens the socket, or goes on with that of a predecessor. What cannot be opened is not heard, and
    /// all else works. Also gives a duplicate for the keeper to hold.
    pub(crate) fn open(home: &Home, inherited: Option<OwnedFd>) -> (Self, Option<OwnedFd>) {
        let open = || {
            let socket = inherited.map_or_else(|| bind(home), Ok)?;
            let held = socket.try_clone()?;
            Ok(((socket.try_clone()?, Watch::reading(socket)?), held))
        };
        let opened: io::Result<_> = open();
        let told = |error: &io::Error| {
            tracing::warn!(%error, "programs cannot tell how they are: no socket");
        };
        let (socket, held) = opened.inspect_err(told).ok().unzip();
        (Self { socket, is_left: Cell::new(false) }, held)
    }

    /// Whether programs can tell something.
    pub(crate) fn is_open(&self) -> bool {
        self.socket.is_some()
    }

    /// Comes back when there is something to read.
    pub(crate) async fn ready(&self) {
        match &self.socket {
            Some(_) if self.is_left.get() => {}
            Some((_, watch)) => {
                if let Err(error) = watch.ready(false).await {
                    tracing::error!(%error, "what programs tell cannot be heard");
                    std::future::pending::<()>().await;
                }
            }
            None => std::future::pending().await,
        }
    }

    /// The next message, and who sent it.
    fn take<'a>(&self, buffer: &'a mut [u8]) -> Option<(u32, &'a [u8])> {
        let (socket, _) = self.socket.as_ref()?;
        Self::next(socket.as_fd(), buffer)
    }

    /// The next message on a socket, and the process that sent it.
    fn next<'a>(socket: BorrowedFd<'_>, buffer: &'a mut [u8]) -> Option<(u32, &'a [u8])> {
        loop {
            match notify::recv(socket, buffer) {
                Ok(note) => {
                    if let (Some(pid), false) = (note.pid, note.truncated) {
                        return Some((pid, &buffer[..note.len]));
                    }
                }
                Err(error) => {
                    if error.kind() != io::ErrorKind::WouldBlock {
                        tracing::warn!(%error, "what a program told is lost");
                    }
                    return None;
                }
            }
        }
    }
}

/// A socket of our own in the place of one that nobody holds any more.
fn bind(home: &Home) -> io::Result<OwnedFd> {
    let path = home.notify_socket();
    files::remove(path.as_std_path())?;
    notify::socket(path.as_std_path())
}

impl Driver {
    /// Takes in what programs have told.
    pub(crate) fn hear_notes(&mut self, notes: &Notes) {
        let mut buffer = [0; NOTE_MAX];
        notes.is_left.set(true);
        for _ in 0..TURN_MAX {
            let Some((pid, text)) = notes.take(&mut buffer) else {
                return notes.is_left.set(false);
            };
            // What others send is nothing to us.
            if let Some(generation) = self.sender(pid) {
                self.hear_note(generation, &String::from_utf8_lossy(text));
            }
        }
    }

    /// The run that a process belongs to.
    fn sender(&self, pid: u32) -> Option<Generation> {
        let runs = &self.world.runs;
        let mut process = Some(pid);
        for _ in 0..PARENTS_MAX {
            let Some(this) = process.filter(|pid| *pid > 1) else {
                break;
            };
            if let Some((generation, _)) = runs.iter().find(|(_, run)| run.pid == Some(this)) {
                return Some(*generation);
            }
            process = rpm_sys::tree::stat(this).map(|stat| stat.ppid);
        }
        // One whose parent is gone is known by its environment.
        let start = launch::marker_start(&self.world.mark);
        let number = rpm_sys::tree::environ_after(pid, start.as_bytes())?;
        number.parse().ok().map(Generation).filter(|generation| runs.contains_key(generation))
    }

    fn hear_note(&mut self, generation: Generation, text: &str) {
        let Some(proc) = self.world.place_of(generation) else {
            return;
        };
        for line in text.lines() {
            match line.split_once('=') {
                Some(("READY", "1")) => self.events.push_back(Event::Ready { proc, generation }),
                Some(("WATCHDOG", "1")) => {
                    self.events.push_back(Event::Pulse { proc, generation });
                }
                Some(("STATUS", status)) => self.note_status(generation, Some(status)),
                Some(("STOPPING", "1")) => self.note_status(generation, None),
                _ => {}
            }
        }
    }

    /// What a program does; without words, it stops.
    fn note_status(&mut self, generation: Generation, status: Option<&str>) {
        let told = self.world.told.entry(generation).or_default();
        if let Some(status) = status {
            let plain: String = status.chars().filter(|it| !it.is_control()).collect();
            let end = plain.floor_char_boundary(STATUS_MAX);
            told.status = Some(plain[..end].to_owned());
        } else {
            told.stops = true;
        }
        self.world.keep_told(generation);
    }
}
