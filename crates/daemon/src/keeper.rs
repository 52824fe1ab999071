//! What the keeper tells: processes that are there, and those that are gone.

use crate::driver::Driver;
use crate::world::{World, tag};
use rpm_core::event::SpawnError;
use rpm_core::{Ending, Event, Generation, ProcId, Signal};
use rpm_keeper::wire::{FromKeeper, ToKeeper};
use rpm_sys::watch::Watch;
use std::io;
use std::os::fd::OwnedFd;

/// The keeper's socket as the runtime watches it.
pub(crate) struct KeeperEnd {
    /// `None` while there is no keeper.
    socket: Option<Watch>,
}

impl KeeperEnd {
    /// Watches a duplicate of the link's socket.
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Self> {
        Ok(Self { socket: Some(Watch::both(socket)?) })
    }

    /// There is no keeper any more.
    pub(crate) fn close(&mut self) {
        self.socket = None;
    }

    /// Comes back when there is something to read, or room to write where that is wanted.
    pub(crate) async fn ready(&self, write: bool) {
        let Some(socket) = &self.socket else {
            return std::future::pending().await;
        };
        if let Err(error) = socket.ready(write).await {
            tracing::error!(%error, "the keeper's socket cannot be watched");
        }
    }
}

impl Driver {
    /// Reads all that the keeper has sent.
    pub(crate) fn hear_keeper(&mut self, end: &mut KeeperEnd) {
        loop {
            match self.world.link.recv() {
                Ok(Some(news)) => self.hear(news),
                Ok(None) => return,
                Err(error) => {
                    tracing::debug!(%error, "the keeper's socket has ended");
                    self.keeper_died(end);
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
            FromKeeper::Welcome { .. } => self.keeper_listens(),
            FromKeeper::Renewed { errno: 0 } => {
                tracing::info!("the keeper is of this version, too");
            }
            FromKeeper::Renewed { errno } => {
                let error = io::Error::from_raw_os_error(errno);
                tracing::warn!(%error, "the keeper stays of the version before");
            }
            FromKeeper::Pong => self.world.closings.pong(),
            // The inventory is read before the loop begins.
            FromKeeper::Slot { .. } | FromKeeper::End => {}
        }
    }

    fn spawned(&mut self, generation: Generation, pid: u32, pidfd: OwnedFd) {
        if let Some(proc) = self.world.begun(generation, pid, pidfd) {
            self.events.push_back(Event::Spawned { proc, generation, pid });
        }
    }

    fn spawn_failed(&mut self, generation: Generation, what: &str, errno: i32) {
        let Some(proc) = self.world.place_of(generation) else {
            return;
        };
        self.world.spawn_failures += 1;
        let why = io::Error::from_raw_os_error(errno).to_string();
        let error = SpawnError { what: what.to_owned(), errno, why };
        self.events.push_back(Event::SpawnFailed { proc, generation, error });
    }

    fn exited(&mut self, generation: Generation, pid: u32, status: i32) {
        self.events.extend(self.world.exit_of(generation, pid, status));
    }
}

impl World {
    /// A run that is known has a process.
    pub(crate) fn begun(
        &mut self,
        generation: Generation,
        pid: u32,
        pidfd: OwnedFd,
    ) -> Option<ProcId> {
        let Some(run) = self.runs.get_mut(&generation) else {
            self.end_stranger(generation, pid, Some(&pidfd));
            return None;
        };
        run.pid = Some(pid);
        run.birth = rpm_sys::pidfd::identity(pid);
        run.pidfd = Some(pidfd);
        if let Some(path) = run.pid_file.clone() {
            self.store.pid_file(path, Some(pid));
        }
        self.channels.spawned(generation, pid);
        Some(run.proc)
    }

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

    /// Lets the keeper forget a run, but for what its log files still need.
    pub(crate) fn let_go(&mut self, generation: Generation, pid: u32) {
        if pid > 0 {
            self.link.send(ToKeeper::Ack { key: generation.0, pid });
        }
        if self.logging.contains(&generation) {
            self.release_tag(generation.0, tag::CHANNEL);
            self.release_tag(generation.0, tag::TOLD);
        } else {
            self.release(generation.0);
        }
    }

    /// No log file needs anything of a run.
    pub(crate) fn logs_released(&mut self, generation: Generation) {
        self.logging.remove(&generation);
        if !self.runs.contains_key(&generation) {
            return self.release(generation.0);
        }
        for tag in tag::LOGS {
            self.release_tag(generation.0, tag);
        }
    }

    /// Lets the keeper hold descriptors in a slot.
    pub(crate) fn hold(&mut self, key: u64, fds: Vec<(OwnedFd, u32)>) {
        self.held.put(key, 0, &fds);
        self.link.send(ToKeeper::Put { key, fds });
    }

    /// Lets the keeper let go of a slot.
    pub(crate) fn release(&mut self, key: u64) {
        self.held.drop(key);
        self.link.send(ToKeeper::Drop { key, tag: None });
    }

    /// Lets the keeper let go of one descriptor of a slot.
    fn release_tag(&mut self, key: u64, tag: u32) {
        self.held.drop_tag(key, tag);
        self.link.send(ToKeeper::Drop { key, tag: Some(tag) });
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
