//! The keeper's messages as packets.

use super::frame::{BadFrame, FDS_MAX, Frame, Header, PAYLOAD_MAX, Reader, kind, split};
use super::{FromKeeper, Stage};
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Marks the descriptor that names a slot's process.
const PIDFD_TAG: u32 = u32::MAX;
/// Bytes of a slot without its tags.
const SLOT_HEAD: usize = 24;

/// The keeper's messages other than slots, from what it has at hand.
pub(crate) mod frames {
    use super::{AsFd, Frame, Header, OwnedFd, Stage, kind};

    pub(crate) fn welcome(restarts: u64, died_at_ms: u64) -> Frame<'static> {
        let (a, b) = (restarts.cast_signed(), died_at_ms.cast_signed());
        Frame::plain(Header { kind: kind::WELCOME, a, b, ..Header::default() })
    }

    pub(crate) fn end() -> Frame<'static> {
        Frame::plain(Header { kind: kind::END, ..Header::default() })
    }

    pub(crate) fn pong() -> Frame<'static> {
        Frame::plain(Header { kind: kind::PONG, ..Header::default() })
    }

    pub(crate) fn renewed(errno: i32) -> Frame<'static> {
        Frame::plain(Header { kind: kind::RENEWED, a: errno.into(), ..Header::default() })
    }

    pub(crate) fn signal(number: i32) -> Frame<'static> {
        Frame::plain(Header { kind: kind::SIGNAL, a: number.into(), ..Header::default() })
    }

    pub(crate) fn exit(key: u64, pid: u32, status: i32, at_ms: u64) -> Frame<'static> {
        let (a, b) = (pid.into(), status.into());
        Frame::plain(Header { kind: kind::EXIT, seq: at_ms, key, a, b })
    }

    pub(crate) fn spawned(seq: u64, key: u64, pid: u32, pidfd: &OwnedFd) -> Frame<'_> {
        let header = Header { kind: kind::SPAWNED, seq, key, a: pid.into(), b: 0 };
        let mut frame = Frame::plain(header);
        frame.fds.push(pidfd.as_fd());
        frame
    }

    pub(crate) fn spawn_failed(seq: u64, key: u64, stage: Stage, errno: i32) -> Frame<'static> {
        let (a, b) = (stage.number().into(), errno.into());
        Frame::plain(Header { kind: kind::SPAWN_FAILED, seq, key, a, b })
    }
}

/// Several slots in one packet: a thousand services are handed over in a dozen.
#[derive(Debug)]
pub(crate) struct SlotsFrame<'a> {
    frame: Frame<'a>,
}

impl<'a> SlotsFrame<'a> {
    pub(crate) fn new() -> Self {
        Self { frame: Frame::plain(Header { kind: kind::SLOTS, ..Header::default() }) }
    }

    /// How many descriptors of a slot still fit; `None` when not even a slot without any does.
    pub(crate) fn room(&self) -> Option<usize> {
        let bytes = PAYLOAD_MAX.checked_sub(self.frame.payload.len() + SLOT_HEAD)?;
        let fds = FDS_MAX.checked_sub(self.frame.fds.len())?;
        Some(fds.min(bytes / 4))
    }

    /// Appends a slot, or a piece of one.
    pub(crate) fn push(
        &mut self,
        (key, aux, pid): (u64, u64, u32),
        pidfd: Option<BorrowedFd<'a>>,
        fds: &'a [(u32, OwnedFd)],
    ) {
        let count = fds.len() + usize::from(pidfd.is_some());
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let payload = &mut self.frame.payload;
        payload.extend_from_slice(&key.to_le_bytes());
        payload.extend_from_slice(&aux.to_le_bytes());
        payload.extend_from_slice(&pid.to_le_bytes());
        payload.extend_from_slice(&count.to_le_bytes());
        let pidfd = pidfd.map(|fd| (PIDFD_TAG, fd));
        for (tag, fd) in pidfd.into_iter().chain(fds.iter().map(|(tag, fd)| (*tag, fd.as_fd()))) {
            payload.extend_from_slice(&tag.to_le_bytes());
            self.frame.fds.push(fd);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frame.payload.is_empty()
    }

    pub(crate) fn frame(self) -> Frame<'a> {
        self.frame
    }
}

impl FromKeeper {
    /// From a packet that came with these descriptors; several slots come in one.
    pub(crate) fn read(
        bytes: &[u8],
        mut fds: Vec<OwnedFd>,
        news: &mut VecDeque<Self>,
    ) -> Result<(), BadFrame> {
        let (header, payload) = split(bytes, fds.len())?;
        let Header { seq, key, a, b, .. } = header;
        let message = match header.kind {
            kind::WELCOME => {
                Self::Welcome { restarts: a.cast_unsigned(), died_at_ms: b.cast_unsigned() }
            }
            kind::SLOTS => {
                news.extend(slots(payload, fds)?);
                return Ok(());
            }
            kind::EXIT => Self::Exit { key, pid: number(a)?, status: signed(b)?, at_ms: seq },
            kind::END => Self::End,
            kind::SPAWNED => {
                let pidfd = fds.pop().ok_or(BadFrame::Contents)?;
                Self::Spawned { seq, key, pid: number(a)?, pidfd }
            }
            kind::SPAWN_FAILED => {
                let stage = u8::try_from(a).ok().and_then(Stage::from_number);
                let stage = stage.ok_or(BadFrame::Contents)?;
                Self::SpawnFailed { seq, key, stage, errno: signed(b)? }
            }
            kind::SIGNAL => Self::Signal(signed(a)?),
            kind::PONG => Self::Pong,
            kind::RENEWED => Self::Renewed { errno: signed(a)? },
            other => return Err(BadFrame::Kind(other)),
        };
        if !fds.is_empty() || !payload.is_empty() {
            return Err(BadFrame::Contents);
        }
        news.push_back(message);
        Ok(())
    }
}

fn slots(mut payload: Reader<'_>, fds: Vec<OwnedFd>) -> Result<Vec<FromKeeper>, BadFrame> {
    let mut fds = fds.into_iter();
    let mut slots = Vec::new();
    while !payload.is_empty() {
        slots.push(slot(&mut payload, &mut fds).ok_or(BadFrame::Contents)?);
    }
    if fds.next().is_some() { Err(BadFrame::Contents) } else { Ok(slots) }
}

fn slot(
    payload: &mut Reader<'_>,
    descriptors: &mut impl Iterator<Item = OwnedFd>,
) -> Option<FromKeeper> {
    let (key, aux) = (payload.u64()?, payload.u64()?);
    let (pid, count) = (payload.u32()?, payload.u32()?);
    let (mut pidfd, mut fds) = (None, Vec::new());
    for _ in 0..count {
        let (tag, fd) = (payload.u32()?, descriptors.next()?);
        if tag != PIDFD_TAG {
            fds.push((fd, tag));
        } else if pidfd.replace(fd).is_some() {
            return None;
        }
    }
    Some(FromKeeper::Slot { key, aux, pid, pidfd, fds })
}

fn number(number: i64) -> Result<u32, BadFrame> {
    u32::try_from(number).map_err(|_| BadFrame::Contents)
}

fn signed(number: i64) -> Result<i32, BadFrame> {
    i32::try_from(number).map_err(|_| BadFrame::Contents)
}
