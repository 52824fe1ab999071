//! Reading a journal back.

use crate::parts::{self, Parts};
use crate::record::{Boot, HEADER_LEN, Header, LAYOUT, read_header, read_record};

/// What a journal tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The life of the machine in which its file was begun.
    pub boot: Boot,
    /// The table after the last whole record.
    pub parts: Parts,
    /// The number of the last whole record.
    pub seq: u64,
    /// Bytes up to the end of the last whole record.
    pub len: u64,
    /// Bytes of the first record, which holds a whole table.
    pub snapshot_len: u64,
    /// Bytes after the last whole record: they are of a record that was being written, or damaged.
    pub cut: u64,
}

/// Why a file tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It does not begin as a journal.
    #[error("it is no journal")]
    Foreign,
    /// Another version wrote it.
    #[error("its layout is {found}, and this version reads {LAYOUT}")]
    Layout {
        /// Its layout.
        found: u32,
    },
    /// Its header or its first record is not whole.
    #[error("its beginning is damaged")]
    Damaged,
}

/// Reads a journal. Stops at the first record that is not whole or not the next one. Never panics.
pub fn replay(bytes: &[u8]) -> Result<Replayed, Unreadable> {
    let boot = match read_header(bytes) {
        Header::Ours(boot) => boot,
        Header::Layout(found) => return Err(Unreadable::Layout { found }),
        Header::Damaged => return Err(Unreadable::Damaged),
        Header::Foreign => return Err(Unreadable::Foreign),
    };
    let mut rest = &bytes[HEADER_LEN..];
    let mut told = Replayed { boot, ..Replayed::default() };
    while let Some((seq, payload, after)) = read_record(rest) {
        if told.len > 0 && Some(seq) != told.seq.checked_add(1) {
            break;
        }
        let Some(mut delta) = parts::decode(payload) else {
            break;
        };
        parts::apply(&mut told.parts, &mut delta);
        rest = after;
        told.seq = seq;
        told.len = (bytes.len() - rest.len()) as u64;
        if told.snapshot_len == 0 {
            told.snapshot_len = told.len;
        }
    }
    if told.len == 0 {
        return Err(Unreadable::Damaged);
    }
    told.cut = rest.len() as u64;
    Ok(told)
}
