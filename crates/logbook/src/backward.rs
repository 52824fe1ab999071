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
}

impl Backward {
    /// The lines of the first `size` bytes of a file.
    pub(crate) fn new(file: File, size: u64) -> io::Result<Self> {
        let mut lines = Self { file, left: size, buffer: Vec::new(), has_more: size > 0 };
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
                let line = self.buffer.split_off(newline + 1);
                self.buffer.pop();
                return Ok(Some(line));
            }
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

    fn read(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let mut lines = Backward::new(file, bytes.len() as u64).unwrap();
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
        assert!(read(&bytes) == split(&bytes));
        bytes.push(b'\n');
        assert!(read(&bytes) == split(&bytes));
    }

    proptest! {
        #[test]
        fn lines_are_what_splitting_gives(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300),
        ) {
            prop_assert_eq!(read(&bytes), split(&bytes));
        }
    }
}
