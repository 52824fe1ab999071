//! A supervisor that takes over from one that died or was replaced.
//!
//! The keeper hands over what it holds: processes with their pidfds, the ends of their pipes and
//! channels, listening sockets, and exits that nobody has acted upon. The table is read from the
//! state file; where the two differ, the keeper is right about what runs.

use crate::channels::Inventory;
use crate::home::Home;
use crate::start::{sink, worker};
use crate::sweep::Survivors;
use crate::world::{CLIENTS_KEY, LAYOUT, LISTENER_KEYS, Run, State, World, tag};
use rpm_core::{Event, Generation, ProcId, Status, Supervisor};
use rpm_keeper::link::Link;
use rpm_keeper::wire::{FromKeeper, ToKeeper};
use rpm_proto::Stream;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;

/// What the keeper held for a predecessor.
#[derive(Debug, Default)]
pub(crate) struct Estate {
    /// How many supervisors there were before.
    pub(crate) predecessors: u64,
    /// The socket that clients connect to.
    pub(crate) clients: Option<OwnedFd>,
    slots: BTreeMap<u64, Slot>,
    listeners: Vec<(u64, OwnedFd)>,
    exits: Vec<(u64, u32, i32)>,
}

#[derive(Debug)]
struct Slot {
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
            FromKeeper::Slot { key, pid, pidfd, fds, .. } => estate.take(key, pid, pidfd, fds),
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
        let exits = self.exits.iter().map(|(key, _, _)| *key);
        Generation(self.slots.keys().copied().chain(exits).max().unwrap_or(0))
    }

    fn take(&mut self, key: u64, pid: u32, pidfd: Option<OwnedFd>, fds: Vec<(OwnedFd, u32)>) {
        let mut fds: BTreeMap<u32, OwnedFd> = fds.into_iter().map(|(fd, tag)| (tag, fd)).collect();
        if key == CLIENTS_KEY {
            self.clients = fds.remove(&tag::LISTENER);
        } else if key >= LISTENER_KEYS {
            self.listeners.extend(fds.remove(&tag::LISTENER).map(|fd| (key, fd)));
        } else {
            let slot =
                self.slots.entry(key).or_insert(Slot { pid, pidfd: None, fds: BTreeMap::new() });
            slot.pid = slot.pid.max(pid);
            slot.pidfd = pidfd.or(slot.pidfd.take());
            slot.fds.append(&mut fds);
        }
    }
}

/// The table as a predecessor left it; an empty one when there was none.
pub(crate) fn table(home: &Home, estate: &Estate) -> (Supervisor, String) {
    if estate.predecessors == 0 {
        return (Supervisor::new(), String::new());
    }
    let path = home.state();
    let state = std::fs::read(&path)
        .map_err(|error| error.to_string())
        .and_then(|bytes| {
            serde_json::from_slice::<State<Supervisor>>(&bytes).map_err(|error| error.to_string())
        })
        .and_then(|state| {
            if state.layout == LAYOUT {
                Ok(state)
            } else {
                Err(format!("its layout is {}, this version reads {LAYOUT}", state.layout))
            }
        });
    match state {
        Ok(state) => (state.supervisor, state.records),
        Err(error) => {
            tracing::error!(%path, error, "the table of the last supervisor cannot be read; starting with an empty one");
            (Supervisor::new(), String::new())
        }
    }
}

/// Ends what is left of a life of this home that did not end well: its keeper was killed, so that
/// its processes run on without anybody. They hold ports, and whoever starts them again does not
/// know of them.
pub(crate) async fn end_survivors(home: &Home, mark: &str) {
    let state = home.state();
    if !state.exists() {
        return;
    }
    let survivors = Survivors::end(mark);
    let count = survivors.count();
    survivors.gone().await;
    tracing::warn!(count, "the last keeper did not end well; ended the processes it left");
    // It told only that; `rpm resurrect` restores what was saved.
    std::fs::remove_file(&state).ok();
}

impl World {
    /// Takes over the runs of a predecessor. Returns what the core must be told of them.
    pub(crate) fn take_over(
        &mut self,
        supervisor: &Supervisor,
        records: String,
        mut estate: Estate,
    ) -> VecDeque<Event> {
        let mut events = VecDeque::new();
        let mut workers = Vec::new();
        for (proc, generation, pid) in supervisor.runs() {
            let Some(slot) = estate.slots.remove(&generation.0) else {
                let how = rpm_core::Ending::Unknown;
                self.runs.insert(generation, lost(proc, pid));
                events.push_back(Event::Exited { proc, generation, how });
                continue;
            };
            workers.extend(self.adopt(supervisor, (proc, generation), pid, slot, &mut events));
        }
        for (key, slot) in std::mem::take(&mut estate.slots) {
            tracing::warn!(
                generation = key,
                pid = slot.pid,
                "a process that the table does not know; ending it"
            );
            self.end_stranger(Generation(key), &slot);
        }
        for (key, pid, status) in std::mem::take(&mut estate.exits) {
            events.extend(self.exit_of(Generation(key), pid, status));
        }
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
        for (tag, stream) in [(tag::OUT, Stream::Out), (tag::ERR, Stream::Err)] {
            if let Some(pipe) = slot.fds.remove(&tag) {
                let run = (proc, generation);
                self.logs.open(sink(instance.spec, run, &paths, stream, pipe));
            }
        }
        if instance.generation == Some(generation) && instance.status == Status::Online {
            self.logs.settle(generation);
        }
        let pid = (slot.pid > 0).then_some(slot.pid);
        let pidfd = slot.pidfd.take();
        let run = Run { proc, pid, pidfd, started: None, pid_file: paths.pid };
        self.runs.insert(generation, run);
        if let (None, Some(pid)) = (known_pid, pid) {
            events.push_back(Event::Spawned { proc, generation, pid });
        }
        let channel = slot.fds.remove(&tag::CHANNEL)?;
        let pid = pid.unwrap_or(0);
        Some(worker(instance.spec, (proc, generation), instance.slot, channel, pid))
    }

    fn end_stranger(&mut self, generation: Generation, slot: &Slot) {
        match &slot.pidfd {
            Some(pidfd) => {
                let kill = rpm_core::Signal::KILL.0;
                if let Err(error) = rpm_sys::tree::kill_tree(slot.pid, pidfd, kill) {
                    tracing::warn!(pid = slot.pid, %error, "could not end it");
                }
            }
            None => self.let_go(generation, 0),
        }
    }
}

fn lost(proc: ProcId, pid: Option<u32>) -> Run {
    Run { proc, pid, pidfd: None, started: None, pid_file: None }
}
