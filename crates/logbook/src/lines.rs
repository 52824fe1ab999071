//! Lines of a stream of bytes, without a copy of each.

use memchr::{memchr, memrchr};
use regex::bytes::Regex;
use std::io::{self, Read};
use std::ops::Range;

/// Read at a time.
const BLOCK: usize = 256 * 1024;
/// A longer line comes in pieces.
pub(crate) const LINE_MAX: usize = 16 << 20;

/// Reads lines.
pub(crate) struct Lines {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What is in the buffer and was not given out.
    rest: Range<usize>,
    has_ended: bool,
}

impl Lines {
    /// The lines of `input`.
    pub(crate) fn new(input: Box<dyn Read + Send>) -> Self {
        Self { input, buffer: Vec::new(), rest: 0..0, has_ended: false }
    }

    /// The next line, without its newline, as a place in [`Self::bytes`]; the last one need not
    /// have a newline. The place is good until the next call.
    pub(crate) fn next(&mut self) -> io::Result<Option<Range<usize>>> {
        let mut looked = 0;
        loop {
            let rest = &self.buffer[self.rest.clone()];
            if let Some(end) = memchr(b'\n', &rest[looked..]) {
                return Ok(Some(self.take(looked + end, 1)));
            }
            looked = rest.len();
            if looked >= LINE_MAX || (self.has_ended && looked > 0) {
                return Ok(Some(self.take(looked, 0)));
            }
            if self.has_ended {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    /// Goes to the next line that matches, of those that are read already, or to behind them all;
    /// returns what was passed over. `pattern` must match within lines, see [`crate::Filter`].
    pub(crate) fn skip_to(&mut self, pattern: &Regex) -> Range<usize> {
        let begun = self.rest.start;
        let rest = &self.buffer[self.rest.clone()];
        // A line that is not whole yet is not judged.
        let whole =
            if self.has_ended { rest.len() } else { memrchr(b'\n', rest).map_or(0, |end| end + 1) };
        let found = pattern
            .find(&rest[..whole])
            .map_or(whole, |found| memrchr(b'\n', &rest[..found.start()]).map_or(0, |end| end + 1));
        self.rest.start = begun + found;
        begun..self.rest.start
    }

    /// The bytes that places are in.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    fn take(&mut self, length: usize, newline: usize) -> Range<usize> {
        let start = self.rest.start;
        self.rest.start += length + newline;
        start..start + length
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.rest.clone(), 0);
        self.rest = 0..self.rest.len();
        let wanted = self.rest.end + BLOCK;
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.rest.end..]) {
                Ok(0) => self.has_ended = true,
                Ok(count) => self.rest.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::split;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(Box::new(io::Cursor::new(bytes.to_vec())));
        let mut found = Vec::new();
        while let Some(place) = lines.next().unwrap() {
            found.push(lines.bytes()[place].to_vec());
        }
        found
    }

    #[test]
    fn lines_longer_than_a_block_are_whole() {
        let mut bytes = vec![b'a'; BLOCK * 2 + 7];
        bytes.extend(b"\n\nb\n");
        bytes.extend(vec![b'c'; BLOCK]);
        assert!(all(&bytes) == split(&bytes));
    }

    proptest! {
        #[test]
        fn lines_are_what_splitting_gives(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300),
        ) {
            prop_assert_eq!(all(&bytes), split(&bytes));
        }
    }
}
