//! Log files: what apps print, from their pipes to the disk and to those who watch.
//!
//! Nothing here holds up the main loop, which only sends commands. Each run has pipes of its own,
//! and a stream shares nothing with another but a file, where the user asked for that.
//!
//! # The two halves
//!
//! *Capture* is one thread (`pump`, `orders`, `pending`, `due`, `stream`, `intake`, `pace`). It moves
//! bytes out of the pipes into a `spool` for each stream, and never touches a disk. *Flush* is a small
//! crew of threads (`crew`, `outlet`, `desk`, `input`, `page`, `render`, `file`, `aside`), of which one
//! at a time works on a file. A disk that hangs holds up the files on it, and nothing else. What was
//! put aside (`rotation`) is compressed and removed by a third kind of thread.
//!
//! # How each line comes to be in its file exactly once
//!
//! The keeper holds the pipes and the spools, so that they outlive a supervisor that is killed. What
//! was captured is told by the size of the spool, as the kernel moves bytes and makes the spool
//! larger in one step. Before a write to a file, an intent is noted at the spool's head (`record`):
//! which bytes, the stamp, and the file's inode and size. After it, the new place. A successor that
//! finds an intent makes up the same bytes again, sees from the size how many of them arrived, and
//! writes the others. That works for a file that many streams share as well, because no two intents
//! for it are open at a time, and because a successor writes nothing to any file before it knows of
//! all streams. A file that was renamed meanwhile is looked for in its folder by its inode. A file is
//! put aside between two writes, so that none is ever open for one that may be compressed.
//!
//! A line that is held back, because its file is shared and it has no end yet, is not consumed, so
//! it is in the spool like all else. So are the last lines of a run that is not up yet.
//!
//! # What is promised
//!
//! - Bytes arrive as they were written. In a file with one writer nothing is added or taken away; in
//!   a shared file, lines are never mixed: a line without an end is held until it ends, grows beyond
//!   64 KiB or its stream ends. One that is in the file when a second writer comes is cut there.
//! - However often the supervisor is killed, each byte taken from a pipe is in its file once. Not
//!   promised: for files that others write to or cut short in the very moment of a kill, for pipes
//!   and terminals (a piece may come twice), and when the keeper is killed with the supervisor (what
//!   is spooled is lost, milliseconds' worth unless a disk hangs).
//! - What cannot be written is dropped, counted, and said in the file as soon as it takes bytes
//!   again. An app never waits for a full disk. The count outlives the supervisor.
//! - An app waits for a disk that is slow, as if it wrote the file itself. A disk that hangs for a
//!   second is not waited for: 4 MiB of each stream and 64 MiB of all are kept, and beyond that
//!   whole lines are dropped until half of it is written. They are counted, too.
//! - A follower that is too slow is told how many lines it missed. One that comes back after the
//!   supervisor died may have missed lines or get one twice; files are exact, followers are not.

mod aside;
mod command;
mod counters;
mod crew;
mod desk;
mod due;
mod file;
mod files;
mod follow;
mod head;
mod input;
mod intake;
mod lines;
mod orders;
mod outlet;
mod pace;
mod page;
mod part;
mod pending;
mod pump;
mod record;
mod render;
mod rotation;
mod run;
mod spool;
mod stream;
mod tail;
mod ticket;

pub use counters::Figures;
pub use follow::{Followed, Follower};
pub use spool::create as new_spool;

use camino::Utf8PathBuf;
use command::{Command, Door};
use counters::Counters;
use crew::Crew;
use rpm_core::spec::RotateOptions;
use rpm_core::{Generation, ProcId};
use rpm_proto::{LogLine, Stream};
use serde::{Deserialize, Serialize};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Who asks for something to be written waits so long for a disk that hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// The threads that write logs, from outside. They end when the last handle is gone, after what the
/// pipes hold has been written.
#[derive(Clone, Debug)]
pub struct Logs {
    door: Arc<Door>,
    counters: Arc<Counters>,
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
    /// What [`new_spool`] made for it, which somebody else should hold as well. One that a
    /// predecessor used tells itself where the stream goes. Without any, what is captured and not
    /// written dies with this process.
    pub spool: Option<OwnedFd>,
    /// The file of this stream.
    pub file: Option<Utf8PathBuf>,
    /// The file of both streams.
    pub combined: Option<Utf8PathBuf>,
    /// What is written there.
    pub format: Format,
    /// Keep the last lines for [`Logs::tail`], until [`Logs::settle`].
    pub keep_tail: bool,
    /// Bytes taken from the pipe are added to it; the streams of a run may share one.
    pub taken: Arc<AtomicU64>,
    /// When its files are put aside, where that differs from all others ([`Logs::rotate`]).
    pub rotate: RotateOptions,
    /// Whether its app is a module, for which there may be other rules.
    pub is_module: bool,
}

/// How output is written to files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Nobody needs the pipes and spools of the run any more: all is written, and where something
    /// was dropped, its files tell.
    Released(Generation),
    /// A file takes no bytes. Told once until it does again.
    Trouble {
        /// The file.
        path: Utf8PathBuf,
        /// The system's word.
        error: String,
    },
    /// A file was put aside.
    Rotated {
        /// Its name.
        path: Utf8PathBuf,
        /// Where it is now; it may be compressed later.
        aside: Utf8PathBuf,
    },
    /// A file could not be put aside; it grows on and loses nothing. Told once until it can.
    NotRotated {
        /// The file.
        path: Utf8PathBuf,
        /// The system's word.
        error: String,
    },
}

impl Sink {
    /// What a run left of which nothing is known: its spool tells where it goes. One that was never
    /// used tells nothing, and the stream goes nowhere.
    pub fn leftover(generation: Generation, stream: Stream, pipe: OwnedFd, spool: OwnedFd) -> Self {
        Self {
            generation,
            proc: ProcId(0),
            name: Arc::from(""),
            namespace: Arc::from(""),
            stream,
            pipe,
            spool: Some(spool),
            file: None,
            combined: None,
            format: Format::Raw,
            keep_tail: false,
            taken: Arc::default(),
            rotate: RotateOptions::default(),
            is_module: false,
        }
    }
}

impl Logs {
    /// Starts the thread. It tells `events`, and keeps for later what does not fit.
    pub fn start(events: mpsc::Sender<LogEvent>) -> io::Result<Self> {
        let (door, commands, bell) = Door::open()?;
        let counters = Arc::<Counters>::default();
        let crew = Crew::new(door.sender(), bell.clone(), Arc::clone(&counters));
        pump::start(commands, bell, Arc::new(crew), events)?;
        Ok(Self { door: Arc::new(door), counters })
    }

    /// Takes in all streams of a predecessor, once, before any other.
    pub fn take_over(&self, sinks: Vec<Sink>) {
        self.door.send(Command::TakeOver(sinks));
    }

    /// What has been captured, written and dropped.
    pub fn figures(&self) -> Figures {
        self.counters.figures(intake::KEPT_ALL)
    }

    /// Says when the files of all are put aside, and what becomes of them then. It holds at once.
    pub fn rotate(&self, all: RotateOptions) {
        self.door.send(Command::Rotate(Box::new(all)));
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

    /// Opens all files anew by their names, after they have been renamed. Comes back after 5 s at
    /// most; a file that hangs is opened anew when it goes on.
    pub async fn reopen(&self) {
        self.ask_disks(Command::Reopen).await;
    }

    /// Empties files, known or not. Returns those that it emptied; none when that takes longer than
    /// 5 s, because a disk hangs.
    pub async fn flush(&self, files: Vec<Utf8PathBuf>) -> Vec<Utf8PathBuf> {
        self.ask_disks(|reply| Command::Flush(files, reply)).await
    }

    /// New lines of the sources that `filter` names; it is asked once for each stream.
    pub fn follow(&self, filter: Filter, out: bool, err: bool) -> Follower {
        follow::follow(&self.door, filter, out, err)
    }

    /// Comes back when all that was in the pipes is in the files, or after 5 s.
    pub async fn sync(&self) {
        self.ask_disks(Command::Sync).await;
    }

    async fn ask_disks<T: Default>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> T {
        tokio::time::timeout(PATIENCE, self.ask(question)).await.unwrap_or_default()
    }

    /// Sends a question. A thread that is gone has nothing to say.
    async fn ask<T: Default>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Command) -> T {
        let (reply, answer) = oneshot::channel();
        self.door.send(question(reply));
        answer.await.unwrap_or_default()
    }
}
