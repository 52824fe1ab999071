//! Which of the bytes that wait are written together.

use memchr::{memchr, memrchr};

/// A line without an end is held so long before it is cut in two.
const HELD_MAX: usize = 64 << 10;

/// The first bytes of those that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// How many.
    pub(super) len: usize,
    /// A newline that they do not have is to follow them.
    pub(super) close: bool,
}

/// What is asked of a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// What may be cut.
    pub(super) cut: Cut,
    /// Nothing will come that goes on with the last line.
    pub(super) last: bool,
    /// A line that has no end yet is to be written.
    pub(super) all: bool,
}

/// Where bytes may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Anywhere.
    Anywhere,
    /// Not amid a line, as it gets one stamp.
    Lines,
    /// Not amid a line, as others may follow: one that is written must have an end.
    ClosedLines,
}

impl Part {
    /// What to write of `bytes`; `None` while a line is held.
    pub(super) fn of(bytes: &[u8], rules: Rules) -> Option<Self> {
        if rules.cut == Cut::Anywhere {
            return Some(Self { len: bytes.len(), close: false });
        }
        if let Some(end) = memrchr(b'\n', bytes) {
            return Some(Self { len: end + 1, close: false });
        }
        if rules.last || bytes.len() >= HELD_MAX {
            return Some(Self { len: bytes.len(), close: rules.cut == Cut::ClosedLines });
        }
        rules.all.then_some(Self { len: bytes.len(), close: false })
    }

    /// No more than brings a file to its size, and the rest of that line. `room` is what the file may
    /// have more, `None` for any.
    pub(super) fn within(self, room: Option<u64>, bytes: &[u8]) -> Self {
        let room = room.map_or(usize::MAX, |room| usize::try_from(room).unwrap_or(usize::MAX));
        let rest = bytes[..self.len].get(room.saturating_sub(1)..).unwrap_or(&[]);
        match memchr(b'\n', rest) {
            Some(at) => Self { len: self.len - rest.len() + at + 1, close: false },
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Rules = Rules { cut: Cut::Anywhere, last: false, all: false };

    fn part(bytes: &[u8], rules: Rules) -> Option<(usize, bool)> {
        Part::of(bytes, rules).map(|part| (part.len, part.close))
    }

    #[test]
    fn a_file_that_is_full_is_given_the_rest_of_its_line() {
        let within = |len, room| {
            let part = Part { len, close: true }.within(room, b"aa\nbb\ncc");
            (part.len, part.close)
        };
        assert_eq!(within(8, None), (8, true));
        assert_eq!(within(8, Some(9)), (8, true));
        assert_eq!(within(8, Some(7)), (8, true), "the last line has no end yet");
        assert_eq!(within(8, Some(6)), (6, false));
        assert_eq!(within(8, Some(4)), (6, false));
        assert_eq!(within(8, Some(3)), (3, false));
        for room in [0, 1, 2] {
            assert_eq!(within(8, Some(room)), (3, false));
        }
        assert_eq!(within(2, Some(0)), (2, true));
    }

    #[test]
    fn a_line_is_held_where_it_may_not_be_cut() {
        assert_eq!(part(b"a\nbc", ALONE), Some((4, false)));
        for (cut, close) in [(Cut::Lines, false), (Cut::ClosedLines, true)] {
            let rules = Rules { cut, ..ALONE };
            assert_eq!(part(b"a\nbc", rules), Some((2, false)));
            assert_eq!(part(b"bc", rules), None);
            assert_eq!(part(b"bc", Rules { all: true, ..rules }), Some((2, false)));
            assert_eq!(part(b"bc", Rules { last: true, ..rules }), Some((2, close)));
            let long = vec![b'x'; HELD_MAX];
            assert_eq!(part(&long, rules), Some((HELD_MAX, close)));
            assert_eq!(part(&long[1..], rules), None);
        }
    }
}
