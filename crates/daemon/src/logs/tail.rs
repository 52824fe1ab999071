//! The last bytes of a run, kept until it is up: what a failed start is shown with.
//!
//! They are kept as they were read and cut into lines only when somebody asks, so that an app that
//! prints much while it starts costs nothing more.

use memchr::memchr_iter;
use rpm_core::ProcId;
use rpm_proto::{LogLine, Stream};
use std::collections::VecDeque;

/// Bytes kept of a run.
const BYTES_MAX: usize = 4 << 10;
/// Reads kept apart; more are joined, so that an app that prints byte by byte costs no more.
const PIECES_MAX: usize = 64;
/// Lines handed out.
const LINES_MAX: usize = 20;

/// The last bytes of both streams, in the order they were read.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pieces: VecDeque<Piece>,
    size: usize,
}

#[derive(Debug)]
struct Piece {
    stream: Stream,
    at: i64,
    bytes: Vec<u8>,
}

impl Tail {
    /// Takes what was read at `at`.
    pub(super) fn take(&mut self, stream: Stream, at: i64, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(BYTES_MAX)..];
        let many = self.pieces.len() >= PIECES_MAX;
        match self.pieces.back_mut() {
            Some(last) if many && last.stream == stream => last.bytes.extend_from_slice(bytes),
            _ => self.pieces.push_back(Piece { stream, at, bytes: bytes.to_vec() }),
        }
        self.size += bytes.len();
        self.trim();
    }

    /// The last lines, oldest first. A line stands where it began.
    pub(super) fn lines(&self, proc: ProcId, name: &str) -> Vec<LogLine> {
        let mut lines: Vec<LogLine> = Vec::new();
        let mut open: [Option<usize>; 2] = [None, None];
        for piece in &self.pieces {
            let open = &mut open[usize::from(piece.stream == Stream::Err)];
            let mut start = 0;
            let ends = memchr_iter(b'\n', &piece.bytes).map(|end| (end, true));
            for (end, whole) in ends.chain([(piece.bytes.len(), false)]) {
                let part = &piece.bytes[start.min(end)..end];
                start = end + 1;
                if part.is_empty() && !whole {
                    continue;
                }
                let line = *open.get_or_insert_with(|| {
                    lines.push(LogLine {
                        proc: proc.0,
                        name: name.to_owned(),
                        stream: piece.stream,
                        at: piece.at,
                        bytes: Vec::new(),
                    });
                    lines.len() - 1
                });
                lines[line].bytes.extend_from_slice(part);
                if whole {
                    *open = None;
                }
            }
        }
        lines.drain(..lines.len().saturating_sub(LINES_MAX));
        lines
    }

    /// Lets go of the oldest.
    fn trim(&mut self) {
        while self.pieces.len() > PIECES_MAX
            || self.pieces.front().is_some_and(|first| self.excess() >= first.bytes.len())
        {
            let first = self.pieces.pop_front();
            self.size -= first.map_or(0, |first| first.bytes.len());
        }
        let excess = self.excess();
        if let Some(first) = self.pieces.front_mut() {
            first.bytes.drain(..excess);
            self.size -= excess;
        }
    }

    fn excess(&self) -> usize {
        self.size.saturating_sub(BYTES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Stream::{Err, Out};

    fn lines(tail: &Tail) -> Vec<(Stream, String)> {
        let text = |line: LogLine| (line.stream, String::from_utf8(line.bytes).unwrap());
        tail.lines(ProcId(3), "api").into_iter().map(text).collect()
    }

    #[test]
    fn lines_stand_where_they_began() {
        let mut tail = Tail::default();
        for (stream, bytes) in
            [(Out, "list"), (Err, "no\n\nwhy"), (Out, "ening\n"), (Err, "?"), (Out, "bye")]
        {
            tail.take(stream, 1, bytes.as_bytes());
        }
        let wanted = [(Out, "listening"), (Err, "no"), (Err, ""), (Err, "why?"), (Out, "bye")];
        assert_eq!(lines(&tail), wanted.map(|(stream, text)| (stream, text.to_owned())));
    }

    #[test]
    fn the_last_lines_are_kept() {
        let mut tail = Tail::default();
        for number in 0..10_000 {
            tail.take(Out, number, format!("line {number}\n").as_bytes());
        }
        let found = lines(&tail);
        assert_eq!(found.len(), LINES_MAX);
        assert_eq!(found[0].1, "line 9980");
        assert_eq!(found[19].1, "line 9999");
    }

    #[test]
    fn it_stays_small() {
        let mut tail = Tail::default();
        for round in 0..10_000 {
            tail.take(if round % 2 == 0 { Out } else { Err }, round, b"x");
        }
        assert!(tail.pieces.len() <= PIECES_MAX);
        tail.take(Out, 0, &vec![b'y'; 1 << 20]);
        tail.take(Out, 0, b"z");
        assert_eq!(tail.size, BYTES_MAX);
        let bytes: usize = tail.pieces.iter().map(|piece| piece.bytes.len()).sum();
        assert_eq!(bytes, BYTES_MAX);
        assert!(lines(&tail)[0].1.ends_with("yz"));
    }
}
