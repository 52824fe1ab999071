//! Lines of a file from its end.

use memchr::memrchr;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Read at a time.
const BLOCK: usize = 64 * 1024;

/// Lines of a file, the last one first.
#[derive(Debug)]
pub(crate) struct Backward {
    file: File,
    /// What is before the buffer.
    left: u64,
    /// The end of what was not given out; it ends behind a line's text.
    buffer: Vec<u8>,
    has_more: bool,
    /// A longer line is cut there.
    line_max: usize,
}

impl Backward {
    /// The lines of the first `size` bytes of a file, of each `line_max` bytes at most.
    pub(crate) fn new(file: File, size: u64, line_max: usize) -> io::Result<Self> {
        let (buffer, has_more) = (Vec::new(), size > 0);
        let mut lines = Self { file, left: size, buffer, has_more, line_max };
        if size > 0 {
            lines.fill()?;
            // The newline at the very end ends the last line and begins none.
            lines.buffer.pop_if(|last| *last == b'\n');
        }
        Ok(lines)
    }

    /// The line before, without its newline.
    pub(crate) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if !self.has_more {
            return Ok(None);
        }
        let mut looked = self.buffer.len();
        loop {
            if let Some(newline) = memrchr(b'\n', &self.buffer[..looked]) {
                let mut line = self.buffer.split_off(newline + 1);
                line.truncate(self.line_max);
                self.buffer.pop();
                return Ok(Some(line));
            }
            // All that is here is of one line, of which the beginning is kept.
            self.buffer.truncate(self.line_max);
            if self.left == 0 {
                self.has_more = false;
                return Ok(Some(std::mem::take(&mut self.buffer)));
            }
            looked = self.fill()?;
        }
    }

    /// Reads what is before; returns how much that is.
    fn fill(&mut self) -> io::Result<usize> {
        // Blocks grow with the line, so that a long one is not copied for each of them.
        let size = usize::try_from(self.left).unwrap_or(usize::MAX);
        let size = size.min(BLOCK.max(self.buffer.len()));
        let mut block = vec![0; size];
        self.left -= size as u64;
        self.file.read_exact_at(&mut block, self.left)?;
        block.append(&mut self.buffer);
        self.buffer = block;
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::split;
    use proptest::prelude::*;
    use std::io::Write;

    fn read(bytes: &[u8], line_max: usize) -> Vec<Vec<u8>> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let mut lines = Backward::new(file, bytes.len() as u64, line_max).unwrap();
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push(line);
        }
        found.reverse();
        found
    }

    #[test]
    fn lines_longer_than_a_block_are_whole() {
        let mut bytes = vec![b'a'; BLOCK * 3 + 7];
        bytes.push(b'\n');
        bytes.extend(vec![0xff; BLOCK]);
        assert!(read(&bytes, usize::MAX) == split(&bytes));
        bytes.push(b'\n');
        assert!(read(&bytes, usize::MAX) == split(&bytes));
    }

    #[test]
    fn of_a_long_line_the_beginning_is_kept() {
        let line: Vec<u8> = (b'a'..=b'z').cycle().take(20 * BLOCK).collect();
        let bytes = [b"short\n".as_slice(), &line, b"\n\nlast"].concat();
        let wanted = [b"shor".as_slice(), b"abcd", b"", b"last"];
        assert_eq!(read(&bytes, 4), wanted);
        let found = read(&bytes, BLOCK + 3);
        assert_eq!((found[0].as_slice(), found[1].len()), (&b"short"[..], BLOCK + 3));
        assert!(found[1] == line[..BLOCK + 3]);
    }

    #[test]
    fn a_long_line_takes_no_more_memory_than_is_kept_of_it() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![b'a'; 20 * BLOCK]).unwrap();
        let mut lines = Backward::new(file, 20 * BLOCK as u64, 100).unwrap();
        let line = lines.next().unwrap().unwrap();
        assert!(line.len() == 100 && line.capacity() < 5 * BLOCK, "{}", line.capacity());
    }

    proptest! {
        #[test]
        fn lines_are_what_splitting_gives(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300),
        ) {
            prop_assert_eq!(read(&bytes, usize::MAX), split(&bytes));
        }
    }
}
