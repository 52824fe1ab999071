//! Log files: what apps print, from their pipes to the disk and to those who watch.
//!
//! One thread reads the pipes of all runs and writes the files. The main loop only sends it
//! commands, so that a slow disk delays no decision. Each run has pipes of its own, and a stream
//! shares nothing with another but a file, where the user asked for that.
//!
//! # The two halves
//!
//! *Capture* (`pump`, `stream`, `pace`) takes bytes out of the pipes; *flush* (`target`, `render`,
//! `file`, `files`) brings them to the disk. Both happen in one pass of one thread today, so a disk
//! that hangs holds up all logs, and apps wait once their pipes are full. A flusher of its own would
//! take over where `stream` hands a chunk to its targets.
//!
//! # What is promised
//!
//! - Bytes arrive as they were written. In a file with one writer nothing is added or taken away; in
//!   a shared file, lines are never mixed: a line without an end is held until it ends, grows beyond
//!   64 KiB or its stream ends. One that is in the file when a second writer comes is cut there.
//! - What cannot be written is dropped, counted, and said in the file as soon as it takes bytes
//!   again. An app never waits for a full disk.
//! - A follower that is too slow is told how many lines it missed.

mod command;
mod file;
mod files;
mod follow;
mod lines;
mod pace;
mod pump;
mod render;
mod run;
mod stream;
mod tail;
mod target;

pub use follow::{Followed, Follower};

use camino::Utf8PathBuf;
use command::{Command, Door};
use rpm_core::{Generation, ProcId};
use rpm_proto::{LogLine, Stream};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// The thread that writes logs, from outside. It ends when the last handle is gone, after it has
/// written what the pipes hold.
#[derive(Clone, Debug)]
pub struct Logs {
    door: Arc<Door>,
}

/// One stream of a run and where it goes.
#[derive(Debug)]
pub struct Sink {
    /// The run.
    pub generation: Generation,
    /// The instance.
    pub proc: ProcId,
    /// Its app.
    pub name: Arc<str>,
    /// The app's namespace.
    pub namespace: Arc<str>,
    /// Which stream.
    pub stream: Stream,
    /// The read end of its pipe.
    pub pipe: OwnedFd,
    /// The file of this stream.
    pub file: Option<Utf8PathBuf>,
    /// The file of both streams.
    pub combined: Option<Utf8PathBuf>,
    /// What is written there.
    pub format: Format,
    /// Keep the last lines for [`Logs::tail`], until [`Logs::settle`].
    pub keep_tail: bool,
}

/// How output is written to files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// As it comes.
    Raw,
    /// Each line after a time stamp and `: `, in PM2's tokens (`YYYY-MM-DD HH:mm:ss`).
    Dated(String),
    /// Each line as an object.
    Json {
        /// Its time stamp in PM2's tokens; ISO 8601 in UTC when absent.
        date: Option<String>,
    },
}

/// Where a line comes from, for the choice of a follower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The instance.
    pub proc: ProcId,
    /// Its app.
    pub name: Arc<str>,
    /// The app's namespace.
    pub namespace: Arc<str>,
}

/// Which sources a follower wants.
pub type Filter = Arc<dyn Fn(&Source) -> bool + Send + Sync>;

/// News for the main loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// All streams of the run have ended and are written.
    Ended(Generation),
    /// A file takes no bytes. Told once until it does again.
    Trouble {
        /// The file.
        path: Utf8PathBuf,
        /// The system's word.
        error: String,
    },
}

impl Logs {
    /// Starts the thread. It tells `events`, and keeps for later what does not fit.
    pub fn start(events: mpsc::Sender<LogEvent>) -> io::Result<Self> {
        let (door, commands, bell) = Door::open()?;
        pump::start(commands, bell, events)?;
        Ok(Self { door: Arc::new(door) })
    }

    /// Takes in a stream. Its files exist soon after, also when nothing is written.
    pub fn open(&self, sink: Sink) {
        self.door.send(Command::Open(Box::new(sink)));
    }

    /// The run is up: nobody will ask for its last lines.
    pub fn settle(&self, generation: Generation) {
        self.door.send(Command::Settle(generation));
    }

    /// The last lines of a run, both streams in the order they were read, with all that its pipes
    /// hold now. At most 20 lines and 4 KiB; none of a run that has settled.
    pub async fn tail(&self, generation: Generation) -> Vec<LogLine> {
        self.ask(|reply| Command::Tail(generation, reply)).await
    }

    /// The process is gone: reads what it left. Its streams end when nobody can write to them any
    /// more, which may be later when it left children.
    pub fn gone(&self, generation: Generation) {
        self.door.send(Command::Gone(generation));
    }

    /// Reads what the run's pipes hold now and lets go of them, whoever may still write.
    pub fn close(&self, generation: Generation) {
        self.door.send(Command::Close(generation));
    }

    /// Opens all files anew by their names, after they have been renamed.
    pub async fn reopen(&self) {
        self.ask(Command::Reopen).await;
    }

    /// Empties files, known or not. Returns those that it emptied.
    pub async fn flush(&self, files: Vec<Utf8PathBuf>) -> Vec<Utf8PathBuf> {
        self.ask(|reply| Command::Flush(files, reply)).await
    }

    /// New lines of the sources that `filter` names; it is asked once for each stream.
    pub fn follow(&self, filter: Filter, out: bool, err: bool) -> Follower {
        follow::follow(&self.door, filter, out, err)
    }

    /// Comes back when all that was in the pipes is in the files.
    pub async fn sync(&self) {
        self.ask(Command::Sync).await;
    }

    /// Sends a question. A thread that is gone has nothing to say.
    async fn ask<T: Default>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Command) -> T {
        let (reply, answer) = oneshot::channel();
        self.door.send(question(reply));
        answer.await.unwrap_or_default()
    }
}
