//! The table and its changes, and how they are written.
//!
//! A payload is a sequence of `kind u8 | key length u32 | key | value length u32 | value`; what is
//! gone has no value. Numbers are little-endian.

use std::collections::BTreeMap;

/// A table: what is kept under each key.
pub type Parts = BTreeMap<String, Vec<u8>>;

/// Changes of a table: a new value, or `None` for what is gone. A later one of the same key takes
/// the place of an earlier one, so that a delta is never larger than the table.
pub type Delta = BTreeMap<String, Option<Vec<u8>>>;

const GONE: u8 = 0;
const VALUE: u8 = 1;

/// Applies `delta` to `parts`; what changes nothing is taken out of it.
pub(crate) fn apply(parts: &mut Parts, delta: &mut Delta) {
    delta.retain(|key, value| match value {
        Some(value) if parts.get(key) == Some(value) => false,
        Some(value) => {
            parts.insert(key.clone(), value.clone());
            true
        }
        None => parts.remove(key).is_some(),
    });
}

/// Appends a delta.
pub(crate) fn encode_delta(delta: &Delta, out: &mut Vec<u8>) {
    for (key, value) in delta {
        encode(key, value.as_deref(), out);
    }
}

/// Appends a whole table.
pub(crate) fn encode_parts(parts: &Parts, out: &mut Vec<u8>) {
    for (key, value) in parts {
        encode(key, Some(value), out);
    }
}

fn encode(key: &str, value: Option<&[u8]>, out: &mut Vec<u8>) {
    out.push(if value.is_some() { VALUE } else { GONE });
    sized(key.as_bytes(), out);
    if let Some(value) = value {
        sized(value, out);
    }
}

fn sized(bytes: &[u8], out: &mut Vec<u8>) {
    // No part comes near 4 GiB; one that did would fail its checksum when it is read.
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Reads a payload; `None` when it is not one.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<Delta> {
    let mut delta = Delta::new();
    while let Some((kind, rest)) = bytes.split_first() {
        bytes = rest;
        let key = String::from_utf8(take(&mut bytes)?.to_vec()).ok()?;
        let value = match *kind {
            GONE => None,
            VALUE => Some(take(&mut bytes)?.to_vec()),
            _ => return None,
        };
        delta.insert(key, value);
    }
    Some(delta)
}

fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
    let (taken, rest) = rest.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}
