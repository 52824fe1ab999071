//! What the table's owner holds of the world: the link to the keeper, the threads, the runs.

pub(crate) mod tag;

use crate::answer::{self, Asked};
use crate::bus::Bus;
use crate::channels::Channels;
use crate::chronicle::{Chronicle, Draft};
use crate::clock;
use crate::closing::Closings;
use crate::confine::Confinement;
use crate::happenings::Happenings;
use crate::held::Held;
use crate::history::History;
use crate::home::Home;
use crate::log_bytes::LogBytes;
use crate::logs::{LogEvent, Logs};
use crate::machine::Machine;
use crate::notes::users::Users;
use crate::provenance::{Inquiries, Register};
use crate::rebirth::Keeper;
use crate::sample::{Samples, Subject};
use crate::start::Start;
use crate::store::{Kept, Store};
use crate::survivors::Survivors;
use crate::table::{self, Births};
use rpm_core::{CommandId, Generation, Ledger, Mono, Notice, Outcome, ProcId, Supervisor};
use rpm_journal::Delta;
use rpm_keeper::link::Link;
use rpm_keeper::wire::ToKeeper;
use rpm_proto::{Code, Fault, Level, Reply, Told};
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot};

/// Why a supervisor ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Everything is stopped, as it was asked to.
    Stopped,
    /// It makes way for another version of itself, which takes over.
    Replaced,
    /// Another keeper has the home, with a supervisor of its own.
    Superseded,
    /// One of its threads has ended. A successor takes over and has them all.
    Broken(&'static str),
}

/// The keeper's slot for the socket that clients connect to; generations begin at 1.
pub(crate) const CLIENTS_KEY: u64 = 0;
/// Listening sockets of apps have keys from here on.
pub(crate) const LISTENER_KEYS: u64 = 1 << 32;
/// Changes that nobody waits for are kept after this long, in ms.
const KEEP_MS: u64 = 50;

/// The world as the driver sees it.
pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) mark: String,
    pub(crate) link: Link,
    pub(crate) keeper: Keeper,
    /// What was found of a life that did not end well.
    pub(crate) taken_up: Survivors,
    /// The table is that of such a life: there is nothing more of it to be restored.
    pub(crate) restored: bool,
    pub(crate) held: Held,
    pub(crate) logs: Logs,
    pub(crate) channels: Channels,
    /// Ports that are being given up.
    pub(crate) closings: Closings,
    pub(crate) store: Store,
    pub(crate) history: History,
    pub(crate) notices: broadcast::Sender<Arc<Notice>>,
    pub(crate) swept: mpsc::Sender<(ProcId, Generation)>,
    pub(crate) runs: BTreeMap<Generation, Run>,
    /// Runs that wait for a keeper; no more than there are instances.
    pub(crate) delayed: Vec<Start>,
    /// Runs whose pipes and spools are needed, known or not: their files lack something.
    pub(crate) logging: BTreeSet<Generation>,
    pub(crate) samples: Samples,
    pub(crate) machine: Machine,
    pub(crate) log_bytes: LogBytes,
    /// What each run tells of itself.
    pub(crate) told: BTreeMap<Generation, Told>,
    /// Those of which the keeper has not got what they told.
    pub(crate) told_anew: BTreeSet<Generation>,
    /// What code each instance runs.
    pub(crate) provenance: Register,
    /// What of it has yet to be found out.
    pub(crate) inquiries: Inquiries,
    /// Where programs of other users tell how they are.
    pub(crate) users: Users,
    /// Which sockets are ours beside that of our own clients.
    pub(crate) sockets: OurSockets,
    /// News for PM2's clients.
    pub(crate) bus: Bus,
    pub(crate) confinement: Confinement,
    pub(crate) happenings: Happenings,
    pub(crate) chronicle: Chronicle,
    /// When this supervisor began.
    pub(crate) began: Mono,
    /// How many there were before it.
    pub(crate) predecessors: u64,
    /// Starts that failed.
    pub(crate) spawn_failures: u64,
    /// What became of clients.
    pub(crate) clients: crate::server::Figures,
    /// Why there is nothing more to do; `None` while there is.
    pub(crate) over: Option<Over>,
    pending: BTreeMap<CommandId, Pending>,
    answers: Vec<(Pending, Outcome)>,
    next_command: u64,
    ledger: Ledger,
    births: Births,
    changed_at: Option<Mono>,
    /// A command was begun: a successor has to know of it at once.
    is_urgent: bool,
    keep_ms: u64,
}

/// Sockets that we can do without.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OurSockets {
    /// Programs can tell how they are.
    pub(crate) notes: bool,
    /// PM2's clients are served.
    pub(crate) for_pm2: bool,
}

/// One process that has been asked for.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) proc: ProcId,
    pub(crate) pid: Option<u32>,
    pub(crate) pidfd: Option<OwnedFd>,
    /// When the process was started, in the system's count: tells it from a later one of its number.
    pub(crate) birth: Option<u64>,
    /// `None` when a predecessor started it.
    pub(crate) started: Option<Mono>,
    pub(crate) pid_file: Option<camino::Utf8PathBuf>,
}

/// A command that is not yet answered.
struct Pending {
    asked: Asked,
    reply: oneshot::Sender<Reply>,
}

impl World {
    /// A world in which nothing runs.
    pub(crate) fn new(
        home: Home,
        mark: String,
        (link, keeper): (Link, Keeper),
        (logs, channels, store, history): (Logs, Channels, Store, History),
        (notices, chronicle): (broadcast::Sender<Arc<Notice>>, Chronicle),
        (swept, inquiries, users): (mpsc::Sender<(ProcId, Generation)>, Inquiries, Users),
        (ledger, births, provenance): (Ledger, Births, Register),
    ) -> Self {
        Self {
            home,
            began: clock::now().mono,
            predecessors: 0,
            spawn_failures: 0,
            happenings: Happenings::default(),
            chronicle,
            clients: crate::server::Figures::default(),
            confinement: Confinement::new(&mark),
            mark,
            link,
            keeper,
            taken_up: Survivors::default(),
            restored: false,
            held: Held::default(),
            logs,
            channels,
            closings: Closings::default(),
            store,
            history,
            notices,
            swept,
            runs: BTreeMap::new(),
            delayed: Vec::new(),
            logging: BTreeSet::new(),
            samples: Samples::default(),
            machine: Machine::begin(clock::now().mono),
            log_bytes: LogBytes::default(),
            told: BTreeMap::new(),
            told_anew: BTreeSet::new(),
            provenance,
            inquiries,
            users,
            sockets: OurSockets::default(),
            bus: Bus::default(),
            over: None,
            pending: BTreeMap::new(),
            answers: Vec::new(),
            next_command: 1,
            ledger,
            births,
            changed_at: None,
            is_urgent: false,
            keep_ms: KEEP_MS,
        }
    }

    /// The instance of a run that is known.
    pub(crate) fn place_of(&self, generation: Generation) -> Option<ProcId> {
        self.runs.get(&generation).map(|run| run.proc)
    }

    /// All runs that have a process, to be sampled.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        let subject = |(generation, run): (&Generation, &Run)| {
            Some(Subject { generation: *generation, pid: run.pid?, started: run.started })
        };
        self.runs.iter().filter_map(subject).collect()
    }

    /// Remembers who waits for a command, and names it.
    pub(crate) fn expect(&mut self, asked: Asked, reply: oneshot::Sender<Reply>) -> CommandId {
        let command = CommandId(self.next_command);
        self.next_command += 1;
        self.pending.insert(command, Pending { asked, reply });
        self.is_urgent = true;
        command
    }

    /// A command has had its effect; it is answered when that is on the disk, and ports that it gave
    /// up are free.
    pub(crate) fn answer(&mut self, command: CommandId, outcome: Outcome) {
        if let Some(pending) = self.pending.remove(&command) {
            self.answers.push((pending, outcome));
        }
    }

    /// The table or the records have changed.
    pub(crate) fn touch(&mut self) {
        self.changed_at.get_or_insert_with(|| clock::now().mono);
    }

    /// When changes are to be kept; `None` when there are none.
    pub(crate) fn keep_due(&self) -> Option<Mono> {
        self.changed_at.map(|at| at.after(self.keep_ms))
    }

    /// Keeps the table for a successor.
    pub(crate) fn keep(&mut self, supervisor: &mut Supervisor) {
        self.keep_and_tell(supervisor, Vec::new());
    }

    /// Sends what waits for the keeper, as far as it takes it.
    pub(crate) fn flush(&mut self) {
        if let Err(error) = self.link.flush() {
            tracing::error!(%error, "the keeper cannot be reached");
        }
    }

    /// Tells the keeper that we do not hang, and counts its answer; `is_last` as of
    /// [`Closings::ping`].
    pub(crate) fn ping(&mut self, is_last: bool) {
        self.closings.ping(is_last);
        self.link.send(ToKeeper::Ping);
    }

    /// At the end of a step: sends what waits, answers what has happened.
    pub(crate) fn finish(&mut self, supervisor: &mut Supervisor) {
        self.flush();
        if self.answers.is_empty() && !self.is_urgent {
            return;
        }
        self.is_urgent = false;
        let mut promises = Vec::new();
        for (pending, outcome) in std::mem::take(&mut self.answers) {
            let (kept, promise) = oneshot::channel();
            promises.push(kept);
            let logs = self.logs.clone();
            let closed = self.closings.wait();
            tokio::task::spawn_local(async move {
                closed.await;
                let kept = promise.await.unwrap_or_else(|_| Err("the writer is gone".to_owned()));
                let reply = answer::reply(outcome, pending.asked, &logs).await;
                // The client may have hung up.
                drop(pending.reply.send(if_kept(reply, kept)));
            });
        }
        self.keep_and_tell(supervisor, promises);
    }

    fn keep_and_tell(&mut self, supervisor: &mut Supervisor, promises: Vec<Kept>) {
        if self.changed_at.take().is_none() {
            self.store.barrier(promises);
            return;
        }
        let begun = clock::now().mono;
        self.hand_told();
        let birth = |(generation, run): (&Generation, &Run)| Some((*generation, run.birth?));
        let mut changes = Delta::new();
        self.births.note(self.runs.iter().filter_map(birth).collect(), &mut changes);
        self.provenance.note(|proc| supervisor.instance(proc).is_some(), &mut changes);
        match table::delta(supervisor, &mut self.ledger) {
            Ok(delta) => {
                changes.extend(delta);
                self.store.commit(changes, promises);
            }
            Err(error) => {
                tracing::error!(%error, "the table cannot be written");
                for promise in promises {
                    drop(promise.send(Err(format!("the table cannot be written: {error}"))));
                }
            }
        }
        // A large table that changes all the time must not eat the processor.
        self.keep_ms = KEEP_MS.max(20 * clock::now().mono.since(begun));
    }

    /// The keeper holds a listening socket for a successor.
    pub(crate) fn hold_listener(&mut self, key: u64, fd: OwnedFd) {
        self.hold(key, vec![(fd, tag::LISTENER)]);
    }

    /// A listening socket is given up.
    pub(crate) fn release_listener(&mut self, key: u64) {
        self.release(key);
    }

    /// What the channels' thread must find again.
    pub(crate) fn keep_records(&mut self, records: &str) {
        // The keeper has them as it has the sockets that they tell of.
        match rpm_sys::memfd::sealed("rpm-records", records.as_bytes()) {
            Ok(fd) => self.hold(CLIENTS_KEY, vec![(fd, tag::RECORDS)]),
            Err(error) => tracing::warn!(%error, "the keeper could not be given the records"),
        }
    }

    /// News of the thread that writes logs.
    pub(crate) fn hear_logs(&mut self, event: LogEvent) {
        match event {
            LogEvent::Trouble { path, error } => {
                tracing::warn!(%path, error, "could not write a log file; output is counted and dropped");
                let text = format!("the log file {path} takes no bytes: {error}");
                let draft = Draft::new("log_trouble", Level::Error, text);
                self.chronicle.tell(draft.with("path", path.as_str()).with("error", error));
            }
            LogEvent::Rotated { path, aside } => {
                tracing::debug!(%path, %aside, "a log was put aside");
            }
            LogEvent::NotRotated { path, error } => {
                tracing::warn!(%path, error, "could not put a log aside; it grows on until that can be done");
            }
            LogEvent::Ended(generation) => tracing::debug!(%generation, "all output is written"),
            LogEvent::Released(generation) => self.logs_released(generation),
        }
    }

    /// Opens all log files anew.
    pub(crate) fn reopen_logs(&self) {
        let logs = self.logs.clone();
        tokio::task::spawn_local(async move { logs.reopen().await });
    }
}

fn if_kept(reply: Reply, kept: Result<(), String>) -> Reply {
    match (reply, kept) {
        (Reply::Done { affected }, Err(why)) => {
            let fault = Fault::new(Code::Io, "it was done, but could not be recorded")
                .because(why)
                .help("make room on the disk; until then it would be forgotten if the daemon died");
            Reply::Failed { fault, affected }
        }
        (reply, _) => reply,
    }
}
