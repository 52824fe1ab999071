//! Which of the bytes that wait are written together.

use memchr::memrchr;

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
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Rules = Rules { cut: Cut::Anywhere, last: false, all: false };

    fn part(bytes: &[u8], rules: Rules) -> Option<(usize, bool)> {
        Part::of(bytes, rules).map(|part| (part.len, part.close))
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
