//! Finding where a time is in a file, without reading it whole.

use crate::judge::Judge;
use memchr::memchr;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Below this it is quicker to read than to look.
const NEAR: u64 = 1 << 20;
/// Looked at in one place.
const PROBE: usize = 16 * 1024;
/// Lines of a file may be out of order by so much, in ms.
const DISORDER: i64 = 60_000;

/// A place at the start of a line, behind which all lines of `since` (ms since 1970) and later are.
/// It is early rather than late.
pub(crate) fn start(file: &File, size: u64, since: i64, judge: &Judge) -> io::Result<u64> {
    let since = since.saturating_sub(DISORDER);
    let (mut low, mut high) = (0, size);
    while high - low > NEAR {
        let middle = low + (high - low) / 2;
        match probe(file, middle, judge)? {
            Some((place, at)) if at < since && place < high => low = place,
            Some(_) => high = middle,
            // No line there tells its time: from here on they are read.
            None => break,
        }
    }
    Ok(low)
}

/// The first line behind `from` that tells its time, and that.
fn probe(file: &File, from: u64, judge: &Judge) -> io::Result<Option<(u64, i64)>> {
    let mut block = vec![0; PROBE];
    let count = file.read_at(&mut block, from)?;
    let block = &block[..count];
    let mut at = memchr(b'\n', block).map_or(count, |end| end + 1);
    while let Some(length) = memchr(b'\n', &block[at..]) {
        let mut judge = judge.clone();
        judge.time(&block[at..at + length]);
        if let Some(found) = judge.at() {
            return Ok(Some((from + at as u64, found)));
        }
        at += length + 1;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Log;
    use std::io::Write;

    fn judge() -> Judge {
        Judge::new(&Log::plain("/x"), 4_000_000_000_000)
    }

    #[test]
    fn the_place_is_a_line_s_start_and_not_too_late() {
        let mut text = Vec::new();
        let mut starts = Vec::new();
        for number in 0..80_000_i64 {
            starts.push(text.len() as u64);
            let at = 1_700_000_000_000 + number * 1000;
            writeln!(text, "{{\"time\":{at},\"msg\":\"number {number} of many\"}}").unwrap();
            text.extend_from_slice(b"    a line without a time\n");
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&text).unwrap();
        for number in [0_usize, 1, 70, 40_000, 79_999] {
            let since = 1_700_000_000_000 + i64::try_from(number).unwrap() * 1000;
            let found = start(&file, text.len() as u64, since, &judge()).unwrap();
            assert!(found <= starts[number] && starts[number] - found < 2 * NEAR, "{number}");
            assert!(starts.binary_search(&found).is_ok(), "{number}");
        }
    }

    #[test]
    fn a_file_without_times_is_read_whole() {
        let mut file = tempfile::tempfile().unwrap();
        let text = b"hello\n".repeat(400_000);
        file.write_all(&text).unwrap();
        assert_eq!(start(&file, text.len() as u64, 5, &judge()).unwrap(), 0);
    }
}
