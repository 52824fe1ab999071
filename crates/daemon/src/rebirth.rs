//! A keeper that follows a killed one.
//!
//! The supervisor outlives its keeper: it starts another, gives it all that the last one held, and
//! goes on. Services that were the old one's children are others' by now; their ends are seen by
//! the descriptors that name them.

use crate::driver::Driver;
use crate::keeper::KeeperEnd;
use crate::start::Start;
use crate::world::{Over, World};
use crate::{clock, launch};
use rpm_core::{Ending, Event, Generation, Mono, ProcId};
use rpm_keeper::wire::ToKeeper;
use rpm_keeper::{Adoption, End};
use rpm_sys::{pidfd, process, tree};
use std::io;
use std::os::fd::OwnedFd;

/// The first wait after a keeper could not be started, in ms; each further one is twice as long.
const WAIT_MS: u64 = 50;
/// No wait is longer.
const WAIT_MAX_MS: u64 = 5000;

impl Driver {
    /// The keeper is gone.
    pub(crate) fn keeper_died(&mut self, end: &mut KeeperEnd) {
        end.close();
        let keeper = &mut self.world.keeper;
        if let Some(Ok(Some(End::AlreadyRunning))) = keeper.adoption.take().map(Adoption::ended) {
            tracing::error!("another keeper has this home and a supervisor of its own; ending");
            self.world.over = Some(Over::Superseded);
            return;
        }
        if keeper.listens {
            tracing::error!("the keeper is gone; starting another, which gets all that it held");
            keeper.listens = false;
            self.raise_keeper(end);
        } else {
            self.wait_for_keeper(&"it ended before it listened");
        }
    }

    /// Starts a keeper in place of the one that is gone.
    pub(crate) fn raise_keeper(&mut self, end: &mut KeeperEnd) {
        self.world.keeper.due = None;
        self.world.closings.keeper_gone();
        match self.world.raise_keeper() {
            Ok(watched) => *end = watched,
            Err(error) => return self.wait_for_keeper(&error),
        }
        for (proc, generation) in self.world.lost_spawns() {
            self.events.push_back(match self.world.found(generation) {
                Some(pid) => Event::Spawned { proc, generation, pid },
                None => Event::Exited { proc, generation, how: Ending::Unknown },
            });
        }
        self.world.hand_all_over();
    }

    /// The keeper has all that it was given, or is the one that greeted this supervisor.
    pub(crate) fn keeper_listens(&mut self) {
        let keeper = &mut self.world.keeper;
        if std::mem::replace(&mut keeper.listens, true) {
            return;
        }
        keeper.wait_ms = WAIT_MS;
        tracing::warn!(keeper = keeper.pid, "another keeper has taken over");
        for start in std::mem::take(&mut self.world.delayed) {
            let Start { proc, generation, .. } = start;
            if let Err(error) = self.world.start(start) {
                self.world.runs.remove(&generation);
                self.events.push_back(Event::SpawnFailed { proc, generation, error });
            }
        }
    }

    fn wait_for_keeper(&mut self, why: &dyn std::fmt::Display) {
        let keeper = &mut self.world.keeper;
        let wait_ms = keeper.wait_ms;
        keeper.wait_ms = (wait_ms * 2).min(WAIT_MAX_MS);
        keeper.due = Some(clock::now().mono.after(wait_ms));
        tracing::error!(
            %why,
            wait_ms,
            "no keeper can be started; trying again. Apps go on, but none can be started"
        );
    }
}

impl World {
    fn raise_keeper(&mut self) -> io::Result<KeeperEnd> {
        let home = self.home.root().as_std_path();
        let binary = self.keeper.binary.try_clone()?;
        let mut adoption = rpm_keeper::start_adopting(home, binary).map_err(io::Error::other)?;
        // The one that is swapped in is of the keeper that is gone.
        std::mem::swap(&mut self.link, &mut adoption.link);
        self.keeper.pid = adoption.pid();
        self.keeper.has_foreign = true;
        self.keeper.adoption = Some(adoption);
        crate::watch(&self.link)
    }

    /// Gives a keeper that holds nothing all processes and descriptors.
    pub(crate) fn hand_all_over(&mut self) {
        let process = |key: u64| {
            let run = self.runs.get(&Generation(key))?;
            Some((run.pid?, run.pidfd.as_ref()?))
        };
        for message in self.held.messages(process) {
            match message {
                Ok(message) => self.link.send(message),
                Err(error) => tracing::error!(%error, "the keeper could not be given a process"),
            }
        }
        self.link.send(ToKeeper::AdoptEnd);
    }

    /// Runs that the keeper was asked for and did not tell of.
    fn lost_spawns(&self) -> Vec<(ProcId, Generation)> {
        let unknown = self.runs.iter().filter(|(_, run)| run.pid.is_none());
        unknown.map(|(generation, run)| (run.proc, *generation)).collect()
    }

    /// Looks for the process of a run that was begun without a word of it.
    fn found(&mut self, generation: Generation) -> Option<u32> {
        let marker = format!("{}={}", launch::MARKER, launch::marker(&self.mark, generation));
        // Children of it have the variable, too; they are younger.
        let main = tree::find_marked(marker.as_bytes())
            .into_iter()
            .filter(|found| found.rest.is_empty() && found.stat.session == found.stat.pid)
            .min_by_key(|found| (found.stat.started, found.stat.pid))?;
        let pid = main.stat.pid;
        let open = pidfd::open(pid).ok()?;
        if pidfd::identity(pid) != Some(main.stat.started) {
            return None;
        }
        self.begun(generation, pid, open);
        Some(pid)
    }
}

/// The keeper as the supervisor knows it.
#[derive(Debug)]
pub(crate) struct Keeper {
    /// Its process.
    pub(crate) pid: u32,
    /// It has all that it is to hold; else starts have to wait.
    pub(crate) listens: bool,
    /// When another is tried to be started.
    pub(crate) due: Option<Mono>,
    /// Services may be the children of others than the keeper.
    pub(crate) has_foreign: bool,
    /// Started by this process, and still to be reaped by it.
    adoption: Option<Adoption>,
    /// What it runs: this program, whatever becomes of its file.
    binary: OwnedFd,
    wait_ms: u64,
}

impl Keeper {
    /// The one that started this process.
    pub(crate) fn of_process() -> io::Result<Self> {
        Ok(Self {
            pid: process::parent(),
            listens: true,
            due: None,
            has_foreign: false,
            adoption: None,
            binary: process::open_self()?,
            wait_ms: WAIT_MS,
        })
    }

    /// Who becomes the parent of a service's orphans.
    pub(crate) fn reapers(&self) -> Vec<u32> {
        let mut reapers = vec![self.pid];
        if self.has_foreign {
            // Whoever inherited from a keeper that was killed also is our parent or the keeper's.
            reapers.push(process::parent());
            reapers.extend(tree::stat(self.pid).map(|stat| stat.ppid));
        }
        reapers.retain(|pid| *pid > 0 && *pid != std::process::id());
        reapers.sort_unstable();
        reapers.dedup();
        reapers
    }
}
