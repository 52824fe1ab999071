//! The supervisor's messages as packets.

use super::ToKeeper;
use super::frame::{BadFrame, Frame, Header, Reader, kind, split};
use std::os::fd::{AsFd, OwnedFd};

/// A program finds none of its descriptors above this.
const TARGET_MAX: u32 = 1023;
/// Stands for all tags.
const ALL_TAGS: i64 = -1;

impl ToKeeper {
    /// As a packet.
    pub(crate) fn frame(&self) -> Frame<'_> {
        match self {
            Self::Hello => plain(kind::HELLO),
            Self::Ready => plain(kind::READY),
            Self::AdoptEnd => plain(kind::ADOPT_END),
            Self::Stop => plain(kind::STOP),
            Self::Ping => plain(kind::PING),
            Self::Spawn { seq, key, aux, spec, child_fds, hold } => {
                let header = Header {
                    kind: kind::SPAWN,
                    seq: *seq,
                    key: *key,
                    a: aux.cast_signed(),
                    b: i64::try_from(child_fds.len()).unwrap_or(i64::MAX),
                };
                let targets = child_fds.iter().map(|(fd, target)| (fd, target.cast_unsigned()));
                let held = hold.iter().map(|(fd, tag)| (fd, *tag));
                let mut frame = tagged(header, targets.chain(held));
                frame.fds.insert(0, spec.as_fd());
                frame
            }
            Self::Put { key, fds } => {
                let header = Header { kind: kind::PUT, key: *key, ..Header::default() };
                tagged(header, fds.iter().map(|(fd, tag)| (fd, *tag)))
            }
            Self::Drop { key, tag } => Frame::plain(Header {
                kind: kind::DROP,
                key: *key,
                a: tag.map_or(ALL_TAGS, i64::from),
                ..Header::default()
            }),
            Self::Ack { key, pid } => Frame::plain(Header {
                kind: kind::ACK,
                key: *key,
                a: (*pid).into(),
                ..Header::default()
            }),
            Self::Upgrade { binary } => with_fd(kind::UPGRADE, binary),
            Self::UpgradeKeeper { binary } => with_fd(kind::UPGRADE_KEEPER, binary),
            Self::Adopt { key, aux, pid, pidfd, fds } => {
                let header = Header {
                    kind: kind::ADOPT,
                    seq: 0,
                    key: *key,
                    a: (*pid).into(),
                    b: aux.cast_signed(),
                };
                let mut frame = tagged(header, fds.iter().map(|(fd, tag)| (fd, *tag)));
                frame.fds.insert(0, pidfd.as_fd());
                frame
            }
        }
    }

    /// From a packet that came with these descriptors. They are closed when it is of bad form.
    pub(crate) fn read(bytes: &[u8], mut fds: Vec<OwnedFd>) -> Result<Self, BadFrame> {
        let (header, mut payload) = split(bytes, fds.len())?;
        let key = header.key;
        let message = match header.kind {
            kind::HELLO => Self::Hello,
            kind::READY => Self::Ready,
            kind::ADOPT_END => Self::AdoptEnd,
            kind::STOP => Self::Stop,
            kind::PING => Self::Ping,
            kind::SPAWN => return spawn(header, payload, fds),
            kind::PUT if !fds.is_empty() => {
                Self::Put { key, fds: with_tags(&mut payload, fds.drain(..))? }
            }
            kind::DROP if header.a == ALL_TAGS => Self::Drop { key, tag: None },
            kind::DROP => Self::Drop { key, tag: Some(number(header.a)?) },
            kind::ACK => Self::Ack { key, pid: pid(header.a)? },
            kind::UPGRADE => Self::Upgrade { binary: fds.pop().ok_or(BadFrame::Contents)? },
            kind::UPGRADE_KEEPER => {
                Self::UpgradeKeeper { binary: fds.pop().ok_or(BadFrame::Contents)? }
            }
            kind::ADOPT if !fds.is_empty() => Self::Adopt {
                key,
                aux: header.b.cast_unsigned(),
                pid: pid(header.a)?,
                pidfd: fds.remove(0),
                fds: with_tags(&mut payload, fds.drain(..))?,
            },
            kind::PUT | kind::ADOPT => return Err(BadFrame::Contents),
            other => return Err(BadFrame::Kind(other)),
        };
        if fds.is_empty() && payload.is_empty() { Ok(message) } else { Err(BadFrame::Contents) }
    }
}

fn plain(kind: u16) -> Frame<'static> {
    Frame::plain(Header { kind, ..Header::default() })
}

fn with_fd(kind: u16, fd: &OwnedFd) -> Frame<'_> {
    let mut frame = Frame::plain(Header { kind, ..Header::default() });
    frame.fds.push(fd.as_fd());
    frame
}

fn tagged<'a>(header: Header, fds: impl Iterator<Item = (&'a OwnedFd, u32)>) -> Frame<'a> {
    let mut frame = Frame::plain(header);
    for (fd, tag) in fds {
        frame.payload.extend_from_slice(&tag.to_le_bytes());
        frame.fds.push(fd.as_fd());
    }
    frame
}

fn spawn(header: Header, mut payload: Reader<'_>, fds: Vec<OwnedFd>) -> Result<ToKeeper, BadFrame> {
    let children = usize::try_from(header.b).map_err(|_| BadFrame::Contents)?;
    let mut fds = fds.into_iter();
    let spec = fds.next().ok_or(BadFrame::Contents)?;
    if children > fds.len() {
        return Err(BadFrame::Contents);
    }
    let targets = with_tags(&mut payload, fds.by_ref().take(children))?;
    let hold = with_tags(&mut payload, fds)?;
    let in_range = targets.iter().all(|(_, target)| *target <= TARGET_MAX);
    if !in_range || !payload.is_empty() {
        return Err(BadFrame::Contents);
    }
    let child_fds = targets.into_iter().map(|(fd, target)| (fd, target.cast_signed())).collect();
    let Header { seq, key, .. } = header;
    Ok(ToKeeper::Spawn { seq, key, aux: header.a.cast_unsigned(), spec, child_fds, hold })
}

/// Joins each descriptor with its number.
fn with_tags(
    payload: &mut Reader<'_>,
    fds: impl Iterator<Item = OwnedFd>,
) -> Result<Vec<(OwnedFd, u32)>, BadFrame> {
    fds.map(|fd| Ok((fd, payload.u32().ok_or(BadFrame::Contents)?))).collect()
}

/// Processes 0 and 1 are nobody's business here.
fn pid(number: i64) -> Result<u32, BadFrame> {
    let pid = i32::try_from(number).map_err(|_| BadFrame::Contents)?;
    if pid > 1 { Ok(pid.cast_unsigned()) } else { Err(BadFrame::Contents) }
}

fn number(number: i64) -> Result<u32, BadFrame> {
    u32::try_from(number).map_err(|_| BadFrame::Contents)
}
