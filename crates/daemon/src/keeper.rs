//! What the keeper tells: processes that are there, and those that are gone.

use crate::driver::Driver;
use crate::world::{Over, World};
use rpm_core::event::SpawnError;
use rpm_core::{Ending, Event, Generation, Signal};
use rpm_keeper::wire::{FromKeeper, ToKeeper};
use rpm_sys::watch::Watch;
use std::io;
use std::os::fd::OwnedFd;

/// The keeper's socket as the runtime watches it.
pub(crate) struct KeeperEnd {
    socket: Watch,
}

impl KeeperEnd {
    /// Watches a duplicate of the link's socket.
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Self> {
        Ok(Self { socket: Watch::both(socket)? })
    }

    /// Comes back when there is something to read, or room to write where that is wanted.
    pub(crate) async fn ready(&self, write: bool) {
        if let Err(error) = self.socket.ready(write).await {
            tracing::error!(%error, "the keeper's socket cannot be watched");
        }
    }
}

impl Driver {
    /// Reads all that the keeper has sent.
    pub(crate) fn hear_keeper(&mut self, _end: &mut KeeperEnd) {
        loop {
            match self.world.link.recv() {
                Ok(Some(news)) => self.hear(news),
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(
                        %error,
                        "the keeper is gone; ending, as nothing can be supervised without it. \
                         Processes that go on are ended by the next start"
                    );
                    self.world.over = Some(Over::Orphaned);
                    return;
                }
            }
        }
    }

    fn hear(&mut self, news: FromKeeper) {
        match news {
            FromKeeper::Spawned { key, pid, pidfd, .. } => {
                self.spawned(Generation(key), pid, pidfd);
            }
            FromKeeper::SpawnFailed { key, stage, errno, .. } => {
                self.spawn_failed(Generation(key), &stage.to_string(), errno);
            }
            FromKeeper::Exit { key, pid, status, .. } => self.exited(Generation(key), pid, status),
            FromKeeper::Signal(number) => {
                tracing::info!(signal = %Signal(number), "the keeper was signalled");
                match Signal(number) {
                    Signal::TERM | Signal::INT => self.shut_down(),
                    Signal(12) => self.world.reopen_logs(),
                    _ => {}
                }
            }
            // The inventory is read before the loop begins.
            FromKeeper::Welcome { .. }
            | FromKeeper::Slot { .. }
            | FromKeeper::End
            | FromKeeper::Pong
            | FromKeeper::Renewed { .. } => {}
        }
    }

    fn spawned(&mut self, generation: Generation, pid: u32, pidfd: OwnedFd) {
        let Some(run) = self.world.runs.get_mut(&generation) else {
            return;
        };
        run.pid = Some(pid);
        run.pidfd = Some(pidfd);
        let proc = run.proc;
        if let Some(path) = run.pid_file.clone() {
            self.world.store.pid_file(path, Some(pid));
        }
        self.world.channels.spawned(generation, pid);
        self.events.push_back(Event::Spawned { proc, generation, pid });
    }

    fn spawn_failed(&mut self, generation: Generation, what: &str, errno: i32) {
        let Some(proc) = self.world.place_of(generation) else {
            return;
        };
        let why = io::Error::from_raw_os_error(errno).to_string();
        let error = SpawnError { what: what.to_owned(), errno, why };
        self.events.push_back(Event::SpawnFailed { proc, generation, error });
    }

    fn exited(&mut self, generation: Generation, pid: u32, status: i32) {
        self.events.extend(self.world.exit_of(generation, pid, status));
    }
}

impl World {
    /// The end of a run's main process. Its slot is let go when the core has acted upon it, or at
    /// once when nobody knows it.
    pub(crate) fn exit_of(
        &mut self,
        generation: Generation,
        pid: u32,
        status: i32,
    ) -> Option<Event> {
        self.channels.gone(generation);
        self.logs.gone(generation);
        let Some(proc) = self.place_of(generation) else {
            self.let_go(generation, pid);
            return None;
        };
        Some(Event::Exited { proc, generation, how: ending(status) })
    }

    /// Lets the keeper forget a run.
    pub(crate) fn let_go(&mut self, generation: Generation, pid: u32) {
        if pid > 0 {
            self.link.send(ToKeeper::Ack { key: generation.0, pid });
        }
        self.link.send(ToKeeper::Drop { key: generation.0, tag: None });
    }
}

/// Reads a wait status, `wait(2)`.
fn ending(status: i32) -> Ending {
    match rpm_sys::process::wait_status(status) {
        rpm_sys::process::WaitStatus::Exited(code) => Ending::Code(code),
        rpm_sys::process::WaitStatus::Signalled(signal) => Ending::Signal(Signal(signal)),
        rpm_sys::process::WaitStatus::Unknown => Ending::Unknown,
    }
}
