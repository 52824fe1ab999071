//! Records as bytes.
//!
//! A file begins with [`MAGIC`]. Each record has its length and its CRC-32C before it, both as four
//! bytes, the lowest first. In it numbers are of variable length, seven bits a byte, values are four
//! bytes. A subject is written out where it appears first in a file, and is a number from then on.

use crate::minute::{Cell, Cells, Record};
use crate::reading::{METRICS, Of};
use std::collections::BTreeMap;

/// What a file begins with.
pub(crate) const MAGIC: &[u8; 8] = b"rpmhist1";

/// The subjects that the file in hand knows.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<Of, u64>);

/// The bytes of a record; `names` takes note of the subjects that are new in it.
pub(crate) fn encode(record: &Record, names: &mut Names) -> Vec<u8> {
    let mut body = Vec::new();
    number(&mut body, record.minute.max(0).unsigned_abs());
    let new: Vec<&Of> =
        record.entries.iter().map(|(of, _)| of).filter(|of| !names.0.contains_key(of)).collect();
    number(&mut body, new.len() as u64);
    for of in new {
        let next = names.0.len() as u64;
        names.0.insert(of.clone(), next);
        subject(&mut body, of);
    }
    number(&mut body, record.entries.len() as u64);
    for (of, cells) in &record.entries {
        number(&mut body, names.0.get(of).copied().unwrap_or(u64::MAX));
        let present = cells.iter().enumerate().filter(|(_, cell)| cell.is_some());
        body.push(present.fold(0, |mask, (at, _)| mask | 1 << at));
        for cell in cells.iter().flatten() {
            body.extend(cell.mean.to_le_bytes());
            body.extend(cell.max.to_le_bytes());
        }
    }
    let mut bytes = Vec::with_capacity(body.len() + 8);
    bytes.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(crc32c::crc32c(&body).to_le_bytes());
    bytes.append(&mut body);
    bytes
}

/// Calls `each` with the records of a file, up to the first that is not whole.
pub(crate) fn decode(file: &[u8], mut each: impl FnMut(Record)) {
    let Some(mut rest) = file.strip_prefix(MAGIC) else {
        return;
    };
    let mut names = Vec::new();
    while let Some(record) = next(&mut rest, &mut names) {
        each(record);
    }
}

fn next(rest: &mut &[u8], names: &mut Vec<Of>) -> Option<Record> {
    let length = u32::from_le_bytes(*take(rest)?);
    let checksum = u32::from_le_bytes(*take(rest)?);
    let mut body = slice(rest, u64::from(length))?;
    if crc32c::crc32c(body) != checksum {
        return None;
    }
    let body = &mut body;
    let minute = i64::try_from(read_number(body)?).ok()?;
    for _ in 0..read_number(body)? {
        names.push(read_subject(body)?);
    }
    let mut entries = Vec::new();
    for _ in 0..read_number(body)? {
        let of = names.get(usize::try_from(read_number(body)?).ok()?)?.clone();
        let [mask] = *take(body)?;
        let mut cells = Cells::default();
        for (at, cell) in cells.iter_mut().enumerate() {
            if mask & 1 << at != 0 {
                let mean = f32::from_le_bytes(*take(body)?);
                let max = f32::from_le_bytes(*take(body)?);
                *cell = Some(Cell { mean, max });
            }
        }
        entries.push((of, cells));
    }
    Some(Record { minute, entries })
}

fn subject(body: &mut Vec<u8>, of: &Of) {
    match of {
        Of::Host => body.push(0),
        Of::App(name) => {
            body.push(1);
            text(body, name);
        }
        Of::Process(id, name) => {
            body.push(2);
            number(body, u64::from(*id));
            text(body, name);
        }
    }
}

fn read_subject(body: &mut &[u8]) -> Option<Of> {
    match take(body)? {
        [0] => Some(Of::Host),
        [1] => Some(Of::App(read_text(body)?.into())),
        [2] => {
            let id = u32::try_from(read_number(body)?).ok()?;
            Some(Of::Process(id, read_text(body)?.into()))
        }
        _ => None,
    }
}

fn text(body: &mut Vec<u8>, text: &str) {
    number(body, text.len() as u64);
    body.extend(text.as_bytes());
}

fn read_text<'a>(body: &mut &'a [u8]) -> Option<&'a str> {
    let length = read_number(body)?;
    std::str::from_utf8(slice(body, length)?).ok()
}

fn number(body: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        body.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    body.push(number.to_le_bytes()[0]);
}

fn read_number(body: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = *take(body)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(taken)
}

fn slice<'a>(rest: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(taken)
}

const _: () = assert!(METRICS.len() <= 8, "which there are is told by the bits of a byte");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of() -> impl Strategy<Value = Of> {
        let name = "[a-zé]{0,4}".prop_map(std::sync::Arc::from);
        let id = prop_oneof![0..3_u32, any::<u32>()];
        prop_oneof![
            Just(Of::Host),
            name.clone().prop_map(Of::App),
            (id, name).prop_map(|(id, name)| Of::Process(id, name)),
        ]
    }

    fn record() -> impl Strategy<Value = Record> {
        let cell = (0.0..1e9_f32, 0.0..1e9_f32).prop_map(|(mean, max)| Cell { mean, max });
        let cells = prop::array::uniform5(prop::option::of(cell));
        let entries = prop::collection::btree_map(of(), cells, 0..8);
        (0..1_i64 << 40, entries)
            .prop_map(|(minute, entries)| Record { minute, entries: entries.into_iter().collect() })
    }

    fn file(records: &[Record]) -> Vec<u8> {
        let mut names = Names::default();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(records.iter().flat_map(|record| encode(record, &mut names)));
        bytes
    }

    fn read(file: &[u8]) -> Vec<Record> {
        let mut found = Vec::new();
        decode(file, |record| found.push(record));
        found
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(records in prop::collection::vec(record(), 0..6)) {
            prop_assert_eq!(read(&file(&records)), records);
        }

        #[test]
        fn of_a_cut_file_the_whole_records_are_read(
            records in prop::collection::vec(record(), 1..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = file(&records);
            let found = read(&bytes[..cut.index(bytes.len())]);
            prop_assert!(found.len() < records.len());
            prop_assert_eq!(&found[..], &records[..found.len()]);
        }

        #[test]
        fn of_a_damaged_file_what_is_before_the_damage_is_read(
            records in prop::collection::vec(record(), 1..6),
            at in any::<prop::sample::Index>(),
            with in 1..=255_u8,
        ) {
            let mut bytes = file(&records);
            let at = at.index(bytes.len());
            bytes[at] ^= with;
            let found = read(&bytes);
            prop_assert_eq!(&found[..], &records[..found.len()]);
        }

        #[test]
        fn no_bytes_are_misread(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut body = bytes.clone();
            let mut framed = MAGIC.to_vec();
            framed.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
            framed.extend(crc32c::crc32c(&body).to_le_bytes());
            framed.append(&mut body);
            // Neither may end the process, whatever they are taken for.
            read(&framed);
            prop_assert_eq!(read(&bytes).len(), 0);
        }
    }
}
