//! The frame of the file: its header, and one record.
//!
//! Header: `magic [8] | layout u32 | boot [16] | crc32c u32`, the checksum over all before it.
//! Record: `length u32 | crc32c u32 | number u64 | payload`, the checksum over length, number and
//! payload. Numbers are little-endian.

/// Raised when an older reader would misread the file.
pub const LAYOUT: u32 = 1;

/// Bytes of the header.
pub(crate) const HEADER_LEN: usize = 32;
/// Bytes of a record before its payload.
pub(crate) const RECORD_LEN: usize = 16;

const MAGIC: [u8; 8] = *b"rpmjrnl\n";

/// One life of the machine, from its start to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boot(pub [u8; 16]);

impl Boot {
    /// Reads the text of `/proc/sys/kernel/random/boot_id` (`random(4)`); `None` when it is
    /// something else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text.trim().bytes().filter(|byte| *byte != b'-').collect();
        if digits.len() != 32 {
            return None;
        }
        let mut boot = [0; 16];
        for (byte, pair) in boot.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(boot))
    }
}

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// It is this version's.
    Ours(Boot),
    /// It is another version's.
    Layout(u32),
    /// It is not whole.
    Damaged,
    /// It is no journal's.
    Foreign,
}

/// The first bytes of a file.
pub(crate) fn header(boot: Boot) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_LEN);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&LAYOUT.to_le_bytes());
    out.extend_from_slice(&boot.0);
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// Reads the first bytes of a file.
pub(crate) fn read_header(bytes: &[u8]) -> Header {
    if bytes.len() < MAGIC.len() {
        return Header::Damaged;
    }
    if !bytes.starts_with(&MAGIC) {
        return Header::Foreign;
    }
    // Where the layout is told does not change with the layout.
    let layout = bytes[MAGIC.len()..].first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    match (layout, bytes.first_chunk::<HEADER_LEN>()) {
        (Some(layout), _) if layout != LAYOUT => Header::Layout(layout),
        (_, Some(header)) => {
            let (told, crc) = header.split_at(HEADER_LEN - 4);
            let mut boot = [0; 16];
            boot.copy_from_slice(&told[12..]);
            if crc32c::crc32c(told).to_le_bytes() == *crc {
                Header::Ours(Boot(boot))
            } else {
                Header::Damaged
            }
        }
        _ => Header::Damaged,
    }
}

/// Appends a record whose payload `write` appends.
pub(crate) fn record(seq: u64, write: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&seq.to_le_bytes());
    write(out);
    let payload = out.len() - start - RECORD_LEN;
    // A table does not come near 4 GiB; one that did would fail its checksum when it is read.
    let len = u32::try_from(payload).unwrap_or(u32::MAX).to_le_bytes();
    let crc = checksum(len, &out[start + 8..]).to_le_bytes();
    out[start..start + 4].copy_from_slice(&len);
    out[start + 4..start + 8].copy_from_slice(&crc);
}

/// Reads the record at the start of `bytes`: its number, its payload, and what follows. `None` when
/// it is not whole.
pub(crate) fn read_record(bytes: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let payload = usize::try_from(u32::from_le_bytes(*len)).ok()?;
    let (told, after) = rest.split_at_checked(payload.checked_add(8)?)?;
    if checksum(*len, told) != u32::from_le_bytes(*crc) {
        return None;
    }
    let (seq, payload) = told.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*seq), payload, after))
}

fn checksum(len: [u8; 4], rest: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&len), rest)
}
