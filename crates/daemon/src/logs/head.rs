//! The head of a spool: a description of the stream, and three records.
//!
//! The first record is for the gaps, the others for the places in two files. A record is written by
//! one `pwrite(2)` within a page.

use super::Format;
use super::record::{self, Record};
use camino::Utf8PathBuf;
use rpm_core::spec::RotateOptions;
use rustix::fs::ftruncate;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::fd::OwnedFd;

/// Memory comes in pieces of this size.
pub(super) const PAGE: u64 = 4096;
/// Files of a stream.
pub(super) const PLACES: usize = 2;

/// The version of the layout is in it.
const MAGIC: u64 = u64::from_le_bytes(*b"rpmspl01");
/// Where the records begin: gaps, then places, two of each.
const RECORDS: u64 = 64;
const DESCRIPTION: u64 = 1024;
/// A description is paths and names; a longer one is none of ours.
const DESCRIPTION_MAX: usize = 64 << 10;

/// What a stream is and where it goes, for whoever finds its spool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Description {
    pub(super) proc: u32,
    pub(super) name: String,
    pub(super) namespace: String,
    /// At most [`PLACES`].
    pub(super) files: Vec<Utf8PathBuf>,
    pub(super) format: Format,
    /// When its files are put aside.
    #[serde(default, skip_serializing_if = "RotateOptions::is_default")]
    pub(super) rotate: RotateOptions,
    /// Whether its app is a module.
    #[serde(default)]
    pub(super) is_module: bool,
}

/// The description at the head of a spool; `None` when nothing was captured.
pub(super) fn read(memory: &OwnedFd) -> io::Result<Option<Description>> {
    let mut head = [0; 16];
    read_exactly(memory, &mut head, 0)?;
    let (magic, len) = (word(&head[..8]), word(&head[8..]));
    if magic == 0 {
        return Ok(None);
    }
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if magic != MAGIC || len > DESCRIPTION_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a spool of another version"));
    }
    let mut text = vec![0; len];
    read_exactly(memory, &mut text, DESCRIPTION)?;
    Ok(Some(serde_json::from_slice(&text)?))
}

/// Writes the head of an empty spool. Returns where bytes begin. The magic number comes last, so that
/// a head is there as a whole or not at all.
pub(super) fn write(memory: &OwnedFd, description: &Description) -> io::Result<u64> {
    let text = serde_json::to_vec(description)?;
    let length = length_with(text.len());
    write_exactly(memory, &text, DESCRIPTION)?;
    ftruncate(memory, length)?;
    let mut head = [0; 16];
    head[..8].copy_from_slice(&MAGIC.to_le_bytes());
    head[8..].copy_from_slice(&(text.len() as u64).to_le_bytes());
    write_exactly(memory, &head, 0)?;
    Ok(length)
}

/// How long the head with this description is.
pub(super) fn length(description: &Description) -> io::Result<u64> {
    Ok(length_with(serde_json::to_vec(description)?.len()))
}

fn length_with(description: usize) -> u64 {
    (DESCRIPTION + description as u64).next_multiple_of(PAGE)
}

fn record_at(index: usize) -> u64 {
    RECORDS + (index * 2 * record::SIZE) as u64
}

/// Writes a record in the place of the older of two.
pub(super) fn write_record(
    memory: &OwnedFd,
    index: usize,
    number: u64,
    record: &impl Record,
) -> io::Result<()> {
    let turn = (number % 2) * record::SIZE as u64;
    write_exactly(memory, &record::seal(number, record), record_at(index) + turn)
}

/// The newer of two records and its number.
pub(super) fn read_record<T: Record>(memory: &OwnedFd, index: usize) -> io::Result<(u64, T)> {
    let mut two = [0; 2 * record::SIZE];
    read_exactly(memory, &mut two, record_at(index))?;
    Ok(record::newest(&two))
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

fn write_exactly(memory: &OwnedFd, bytes: &[u8], at: u64) -> io::Result<()> {
    match rustix::io::retry_on_intr(|| rustix::io::pwrite(memory, bytes, at))? {
        count if count == bytes.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

/// Reads; what is beyond the end reads as zeros.
pub(super) fn read_exactly(memory: &OwnedFd, buffer: &mut [u8], at: u64) -> io::Result<()> {
    let mut done = 0;
    while done < buffer.len() {
        let at = at + done as u64;
        match rustix::io::retry_on_intr(|| rustix::io::pread(memory, &mut buffer[done..], at))? {
            0 => break,
            count => done += count,
        }
    }
    buffer[done..].fill(0);
    Ok(())
}
