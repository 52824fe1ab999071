//! Cuts one stream into lines for those who follow it.

use memchr::memchr;

/// A longer line is cut for followers; in the file it is whole.
const LINE_MAX: usize = 64 << 10;
/// Ends a line that was cut.
const MARK: &[u8] = b" [rpm: the rest of this line is left out]";

/// The line that has begun.
#[derive(Debug, Default)]
pub(super) struct Lines {
    held: Vec<u8>,
    cut: bool,
}

impl Lines {
    /// Takes bytes and hands out each line that is whole, without its newline.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) {
        while let Some(end) = memchr(b'\n', bytes) {
            if self.held.is_empty() && end <= LINE_MAX {
                each(&bytes[..end]);
            } else {
                self.hold(&bytes[..end]);
                each(&self.held);
                self.clear();
            }
            bytes = &bytes[end + 1..];
        }
        self.hold(bytes);
    }

    /// The stream has ended: hands out a last line that has no newline.
    pub(super) fn end(&mut self, mut each: impl FnMut(&[u8])) {
        if !self.held.is_empty() {
            each(&self.held);
        }
        self.clear();
    }

    /// Forgets what has begun.
    pub(super) fn clear(&mut self) {
        self.held = Vec::new();
        self.cut = false;
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LINE_MAX.saturating_sub(self.held.len());
        self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room && !self.cut {
            self.held.extend_from_slice(MARK);
            self.cut = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in pieces {
            lines.feed(piece, |line| found.push(line.to_vec()));
        }
        lines.end(|line| found.push(line.to_vec()));
        found
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_arrive() {
        let text = b"one\n\n\xff\x00three\r\nlast";
        let whole: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        for size in 1..=text.len() {
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(fed(&pieces), whole, "in pieces of {size}");
        }
    }

    #[test]
    fn a_long_line_is_cut_once_and_the_next_is_whole() {
        for size in [1000, LINE_MAX, LINE_MAX * 3] {
            let mut text = vec![b'x'; LINE_MAX * 3];
            text.extend_from_slice(b"\nshort\n");
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            let found = fed(&pieces);
            assert_eq!(found.len(), 2, "in pieces of {size}");
            assert_eq!(found[0].len(), LINE_MAX + MARK.len());
            assert!(found[0].ends_with(MARK));
            assert_eq!(found[1], b"short");
        }
    }

    #[test]
    fn a_line_at_the_bound_is_whole() {
        let mut text = vec![b'x'; LINE_MAX];
        text.push(b'\n');
        assert_eq!(fed(&[&text]), [text[..LINE_MAX].to_vec()]);
        assert_eq!(fed(&[&text[..9], &text[9..]]), [text[..LINE_MAX].to_vec()]);
    }
}
