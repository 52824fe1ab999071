//! A disk whose power can be cut between any two steps.
//!
//! What was not synced is kept, dropped or torn, sector by sector; a length is anywhere between
//! what was synced and what was written; names are as they were at some moment since the folder was
//! last synced. When only the process dies, all that it has done is there.

use super::rng::Rng;
use crate::disk::Disk;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;

const SECTOR: usize = 512;

type Names = BTreeMap<String, usize>;

/// A sync that a careless writer would have left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Omit {
    Nothing,
    /// Records are not synced.
    Appends,
    /// The new file is renamed before it is synced.
    Aside,
    /// The folder is not synced after the rename.
    Folder,
}

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The process is killed.
    Process,
    /// The power is cut.
    Power,
}

#[derive(Clone)]
pub(super) struct Sim(Rc<RefCell<State>>);

struct State {
    rng: Rng,
    omit: Omit,
    inodes: Vec<Inode>,
    names: Names,
    /// What the folder may look like after the power was cut: the synced state and all since.
    kept_names: Vec<Names>,
    /// Steps until the process dies.
    fuse: Option<u64>,
    dead: bool,
    /// One in so many steps fails; 0 for none.
    errors: usize,
    steps: u64,
}

#[derive(Clone, Default)]
struct Inode {
    cache: Vec<u8>,
    synced: Vec<u8>,
}

impl Sim {
    pub(super) fn new(seed: u64, omit: Omit) -> Self {
        Self(Rc::new(RefCell::new(State {
            rng: Rng(seed),
            omit,
            inodes: Vec::new(),
            names: Names::new(),
            kept_names: vec![Names::new()],
            fuse: None,
            dead: false,
            errors: 0,
            steps: 0,
        })))
    }

    /// The process dies at its step `fuse` from now; one in `errors` steps fails.
    pub(super) fn arm(&self, fuse: Option<u64>, errors: usize) {
        let mut state = self.0.borrow_mut();
        state.fuse = fuse;
        state.errors = errors;
        state.dead = false;
    }

    pub(super) fn is_dead(&self) -> bool {
        self.0.borrow().dead
    }

    pub(super) fn steps(&self) -> u64 {
        self.0.borrow().steps
    }

    /// What is there for the next life.
    pub(super) fn end(&self, how: End) {
        let mut state = self.0.borrow_mut();
        let state = &mut *state;
        if how == End::Power {
            let moment = state.rng.below(state.kept_names.len());
            state.names = state.kept_names[moment].clone();
            state.kept_names = vec![state.names.clone()];
            for inode in state.names.values() {
                state.inodes[*inode].lose(&mut state.rng);
            }
        }
        let named: BTreeSet<usize> =
            state.kept_names.iter().flat_map(Names::values).copied().collect();
        for (at, inode) in state.inodes.iter_mut().enumerate() {
            if !named.contains(&at) && !state.names.values().any(|named| *named == at) {
                *inode = Inode::default();
            }
        }
    }

    /// What the next power cut leaves is another draw.
    pub(super) fn reseed(&self, seed: u64) {
        self.0.borrow_mut().rng = Rng(seed);
    }
}

impl Inode {
    fn lose(&mut self, rng: &mut Rng) {
        let (short, long) = {
            let (a, b) = (self.cache.len(), self.synced.len());
            (a.min(b), a.max(b))
        };
        let len = match rng.below(4) {
            0 => short,
            1 => long,
            _ => short + rng.below(long - short + 1),
        };
        let mut left = Vec::with_capacity(len);
        for start in (0..len).step_by(SECTOR) {
            let end = len.min(start + SECTOR);
            let of = |bytes: &[u8]| {
                (start..end).map(|at| bytes.get(at).copied().unwrap_or(0)).collect::<Vec<u8>>()
            };
            let (old, new) = (of(&self.synced), of(&self.cache));
            let fresh = start >= self.synced.len();
            match rng.below(3) {
                0 => left.extend(old),
                1 if fresh && old != new => left.extend((start..end).map(|_| rng.byte())),
                _ => left.extend(new),
            }
        }
        self.cache.clone_from(&left);
        self.synced = left;
    }
}

impl State {
    /// One step; `Err` when the process dies before it, or the system refuses it.
    fn step(&mut self) -> io::Result<()> {
        if self.dead {
            return Err(io::Error::other("dead"));
        }
        self.steps += 1;
        if let Some(fuse) = &mut self.fuse {
            if *fuse == 0 {
                self.dead = true;
                return Err(io::Error::other("killed"));
            }
            *fuse -= 1;
        }
        if self.errors > 0 && self.rng.one_in(self.errors) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn named(&mut self) {
        self.kept_names.push(self.names.clone());
    }
}

/// An open file: its inode, and whether it was made as the next one.
pub(super) struct Open {
    inode: usize,
    aside: bool,
}

impl Disk for Sim {
    type File = Open;

    fn create(&mut self, name: &str) -> io::Result<Open> {
        let mut state = self.0.borrow_mut();
        state.step()?;
        state.inodes.push(Inode::default());
        let inode = state.inodes.len() - 1;
        state.names.insert(name.to_owned(), inode);
        state.named();
        Ok(Open { inode, aside: true })
    }

    fn open(&mut self, name: &str) -> io::Result<Option<(Open, Vec<u8>)>> {
        let state = self.0.borrow();
        Ok(state.names.get(name).map(|inode| {
            (Open { inode: *inode, aside: false }, state.inodes[*inode].cache.clone())
        }))
    }

    fn append(&mut self, file: &mut Open, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        let alive = !state.dead;
        let done = state.step();
        let written = match &done {
            Ok(()) => bytes.len(),
            Err(_) if alive => state.rng.below(bytes.len() + 1),
            Err(_) => 0,
        };
        state.inodes[file.inode].cache.extend_from_slice(&bytes[..written]);
        done
    }

    fn cut(&mut self, file: &mut Open, len: u64) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        // It needs no room; a kill before it is one before the error it follows.
        if state.dead {
            return Err(io::Error::other("dead"));
        }
        state.inodes[file.inode].cache.truncate(usize::try_from(len).unwrap());
        Ok(())
    }

    fn sync(&mut self, file: &mut Open) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.step()?;
        let omitted = if file.aside { Omit::Aside } else { Omit::Appends };
        file.aside = false;
        if state.omit != omitted {
            let inode = &mut state.inodes[file.inode];
            inode.synced.clone_from(&inode.cache);
        }
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.step()?;
        let inode = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), inode);
        state.named();
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.step()?;
        if state.names.remove(name).is_some() {
            state.named();
        }
        Ok(())
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.step()?;
        if state.omit != Omit::Folder {
            state.kept_names = vec![state.names.clone()];
        }
        Ok(())
    }
}
