//! Framing: one JSON value a line.

use memchr::memchr;

/// The longest line that is kept; a longer one is dropped whole.
pub const LINE_MAX: usize = 64 * 1024 * 1024;
/// A buffer that grew beyond this is let go when it is empty.
const KEPT_MAX: usize = 256 * 1024;

/// Cuts what is read from a channel into lines, however it arrives.
#[derive(Debug)]
pub struct Lines {
    begun: Vec<u8>,
    too_long: bool,
    limit: usize,
    dropped: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self::with_limit(LINE_MAX)
    }
}

impl Lines {
    /// Lines up to `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self { begun: Vec::new(), too_long: false, limit, dropped: 0 }
    }

    /// Calls `each` for every line that `chunk` completes, without its end. Empty lines are passed
    /// over.
    pub fn push(&mut self, mut chunk: &[u8], mut each: impl FnMut(&[u8])) {
        while let Some(end) = memchr(b'\n', chunk) {
            let (line, rest) = chunk.split_at(end);
            chunk = &rest[1..];
            if self.begun.is_empty() && !self.too_long {
                if line.len() <= self.limit {
                    if !line.is_empty() {
                        each(line);
                    }
                } else {
                    self.dropped += 1;
                }
                continue;
            }
            self.extend(line);
            if self.too_long {
                self.dropped += 1;
            } else {
                each(&self.begun);
            }
            self.restart();
        }
        self.extend(chunk);
    }

    /// How many lines were too long and are lost.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many bytes are held of a line that is not complete.
    pub fn held(&self) -> usize {
        self.begun.len()
    }

    fn extend(&mut self, part: &[u8]) {
        if self.too_long {
            return;
        }
        if self.begun.len() + part.len() > self.limit {
            self.too_long = true;
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(part);
        }
    }

    fn restart(&mut self) {
        self.too_long = false;
        self.begun.clear();
        if self.begun.capacity() > KEPT_MAX {
            self.begun = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(lines: &mut Lines, chunk: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        lines.push(chunk, |line| found.push(line.to_vec()));
        found
    }

    #[test]
    fn a_long_line_is_dropped_and_the_next_is_not() {
        let mut lines = Lines::with_limit(4);
        assert_eq!(all(&mut lines, b"abcd\nabcde\nab"), [b"abcd"]);
        assert_eq!(all(&mut lines, b"cde"), Vec::<Vec<u8>>::new());
        assert_eq!(lines.held(), 0);
        assert_eq!(all(&mut lines, b"fgh\nxy\n\n"), [b"xy"]);
        assert_eq!(lines.dropped(), 2);
    }

    proptest! {
        #[test]
        fn how_it_arrives_does_not_matter(
            text in proptest::collection::vec(prop_oneof![3 => any::<u8>(), 1 => Just(b'\n')], 0..200),
            cuts in proptest::collection::vec(0..200_usize, 0..8),
        ) {
            let expected: Vec<Vec<u8>> = text
                .split(|byte| *byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>()
                .split_last()
                .map(|(_, whole)| whole.to_vec())
                .unwrap_or_default()
                .into_iter()
                .filter(|line| !line.is_empty() && line.len() <= 16)
                .collect();
            let mut lines = Lines::with_limit(16);
            let mut found = Vec::new();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            for pair in cuts.windows(2) {
                found.extend(all(&mut lines, &text[pair[0]..pair[1]]));
                prop_assert!(lines.held() <= 16);
            }
            prop_assert_eq!(found, expected);
        }
    }
}
