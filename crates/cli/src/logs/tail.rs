//! The last lines of a file, read from its end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// So much is looked at in one go.
const BLOCK: usize = 64 * 1024;

/// The last `count` lines, without their newlines. The last one need not have one. A file that
/// grows meanwhile is read to where it ended at the call.
pub(crate) fn last_lines(path: &Path, count: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut file = File::open(path)?;
    let end = file.seek(SeekFrom::End(0))?;
    let start = start_of_last(&mut file, end, count)?;
    file.seek(SeekFrom::Start(start))?;
    let mut lines = Vec::new();
    let mut reader = BufReader::with_capacity(BLOCK, file.take(end - start));
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(lines);
        }
        line.pop_if(|byte| *byte == b'\n');
        lines.push(line);
    }
}

/// Where the last `count` lines before `end` begin.
fn start_of_last(file: &mut (impl Read + Seek), end: u64, count: usize) -> io::Result<u64> {
    if count == 0 {
        return Ok(end);
    }
    // The newline at the very end ends the last line and begins none.
    let mut at = end.saturating_sub(1);
    let mut left = count;
    let mut block = vec![0; BLOCK];
    while at > 0 {
        let size = usize::try_from(at).unwrap_or(BLOCK).min(BLOCK);
        let start = at - size as u64;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut block[..size])?;
        for (offset, byte) in block[..size].iter().enumerate().rev() {
            if *byte == b'\n' {
                left -= 1;
                if left == 0 {
                    return Ok(start + offset as u64 + 1);
                }
            }
        }
        at = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn naive(bytes: &[u8], count: usize) -> Vec<Vec<u8>> {
        let mut lines: Vec<Vec<u8>> =
            bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.pop_if(|last| last.is_empty());
        lines.split_off(lines.len().saturating_sub(count))
    }

    fn read(bytes: &[u8], count: usize) -> Vec<Vec<u8>> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        last_lines(file.path(), count).unwrap()
    }

    #[test]
    fn lines_longer_than_a_block_are_whole() {
        let mut bytes = vec![b'a'; BLOCK * 3 + 7];
        bytes.push(b'\n');
        bytes.extend(vec![0xff; BLOCK]);
        for count in 0..4 {
            assert!(read(&bytes, count) == naive(&bytes, count), "{count}");
        }
        bytes.push(b'\n');
        for count in 0..4 {
            assert!(read(&bytes, count) == naive(&bytes, count), "{count}");
        }
    }

    #[test]
    fn a_missing_file_is_an_error() {
        assert!(last_lines(Path::new("/nowhere/at/all"), 1).is_err());
    }

    proptest! {
        #[test]
        fn the_end_is_what_splitting_the_whole_gives(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300),
            count in 0_usize..40,
        ) {
            prop_assert_eq!(read(&bytes, count), naive(&bytes, count));
        }
    }
}
