//! The way into the thread: a queue of commands, and a bell that wakes it.
//!
//! The queue has no limit of its own: each command stands for a run, a client or a request, and
//! those are limited where they come in.

use super::Sink;
use super::follow::Subscription;
use camino::Utf8PathBuf;
use rpm_core::Generation;
use rpm_proto::LogLine;
use rustix::event::{EventfdFlags, eventfd};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::oneshot;

/// What the thread is told; see the methods of [`super::Logs`].
#[derive(Debug)]
pub(super) enum Command {
    /// A new stream.
    Open(Box<Sink>),
    /// The run is up.
    Settle(Generation),
    /// The process is gone.
    Gone(Generation),
    /// Let go of the run's pipes.
    Close(Generation),
    /// The last lines of a run.
    Tail(Generation, oneshot::Sender<Vec<LogLine>>),
    /// Open all files anew.
    Reopen(oneshot::Sender<()>),
    /// Empty files.
    Flush(Vec<Utf8PathBuf>, oneshot::Sender<Vec<Utf8PathBuf>>),
    /// Write what is in the pipes.
    Sync(oneshot::Sender<()>),
    /// A new follower.
    Follow(Subscription),
    /// A follower has gone; it is in the list with its queue closed.
    Unfollow,
    /// Nobody can send commands any more.
    Quit,
}

/// The sending end.
#[derive(Debug)]
pub(super) struct Door {
    commands: Sender<Command>,
    wake: Arc<OwnedFd>,
}

impl Door {
    /// A door, the receiving end of its queue, and its bell (`eventfd(2)`).
    pub(super) fn open() -> io::Result<(Self, Receiver<Command>, Arc<OwnedFd>)> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (commands, queue) = mpsc::channel();
        Ok((
            Self {
                commands,
                wake: Arc::clone(&wake),
            },
            queue,
            wake,
        ))
    }

    /// Sends a command. One to a thread that is gone is dropped, and its reply channel with it.
    pub(super) fn send(&self, command: Command) {
        if self.commands.send(command).is_ok() {
            // It fails only when 2^64 - 2 rings were not heard.
            rustix::io::write(&*self.wake, &1_u64.to_ne_bytes()).ok();
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.send(Command::Quit);
    }
}
