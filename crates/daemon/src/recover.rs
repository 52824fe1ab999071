//! A supervisor that takes over from one that died or was replaced.
//!
//! The keeper hands over what it holds: processes with their pidfds, the ends of their pipes and
//! channels, listening sockets, and exits that nobody has acted upon. The table is that of the
//! journal; where the two differ, the keeper is right about what runs.

use crate::channels::{Inventory, Safe};
use crate::logs::{self, Sink};
use crate::start::{sink, worker};
use crate::world::{CLIENTS_KEY, LISTENER_KEYS, Run, World, tag};
use rpm_core::{Event, Generation, ProcId, Status, Supervisor};
use rpm_keeper::link::Link;
use rpm_keeper::wire::{FromKeeper, ToKeeper};
use rpm_proto::Stream;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;

/// Records of more workers than a machine can have.
const RECORDS_MAX: usize = 64 * 1024 * 1024;

/// The owner of a slot of which only the system has told.
const NOBODY: u64 = u64::MAX;

/// What the keeper held for a predecessor.
#[derive(Debug, Default)]
pub(crate) struct Estate {
    /// How many supervisors there were before.
    pub(crate) predecessors: u64,
    /// The socket that clients connect to.
    pub(crate) clients: Option<OwnedFd>,
    /// The socket that PM2's clients ask on.
    pub(crate) rpc: Option<OwnedFd>,
    /// The socket that PM2's clients listen on.
    pub(crate) bus: Option<OwnedFd>,
    /// The socket on which programs tell how they are.
    pub(crate) notify: Option<OwnedFd>,
    /// The same for other users, by their numbers.
    users: Vec<(u32, OwnedFd)>,
    /// The channels' records, newer than those of the kept table.
    pub(crate) records: Option<String>,
    /// Where the connections are that a predecessor did not live to hand on.
    pub(crate) safe: Option<Safe>,
    slots: BTreeMap<u64, Slot>,
    listeners: Vec<(u64, OwnedFd)>,
    exits: Vec<(u64, u32, i32)>,
}

#[derive(Debug)]
struct Slot {
    /// The instance that it was begun for.
    proc: ProcId,
    pid: u32,
    pidfd: Option<OwnedFd>,
    fds: BTreeMap<u32, OwnedFd>,
}

/// Reads the inventory with which the keeper greets every supervisor. Waits for it.
pub(crate) fn greet(link: &mut Link) -> io::Result<Estate> {
    let mut estate = Estate::default();
    link.send(ToKeeper::Hello);
    loop {
        match link.recv_blocking()? {
            FromKeeper::Welcome { restarts, .. } => estate.predecessors = restarts,
            FromKeeper::Slot { key, aux, pid, pidfd, fds } => {
                estate.take((key, aux), pid, pidfd, fds);
            }
            FromKeeper::Exit { key, pid, status, .. } => estate.exits.push((key, pid, status)),
            FromKeeper::End => return Ok(estate),
            FromKeeper::Spawned { .. }
            | FromKeeper::SpawnFailed { .. }
            | FromKeeper::Signal(_)
            | FromKeeper::Pong
            | FromKeeper::Renewed { .. } => {}
        }
    }
}

impl Estate {
    /// The newest generation that the keeper knows of.
    pub(crate) fn newest(&self) -> Generation {
        Generation(self.slots.keys().next_back().copied().unwrap_or(0))
    }

    /// The runs that the keeper has, and whose they are. One without a process comes up, or only its
    /// output is left: then its number is `next` or higher, and whoever is left to come up of these
    /// is ended when it has.
    pub(crate) fn held(&self, next: Generation) -> BTreeMap<Generation, ProcId> {
        let held = self.slots.iter().filter(|(key, slot)| slot.pid > 0 || **key < next.0);
        held.map(|(key, slot)| (Generation(*key), slot.proc)).collect()
    }

    /// Adds the process of a run of the table that the keeper did not know.
    pub(crate) fn add(
        &mut self,
        generation: Generation,
        pid: u32,
        pidfd: OwnedFd,
        fds: Vec<(OwnedFd, u32)>,
    ) {
        self.take((generation.0, NOBODY), pid, Some(pidfd), fds);
    }

    fn take(
        &mut self,
        (key, owner): (u64, u64),
        pid: u32,
        pidfd: Option<OwnedFd>,
        fds: Vec<(OwnedFd, u32)>,
    ) {
        let mut fds: BTreeMap<u32, OwnedFd> = fds.into_iter().map(|(fd, tag)| (tag, fd)).collect();
        if key == CLIENTS_KEY {
            self.clients = fds.remove(&tag::LISTENER).or(self.clients.take());
            self.records = fds.remove(&tag::RECORDS).and_then(text).or(self.records.take());
            self.rpc = fds.remove(&tag::RPC_LISTENER).or(self.rpc.take());
            self.bus = fds.remove(&tag::PUB_LISTENER).or(self.bus.take());
            self.notify = fds.remove(&tag::NOTIFY).or(self.notify.take());
            let ends = (fds.remove(&tag::SAFE_INLET), fds.remove(&tag::SAFE_OUTLET));
            if let (Some(inlet), Some(outlet)) = ends {
                self.safe = Some(Safe { inlet, outlet });
            }
            let users = fds.into_iter().filter(|(tag, _)| tag & tag::NOTIFY_OF != 0);
            self.users.extend(users.map(|(tag, fd)| (tag & !tag::NOTIFY_OF, fd)));
        } else if key >= LISTENER_KEYS {
            self.listeners.extend(fds.remove(&tag::LISTENER).map(|fd| (key, fd)));
        } else {
            // A number that is no instance's is nobody's.
            let proc = ProcId(u32::try_from(owner).unwrap_or(u32::MAX));
            let empty = Slot { proc, pid, pidfd: None, fds: BTreeMap::new() };
            let slot = self.slots.entry(key).or_insert(empty);
            slot.pid = slot.pid.max(pid);
            slot.pidfd = pidfd.or(slot.pidfd.take());
            slot.fds.append(&mut fds);
        }
    }
}

fn text(memory: OwnedFd) -> Option<String> {
    let bytes = rpm_sys::memfd::read(memory, RECORDS_MAX);
    let text = bytes
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into()));
    text.inspect_err(|error| tracing::warn!(%error, "the keeper's records cannot be read")).ok()
}

impl World {
    /// Takes over the runs of a predecessor. Returns what the core must be told of them.
    pub(crate) fn take_over(
        &mut self,
        supervisor: &Supervisor,
        mut estate: Estate,
    ) -> VecDeque<Event> {
        let records = estate.records.take().unwrap_or_default();
        self.take_over_notes(std::mem::take(&mut estate.users));
        for (key, fd) in &estate.listeners {
            self.held.put(*key, 0, &duplicate(fd, tag::LISTENER));
        }
        let mut events = VecDeque::new();
        let (mut workers, mut sinks) = (Vec::new(), Vec::new());
        for (proc, generation, pid) in supervisor.runs() {
            let slot = estate.slots.remove(&generation.0);
            if slot.is_none() && pid.is_none() {
                // The keeper never heard of it: it is asked for again.
                continue;
            }
            // One that had a process and has none has been let go of.
            let Some(mut slot) = slot.filter(|slot| slot.pid > 0 || pid.is_none()) else {
                let how = rpm_core::Ending::Unknown;
                self.runs.insert(generation, lost(proc, pid));
                events.push_back(Event::Exited { proc, generation, how });
                continue;
            };
            let run = (proc, generation);
            self.mirror(generation, u64::from(proc.0), &slot);
            sinks.extend(self.outputs_of(supervisor, run, &mut slot.fds));
            workers.extend(self.adopt(supervisor, run, pid, slot, &mut events));
        }
        for (key, mut slot) in std::mem::take(&mut estate.slots) {
            self.mirror(Generation(key), u64::from(slot.proc.0), &slot);
            if slot.pid == 0 {
                sinks.extend(self.leftovers_of(Generation(key), &mut slot.fds));
                self.let_go(Generation(key), 0);
                continue;
            }
            // It was begun in the last instant of the predecessor. What it has written since then is
            // its instance's.
            let run = Generation(key);
            sinks.extend(self.outputs_of(supervisor, (slot.proc, run), &mut slot.fds));
            self.end_stranger(run, slot.pid, slot.pidfd.as_ref());
        }
        self.logs.take_over(sinks);
        for (key, pid, status) in std::mem::take(&mut estate.exits) {
            events.extend(self.exit_of(Generation(key), pid, status));
        }
        self.confinement.clear();
        self.channels.restore(Inventory { records, listeners: estate.listeners, workers });
        events
    }

    fn adopt(
        &mut self,
        supervisor: &Supervisor,
        (proc, generation): (ProcId, Generation),
        known_pid: Option<u32>,
        mut slot: Slot,
        events: &mut VecDeque<Event>,
    ) -> Option<crate::channels::WorkerSpec> {
        let instance = supervisor.instance(proc)?;
        let paths = self.paths(instance.spec, proc);
        self.confinement.adopt(generation, &instance.spec.limits);
        let pid = (slot.pid > 0).then_some(slot.pid);
        let pidfd = slot.pidfd.take();
        let stat = pid.and_then(rpm_sys::tree::stat);
        self.keeper.has_foreign |= stat.is_some_and(|stat| stat.ppid != self.keeper.pid);
        let birth = stat.map(|stat| stat.started);
        let run = Run { proc, pid, pidfd, birth, started: None, pid_file: paths.pid };
        self.runs.insert(generation, run);
        if let (None, Some(pid)) = (known_pid, pid) {
            events.push_back(Event::Spawned { proc, generation, pid });
        }
        if let Some(told) = slot.fds.remove(&tag::TOLD) {
            self.recall(generation, told);
        }
        let channel = slot.fds.remove(&tag::CHANNEL)?;
        let pid = pid.unwrap_or(0);
        Some(worker(instance.spec, (proc, generation), instance.slot, channel, pid))
    }

    /// Takes note of what the keeper holds of a run.
    fn mirror(&mut self, generation: Generation, aux: u64, slot: &Slot) {
        for (tag, fd) in &slot.fds {
            self.held.put(generation.0, aux, &duplicate(fd, *tag));
        }
    }

    /// What a run of the table prints.
    fn outputs_of(
        &mut self,
        supervisor: &Supervisor,
        (proc, generation): (ProcId, Generation),
        fds: &mut BTreeMap<u32, OwnedFd>,
    ) -> Vec<Sink> {
        let Some(instance) = supervisor.instance(proc) else {
            return self.leftovers_of(generation, fds);
        };
        let is_up = instance.generation == Some(generation) && instance.status == Status::Online;
        let paths = self.paths(instance.spec, proc);
        let mut sinks = Vec::new();
        for stream in [Stream::Out, Stream::Err] {
            let (pipe_tag, spool_tag) = tag::of_output(stream);
            let (pipe, spool) = (fds.remove(&pipe_tag), fds.remove(&spool_tag));
            // Where the pipe has been let go of, nothing more comes.
            let pipe = pipe.or_else(|| spool.as_ref().and_then(|_| ended_pipe()));
            if let Some(pipe) = pipe {
                let ends = (pipe, spool.or_else(|| self.new_spool((proc, generation), spool_tag)));
                let taken = self.log_bytes.counter(generation);
                let sink = sink(instance.spec, (proc, generation), &paths, stream, ends, taken);
                sinks.push(Sink { keep_tail: !is_up, ..sink });
                self.logging.insert(generation);
            }
        }
        sinks
    }

    /// A spool for a run that has none, because its supervisor and its keeper were killed.
    fn new_spool(&mut self, (proc, generation): (ProcId, Generation), tag: u32) -> Option<OwnedFd> {
        let spool = logs::new_spool().ok()?;
        let held = duplicate(&spool, tag);
        if !held.is_empty() {
            self.held.put(generation.0, u64::from(proc.0), &held);
            self.link.send(ToKeeper::Put { key: generation.0, fds: held });
        }
        Some(spool)
    }

    /// What a run printed that the table does not know: its spools tell where it goes.
    fn leftovers_of(
        &mut self,
        generation: Generation,
        fds: &mut BTreeMap<u32, OwnedFd>,
    ) -> Vec<Sink> {
        let mut sinks = Vec::new();
        for stream in [Stream::Out, Stream::Err] {
            let (pipe_tag, spool_tag) = tag::of_output(stream);
            let (pipe, spool) = (fds.remove(&pipe_tag), fds.remove(&spool_tag));
            if let (Some(pipe), Some(spool)) = (pipe.or_else(ended_pipe), spool) {
                sinks.push(Sink::leftover(generation, stream, pipe, spool));
                self.logging.insert(generation);
            }
        }
        sinks
    }

    /// Ends a process that the table does not know; its exit lets go of it.
    pub(crate) fn end_stranger(
        &mut self,
        generation: Generation,
        pid: u32,
        pidfd: Option<&OwnedFd>,
    ) {
        tracing::warn!(%generation, pid, "a process that the table does not know; ending it");
        let kill = rpm_core::Signal::KILL.0;
        match pidfd {
            Some(pidfd) => {
                if let Err(error) = rpm_sys::tree::kill_tree(pid, pidfd, kill) {
                    tracing::warn!(pid, %error, "could not end it");
                }
            }
            None => self.let_go(generation, 0),
        }
    }
}

/// A pipe that nobody writes to.
fn ended_pipe() -> Option<OwnedFd> {
    rpm_sys::pipe::for_output().ok().map(|(read, _)| read)
}

fn lost(proc: ProcId, pid: Option<u32>) -> Run {
    Run { proc, pid, pidfd: None, birth: None, started: None, pid_file: None }
}

/// A duplicate with its tag; none when the system refuses.
fn duplicate(fd: &OwnedFd, tag: u32) -> Vec<(OwnedFd, u32)> {
    match fd.try_clone() {
        Ok(fd) => vec![(fd, tag)],
        Err(error) => {
            tracing::warn!(tag, %error, "a successor of this keeper would not get a descriptor");
            Vec::new()
        }
    }
}
