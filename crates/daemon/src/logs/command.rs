//! The way into the thread: a queue of commands, and a bell that wakes it.
//!
//! The queue has no limit of its own: each command stands for a run, a client or a request, and
//! those are limited where they come in.

use super::Sink;
use super::file::Writer;
use super::follow::Subscription;
use super::outlet::FileId;
use camino::Utf8PathBuf;
use rpm_core::Generation;
use rpm_core::spec::RotateOptions;
use rpm_proto::LogLine;
use rpm_sys::poller::Waker;
use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::oneshot;

/// What the thread is told; see the methods of [`super::Logs`].
#[derive(Debug)]
pub(super) enum Command {
    /// A new stream.
    Open(Box<Sink>),
    /// All streams of a predecessor.
    TakeOver(Vec<Sink>),
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
    /// From a thread that writes: a file has all of a stream that has ended.
    Drained(Writer),
    /// From a thread that writes: a file has nothing to do with a stream any more.
    Detached(Writer, FileId),
    /// From a thread that writes: a file takes no bytes, and why.
    Troubled(Utf8PathBuf, String),
    /// From a thread that writes: a file was put aside by this name.
    Rotated(Utf8PathBuf, Utf8PathBuf),
    /// From a thread that writes: a file could not be put aside, and why.
    NotRotated(Utf8PathBuf, String),
    /// What is asked for for all logs about their being put aside.
    Rotate(Box<RotateOptions>),
    /// Nobody can send commands any more.
    Quit,
}

/// The sending end.
#[derive(Debug)]
pub(super) struct Door {
    commands: Sender<Command>,
    bell: Waker,
}

impl Door {
    /// A door, the receiving end of its queue, and its bell.
    pub(super) fn open() -> io::Result<(Self, Receiver<Command>, Waker)> {
        let bell = Waker::new()?;
        let (commands, queue) = mpsc::channel();
        let door = Self { commands, bell: bell.clone() };
        Ok((door, queue, bell))
    }

    /// Another way in, for those who write.
    pub(super) fn sender(&self) -> Sender<Command> {
        self.commands.clone()
    }

    /// Sends a command. One to a thread that is gone is dropped, and its reply channel with it.
    pub(super) fn send(&self, command: Command) {
        if self.commands.send(command).is_ok() {
            self.bell.wake();
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.send(Command::Quit);
    }
}
