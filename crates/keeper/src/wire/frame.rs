//! The form of one packet.

use super::VERSION;
use rpm_sys::seqpacket;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};

/// How many descriptors a packet may carry.
pub const FDS_MAX: usize = 250;
/// How many bytes may follow the header.
pub(crate) const PAYLOAD_MAX: usize = 16 * 1024;
/// Bytes of the header.
const HEADER: usize = 48;
/// The largest packet.
pub(crate) const PACKET_MAX: usize = HEADER + PAYLOAD_MAX;

const MAGIC: [u8; 4] = *b"RKP1";

/// A packet that is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// Bytes or descriptors got lost on the way.
    #[error("part of it is missing")]
    Truncated,
    /// Not a header of ours.
    #[error("its header is not one of version {VERSION}")]
    Header,
    /// The counts in the header are not what came.
    #[error("its counts do not match")]
    Counts,
    /// The kind of message is not known.
    #[error("its kind {0} is unknown")]
    Kind(u16),
    /// A field is out of range.
    #[error("its contents are out of range")]
    Contents,
}

/// The kinds of messages.
pub(super) mod kind {
    pub(crate) const HELLO: u16 = 1;
    pub(crate) const READY: u16 = 2;
    pub(crate) const SPAWN: u16 = 3;
    pub(crate) const PUT: u16 = 4;
    pub(crate) const DROP: u16 = 5;
    pub(crate) const ACK: u16 = 6;
    pub(crate) const UPGRADE: u16 = 7;
    pub(crate) const UPGRADE_KEEPER: u16 = 8;
    pub(crate) const ADOPT: u16 = 9;
    pub(crate) const ADOPT_END: u16 = 10;
    pub(crate) const STOP: u16 = 11;
    pub(crate) const PING: u16 = 12;

    pub(crate) const WELCOME: u16 = 64;
    pub(crate) const SLOTS: u16 = 65;
    pub(crate) const EXIT: u16 = 66;
    pub(crate) const END: u16 = 67;
    pub(crate) const SPAWNED: u16 = 68;
    pub(crate) const SPAWN_FAILED: u16 = 69;
    pub(crate) const SIGNAL: u16 = 70;
    pub(crate) const PONG: u16 = 71;
    pub(crate) const RENEWED: u16 = 72;
}

/// A header without its counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u16,
    pub(super) seq: u64,
    pub(super) key: u64,
    pub(super) a: i64,
    pub(super) b: i64,
}

/// A packet to be sent.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(super) header: Header,
    pub(super) payload: Vec<u8>,
    pub(super) fds: Vec<BorrowedFd<'a>>,
}

impl Frame<'_> {
    pub(super) fn plain(header: Header) -> Self {
        Self { header, payload: Vec::new(), fds: Vec::new() }
    }

    /// Sends it whole or not at all; never waits.
    pub(crate) fn send(&self, socket: impl AsFd) -> io::Result<()> {
        if self.fds.len() > FDS_MAX || self.payload.len() > PAYLOAD_MAX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let head = self.head();
        seqpacket::send(socket, &[IoSlice::new(&head), IoSlice::new(&self.payload)], &self.fds)
    }

    fn head(&self) -> [u8; HEADER] {
        let Header { kind, seq, key, a, b } = self.header;
        // Both were compared with their limits.
        let fds = u32::try_from(self.fds.len()).unwrap_or(u32::MAX);
        let payload = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        let mut head = [0; HEADER];
        let parts: [&[u8]; 9] = [
            &MAGIC,
            &kind.to_le_bytes(),
            &VERSION.to_le_bytes(),
            &seq.to_le_bytes(),
            &key.to_le_bytes(),
            &a.to_le_bytes(),
            &b.to_le_bytes(),
            &fds.to_le_bytes(),
            &payload.to_le_bytes(),
        ];
        let mut rest = head.as_mut_slice();
        for part in parts {
            let (place, after) = rest.split_at_mut(part.len());
            place.copy_from_slice(part);
            rest = after;
        }
        head
    }

    /// All of it but the descriptors.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head().to_vec();
        bytes.extend_from_slice(&self.payload);
        bytes
    }
}

/// Takes a packet apart that came with this many descriptors.
pub(super) fn split(bytes: &[u8], fds: usize) -> Result<(Header, Reader<'_>), BadFrame> {
    let (header, mut counts, payload) = head_of(bytes)?;
    let said = counts.u32().zip(counts.u32()).ok_or(BadFrame::Header)?;
    let came = (u32::try_from(fds).ok(), u32::try_from(payload.len()).ok());
    if (Some(said.0), Some(said.1)) != came || fds > FDS_MAX || payload.len() > PAYLOAD_MAX {
        return Err(BadFrame::Counts);
    }
    Ok((header, Reader(payload)))
}

/// The number and slot of a request to start something, when that is what came without its
/// descriptors.
pub(crate) fn spawn_in(bytes: &[u8]) -> Option<(u64, u64)> {
    let (header, ..) = head_of(bytes).ok()?;
    (header.kind == kind::SPAWN).then_some((header.seq, header.key))
}

fn head_of(bytes: &[u8]) -> Result<(Header, Reader<'_>, &[u8]), BadFrame> {
    let (head, payload) = bytes.split_at_checked(HEADER).ok_or(BadFrame::Header)?;
    let mut head = Reader(head);
    let magic = head.take::<4>().ok_or(BadFrame::Header)?;
    let kind = head.take().map(u16::from_le_bytes).ok_or(BadFrame::Header)?;
    let version = head.take().map(u16::from_le_bytes).ok_or(BadFrame::Header)?;
    if magic != MAGIC || version != VERSION {
        return Err(BadFrame::Header);
    }
    let mut next = || head.u64().ok_or(BadFrame::Header);
    let (seq, key) = (next()?, next()?);
    let (a, b) = (next()?.cast_signed(), next()?.cast_signed());
    Ok((Header { kind, seq, key, a, b }, head, payload))
}

/// Numbers, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }
}
