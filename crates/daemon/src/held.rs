//! What the keeper holds, as it was given: what a keeper that follows a killed one is given anew.

use rpm_keeper::wire::ToKeeper;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;

/// Duplicates of all descriptors that the keeper holds, by slot and tag.
#[derive(Debug, Default)]
pub(crate) struct Held {
    slots: BTreeMap<u64, Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    aux: u64,
    fds: BTreeMap<u32, OwnedFd>,
}

impl Held {
    /// Takes note of descriptors that the keeper is about to be given.
    pub(crate) fn put(&mut self, key: u64, aux: u64, fds: &[(OwnedFd, u32)]) {
        let slot = self.slots.entry(key).or_default();
        slot.aux = aux;
        for (fd, tag) in fds {
            match fd.try_clone() {
                Ok(fd) => drop(slot.fds.insert(*tag, fd)),
                Err(error) => {
                    tracing::warn!(key, tag, %error, "a successor of this keeper would not get a descriptor");
                }
            }
        }
    }

    /// The keeper lets go of a slot.
    pub(crate) fn drop(&mut self, key: u64) {
        self.slots.remove(&key);
    }

    /// The keeper lets go of one descriptor of a slot.
    pub(crate) fn drop_tag(&mut self, key: u64, tag: u32) {
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.fds.remove(&tag);
        }
    }

    /// All that a keeper which holds nothing must be told; `process` knows the one of a slot, if
    /// there is any.
    pub(crate) fn messages<'a>(
        &'a self,
        process: impl Fn(u64) -> Option<(u32, &'a OwnedFd)> + 'a,
    ) -> impl Iterator<Item = io::Result<ToKeeper>> + 'a {
        self.slots.iter().map(move |(key, slot)| {
            let clone = |(tag, fd): (&u32, &OwnedFd)| Ok((fd.try_clone()?, *tag));
            let fds = slot.fds.iter().map(clone).collect::<io::Result<Vec<_>>>()?;
            Ok(match process(*key) {
                Some((pid, pidfd)) => {
                    let pidfd = pidfd.try_clone()?;
                    ToKeeper::Adopt { key: *key, aux: slot.aux, pid, pidfd, fds }
                }
                None => ToKeeper::Put { key: *key, fds },
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn null() -> OwnedFd {
        rpm_sys::process::open_null().unwrap()
    }

    #[test]
    fn a_new_keeper_is_told_what_is_held_and_no_more() {
        let mut held = Held::default();
        held.put(0, 0, &[(null(), 11)]);
        held.put(7, 3, &[(null(), 1), (null(), 2)]);
        held.put(7, 3, &[(null(), 2)]);
        held.put(7, 3, &[(null(), 9)]);
        held.drop_tag(7, 9);
        held.put(8, 4, &[(null(), 1)]);
        held.drop(8);
        let pidfd = null();
        let process = |key| (key == 7).then_some((70, &pidfd));
        let messages: Vec<ToKeeper> = held.messages(process).collect::<Result<_, _>>().unwrap();
        match &*messages {
            [
                ToKeeper::Put { key: 0, fds: socket },
                ToKeeper::Adopt { key: 7, aux: 3, pid: 70, fds, .. },
            ] => {
                assert_eq!((socket.len(), fds.len()), (1, 2));
            }
            other => panic!("{other:?}"),
        }
    }
}
