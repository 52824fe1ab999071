//! What apps tell of themselves once, held for a successor: an app would not tell it again.

use crate::world::{World, tag};
use rpm_core::Generation;
use rpm_keeper::wire::ToKeeper;
use rpm_proto::Told;
use std::io;
use std::os::fd::OwnedFd;

/// More than is ever kept of one app.
const TOLD_MAX: usize = 16 * 1024 * 1024;

impl World {
    /// What a run has told is to be kept with the next changes of the table.
    pub(crate) fn keep_told(&mut self, generation: Generation) {
        self.told_anew.insert(generation);
        self.touch();
    }

    /// Gives the keeper what runs have told since the last time.
    pub(crate) fn hand_told(&mut self) {
        for generation in std::mem::take(&mut self.told_anew) {
            let (Some(told), Some(run)) = (self.told.get(&generation), self.runs.get(&generation))
            else {
                continue;
            };
            let owner = u64::from(run.proc.0);
            match in_memory(told) {
                Ok(fd) => {
                    let fds = vec![(fd, tag::TOLD)];
                    self.held.put(generation.0, owner, &fds);
                    self.link.send(ToKeeper::Put { key: generation.0, fds });
                }
                Err(error) => {
                    tracing::warn!(%generation, %error, "a successor would not know its actions");
                }
            }
        }
    }

    /// Takes over what a run has told a predecessor.
    pub(crate) fn recall(&mut self, generation: Generation, memory: OwnedFd) {
        let read = rpm_sys::memfd::read(memory, TOLD_MAX)
            .and_then(|bytes| Ok(serde_json::from_slice::<Told>(&bytes)?));
        match read {
            Ok(told) => drop(self.told.insert(generation, told)),
            Err(error) => tracing::warn!(%generation, %error, "what it told is forgotten"),
        }
    }
}

/// All but its figures, which it tells again.
fn in_memory(told: &Told) -> io::Result<OwnedFd> {
    let lasting = Told { monitor: serde_json::Map::new(), ..told.clone() };
    rpm_sys::memfd::sealed("rpm-told", &serde_json::to_vec(&lasting)?)
}
