//! What the keeper and the supervisor say to each other.
//!
//! One message is one packet of a socket pair: a header of 48 bytes, at most 16 KiB, at most 250
//! descriptors. A packet is checked whole before any of it is used; one of bad form is dropped, with
//! its descriptors.

mod frame;
mod news;
mod request;
#[cfg(test)]
mod tests;

pub use frame::{BadFrame, FDS_MAX};
pub(crate) use frame::{Frame, PACKET_MAX, spawn_in};
pub(crate) use news::{SlotsFrame, frames};

use rpm_sys::spawn;
use std::fmt;
use std::os::fd::OwnedFd;

/// Spoken by both ends; packets of another version are of bad form.
pub const VERSION: u16 = 1;
/// The supervisor finds its end of the socket pair here.
pub const LINK_FD: i32 = 3;

/// What the supervisor says.
#[derive(Debug)]
pub enum ToKeeper {
    /// The first message.
    Hello,
    /// All has been taken over. An upgrade is final, and the restart delay begins anew.
    Ready,
    /// Start a program. Answered by [`FromKeeper::Spawned`] or [`FromKeeper::SpawnFailed`]. Refused
    /// while the slot has a process, an exit that is not acknowledged, or a failure that is not
    /// dropped. Several may be under way.
    Spawn {
        /// Named in the answer.
        seq: u64,
        /// The slot.
        key: u64,
        /// A number to remember, told to successors.
        aux: u64,
        /// A [`LaunchSpec`](crate::launch::LaunchSpec) in sealed memory.
        spec: OwnedFd,
        /// The program's descriptors, and the numbers under which it finds them.
        child_fds: Vec<(OwnedFd, i32)>,
        /// Descriptors for the keeper to hold, with tags.
        hold: Vec<(OwnedFd, u32)>,
    },
    /// Hold descriptors in a slot. One with a tag that is there already takes its place.
    Put {
        /// The slot.
        key: u64,
        /// Descriptors with tags.
        fds: Vec<(OwnedFd, u32)>,
    },
    /// Let go of the descriptors of a slot and of a failure it remembers, or of those with one tag.
    Drop {
        /// The slot.
        key: u64,
        /// One tag only.
        tag: Option<u32>,
    },
    /// This exit has been acted upon.
    Ack {
        /// The slot.
        key: u64,
        /// Whose exit.
        pid: u32,
    },
    /// The next supervisor is this binary. The one before is kept until the new one is ready, and
    /// used again when it dies before.
    Upgrade {
        /// Opened for reading.
        binary: OwnedFd,
    },
    /// The keeper itself is to become this binary, with all that it holds. Answered by
    /// [`FromKeeper::Renewed`].
    UpgradeKeeper {
        /// Opened for reading.
        binary: OwnedFd,
    },
    /// From a supervisor that outlived its keeper: a process to watch over. Refused, with a word in
    /// the log, while the slot has one.
    Adopt {
        /// The slot.
        key: u64,
        /// As of [`ToKeeper::Spawn`].
        aux: u64,
        /// Not a child of the keeper.
        pid: u32,
        /// Names it. It may have ended: then its exit is told.
        pidfd: OwnedFd,
        /// Descriptors with tags.
        fds: Vec<(OwnedFd, u32)>,
    },
    /// The keeper has now all that its predecessor had. Stands for [`ToKeeper::Ready`], and is
    /// answered by a greeting without slots.
    AdoptEnd,
    /// My next exit is final.
    Stop,
    /// Answer with [`FromKeeper::Pong`].
    Ping,
}

/// What the keeper says.
///
/// Each supervisor is greeted with the inventory: `Welcome`, `Slot`s, `Exit`s, `End`. Spawns whose
/// outcome comes to be known later, and failures that were not dropped, are told after that.
#[derive(Debug)]
pub enum FromKeeper {
    /// The first message.
    Welcome {
        /// How many supervisors there were before.
        restarts: u64,
        /// When the last one died, in ms of the monotonic clock; 0 for the first.
        died_at_ms: u64,
    },
    /// What a slot holds. A slot with many descriptors comes in several pieces.
    Slot {
        /// The slot.
        key: u64,
        /// As it was given.
        aux: u64,
        /// Its process, also when that has ended and the exit is not acknowledged; 0 when there is
        /// none, or when it is not known yet whether its program begins.
        pid: u32,
        /// Names the process, unless it has ended. Comes with the first piece.
        pidfd: Option<OwnedFd>,
        /// Descriptors with tags.
        fds: Vec<(OwnedFd, u32)>,
    },
    /// A process has ended. Told to each supervisor, once, until one acknowledges it.
    Exit {
        /// The slot.
        key: u64,
        /// The process.
        pid: u32,
        /// As of `wait(2)`.
        status: i32,
        /// When, in ms of the monotonic clock.
        at_ms: u64,
    },
    /// The inventory is complete.
    End,
    /// A program has begun. Always before its exit.
    Spawned {
        /// As of the request.
        seq: u64,
        /// The slot.
        key: u64,
        /// The process.
        pid: u32,
        /// Names it.
        pidfd: OwnedFd,
    },
    /// A program could not be started. Told to each supervisor until one drops the slot.
    SpawnFailed {
        /// As of the request.
        seq: u64,
        /// The slot.
        key: u64,
        /// The step that failed.
        stage: Stage,
        /// Why, `errno(3)`.
        errno: i32,
    },
    /// The keeper got this signal.
    Signal(i32),
    /// Answers [`ToKeeper::Ping`].
    Pong,
    /// Answers [`ToKeeper::UpgradeKeeper`].
    Renewed {
        /// 0 when the keeper runs the new binary; else why it runs the one before, `errno(3)`.
        errno: i32,
    },
}

/// A step on the way from a request to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The request did not reach the keeper whole.
    Request,
    /// The slot is in use.
    Slot,
    /// What to start is not understood.
    Spec,
    /// A step of the process.
    Process(spawn::Stage),
}

impl Stage {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Request => 128,
            Self::Slot => 129,
            Self::Spec => 130,
            Self::Process(stage) => stage.number(),
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        match number {
            128 => Some(Self::Request),
            129 => Some(Self::Slot),
            130 => Some(Self::Spec),
            _ => spawn::Stage::from_number(number).map(Self::Process),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => f.write_str("passing the request on"),
            Self::Slot => f.write_str("finding a free slot"),
            Self::Spec => f.write_str("reading what to start"),
            Self::Process(stage) => stage.fmt(f),
        }
    }
}
