//! What is known of each descriptor, in memory that is shared with the guard.
//!
//! The writer may be killed between any two stores, so a mark's words are written before its kind.
//! There is one writer; the guard reads when that has ended.

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};

/// Descriptors with higher numbers cannot be marked.
const PLACES: usize = 1 << 16;
/// Places before the first descriptor's: the bounds, and what is expected.
const HEAD: usize = 2;
/// Where in the first place the highest marked number is.
const HIGHEST: usize = 0;
/// Where in the first place the number of the listening socket is.
const LISTENER: usize = 1;

type Place = [AtomicU64; 4];

/// What is known of one descriptor. The meaning is the writer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What the words say; 0 is no mark.
    pub kind: u64,
    /// More about it.
    pub words: [u64; 3],
}

/// The marks of all descriptors. Copies are the same marks; the memory is never given back.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    places: &'static [Place],
}

impl Marks {
    /// Memory without marks; a page is used when it is first written to.
    pub fn new() -> io::Result<Self> {
        let count = HEAD + PLACES;
        let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: maps new memory at a place of the kernel's choice.
        let start = unsafe {
            mmap_anonymous(std::ptr::null_mut(), count * size_of::<Place>(), protection, flags)
        }?;
        // SAFETY: it is so long, aligned to a page, never unmapped, and zeroes are valid atomics.
        let places = unsafe { std::slice::from_raw_parts(start.cast::<Place>(), count) };
        Ok(Self { places })
    }

    /// A connection of this listening socket is about to arrive, to be marked so.
    pub fn expect(&self, listener: BorrowedFd<'_>, mark: Mark) {
        let number = u64::try_from(listener.as_raw_fd()).unwrap_or(u64::MAX);
        self.places[0][LISTENER].store(number, Ordering::Release);
        write(&self.places[1], mark.words);
        self.places[1][0].store(mark.kind, Ordering::Release);
    }

    /// It has arrived and is marked, or did not arrive.
    pub fn arrived(&self) {
        self.places[1][0].store(0, Ordering::Release);
    }

    /// Writes the words of a descriptor. Its kind must be one to which they do not matter.
    pub fn write(&self, fd: BorrowedFd<'_>, words: [u64; 3]) {
        if let Some(place) = self.place(fd.as_raw_fd()) {
            write(place, words);
        }
    }

    /// Says what the words of a descriptor mean. Kind 0, before it is closed, removes the mark.
    pub fn set_kind(&self, fd: BorrowedFd<'_>, kind: u64) {
        let Some(place) = self.place(fd.as_raw_fd()) else {
            return;
        };
        let number = u64::try_from(fd.as_raw_fd()).unwrap_or(0);
        self.places[0][HIGHEST].fetch_max(number, Ordering::Release);
        place[0].store(kind, Ordering::Release);
    }

    /// The mark of a descriptor.
    pub(super) fn get(&self, fd: RawFd) -> Option<Mark> {
        read(self.place(fd)?)
    }

    /// The numbers that may be marked.
    pub(super) fn numbers(&self) -> std::ops::RangeInclusive<RawFd> {
        let highest = self.places[0][HIGHEST].load(Ordering::Acquire);
        0..=RawFd::try_from(highest).unwrap_or(0)
    }

    /// All numbers that could be marked.
    pub(super) fn all_numbers() -> std::ops::Range<RawFd> {
        0..RawFd::try_from(PLACES).unwrap_or(RawFd::MAX)
    }

    /// The listening socket of which a connection may have arrived, and how to mark it.
    pub(super) fn expected(&self) -> Option<(RawFd, Mark)> {
        let mark = read(&self.places[1])?;
        let listener = self.places[0][LISTENER].load(Ordering::Acquire);
        Some((RawFd::try_from(listener).ok()?, mark))
    }

    fn place(&self, fd: RawFd) -> Option<&Place> {
        self.places.get(HEAD.checked_add(usize::try_from(fd).ok()?)?)
    }
}

impl Mark {
    /// Its length as bytes.
    pub const LEN: usize = 32;

    /// For another process of this machine.
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let [a, b, c] = self.words;
        for (place, word) in bytes.chunks_exact_mut(8).zip([self.kind, a, b, c]) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }

    /// From [`Self::to_bytes`].
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        let mut words = [0; 4];
        for (word, part) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = part.try_into().map_or(0, u64::from_ne_bytes);
        }
        let [kind, a, b, c] = words;
        Self { kind, words: [a, b, c] }
    }
}

fn write(place: &Place, words: [u64; 3]) {
    for (place, word) in place[1..].iter().zip(words) {
        place.store(word, Ordering::Release);
    }
}

fn read(place: &Place) -> Option<Mark> {
    let kind = place[0].load(Ordering::Acquire);
    let word = |index: usize| place[index].load(Ordering::Acquire);
    (kind != 0).then(|| Mark { kind, words: [word(1), word(2), word(3)] })
}
