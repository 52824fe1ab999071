//! What a successor must know of a stream, as it stands at the head of its spool.
//!
//! A record has two places there, written in turns, each with a number and a check sum. Whoever
//! dies while writing one leaves the other; the valid one with the higher number holds.

use std::io;

/// Bytes of a record.
pub(super) const SIZE: usize = WORDS * 8;
/// Gaps of a stream at a time.
pub(super) const GAPS_MAX: usize = 4;

const WORDS: usize = 16;
/// Words between the number and the check sum.
const BODY: usize = WORDS - 2;

/// How far one stream has come in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// What is before this offset of the spool is in the file, or counted as dropped.
    pub(super) consumed: u64,
    /// The last bytes consumed did not end a line.
    pub(super) amid_line: bool,
    /// The last bytes consumed did not all reach the file.
    pub(super) lost: bool,
    /// What the file ended with after this stream wrote last.
    pub(super) left: Left,
    /// Of all streams that write to the file, the one with the highest order wrote last.
    pub(super) order: u64,
    /// Bytes that are not in the file, and of which it does not tell yet.
    pub(super) dropped: u64,
    /// Why.
    pub(super) why: Why,
    /// A write that was begun and may be done in part. No other is under way in the same file.
    pub(super) intent: Option<Intent>,
}

/// The end of a file as a stream left it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Left {
    /// A whole line.
    #[default]
    Line,
    /// A line that it may go on with.
    Begun,
    /// A line that nobody goes on with.
    Torn,
}

/// All that is needed to make up the bytes of a write again, and to see how many of them arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Intent {
    /// Bytes of the spool; 0 for the line that tells what was dropped.
    pub(super) len: u64,
    /// The time of stamps, in ms since 1970.
    pub(super) at: i64,
    /// The first bytes go on with a line that is in the file.
    pub(super) goes_on: bool,
    /// A newline first, to end another's line.
    pub(super) cut: bool,
    /// A newline last, which the stream does not have.
    pub(super) close: bool,
    /// The file; `None` when it is none that keeps bytes, but a pipe or a terminal.
    pub(super) file: Option<FileMark>,
}

/// A file before a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FileMark {
    /// Its device.
    pub(super) device: u64,
    /// Its inode.
    pub(super) inode: u64,
    /// Its size in bytes.
    pub(super) size: u64,
}

/// Why bytes were dropped: an error of the system, or [`Why::OVERFLOW`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Why(u32);

/// Bytes of a spool that go to no file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gap {
    /// The first of them.
    pub(super) from: u64,
    /// What comes after them.
    pub(super) to: u64,
    /// How many of them an app wrote; the others fill a page.
    pub(super) dropped: u64,
}

/// The gaps of a stream, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gaps {
    /// At most [`GAPS_MAX`].
    pub(super) list: Vec<Gap>,
    /// The last gap grows.
    pub(super) is_open: bool,
    /// It ends, so far, amid a line.
    pub(super) amid_line: bool,
}

impl Why {
    /// The disk is so slow that the spool is full.
    pub(super) const OVERFLOW: Self = Self(u32::MAX);

    /// From an error of a write.
    pub(super) fn from_error(error: &io::Error) -> Self {
        let code = error.raw_os_error().and_then(|code| u32::try_from(code).ok());
        Self(code.unwrap_or(match error.kind() {
            io::ErrorKind::WriteZero => ENOSPC,
            io::ErrorKind::NotFound => ENOENT,
            _ => EIO,
        }))
    }

    /// For the line in the file.
    pub(super) fn words(self) -> String {
        match self {
            Self::OVERFLOW => "the disk does not keep up".to_owned(),
            Self(ENOSPC | EDQUOT) => "disk full".to_owned(),
            Self(EAGAIN) => "its reader is slow".to_owned(),
            Self(code) => io::Error::from_raw_os_error(code.cast_signed()).to_string(),
        }
    }
}

const ENOENT: u32 = rustix::io::Errno::NOENT.raw_os_error().cast_unsigned();
const EIO: u32 = rustix::io::Errno::IO.raw_os_error().cast_unsigned();
const EAGAIN: u32 = rustix::io::Errno::AGAIN.raw_os_error().cast_unsigned();
const ENOSPC: u32 = rustix::io::Errno::NOSPC.raw_os_error().cast_unsigned();
const EDQUOT: u32 = rustix::io::Errno::DQUOT.raw_os_error().cast_unsigned();

/// Something that is kept as a record.
pub(super) trait Record: Default {
    /// As words.
    fn words(&self) -> [u64; BODY];
    /// From words.
    fn from_words(words: &[u64; BODY]) -> Self;
}

impl Record for Place {
    fn words(&self) -> [u64; BODY] {
        let left = match self.left {
            Left::Line => 0,
            Left::Begun => 1,
            Left::Torn => 2,
        };
        let intent = self.intent.unwrap_or_default();
        let file = intent.file.unwrap_or_default();
        let flags = [
            self.amid_line,
            self.lost,
            self.intent.is_some(),
            intent.goes_on,
            intent.cut,
            intent.close,
            intent.file.is_some(),
        ];
        let mut words = [0; BODY];
        words[0] = self.consumed;
        words[1] = bits(&flags) << 8 | left;
        words[2..5].copy_from_slice(&[self.order, self.dropped, self.why.0.into()]);
        words[5..7].copy_from_slice(&[intent.len, intent.at.cast_unsigned()]);
        words[7..10].copy_from_slice(&[file.device, file.inode, file.size]);
        words
    }

    fn from_words(words: &[u64; BODY]) -> Self {
        let is_set = |flag: u32| words[1] >> (8 + flag) & 1 == 1;
        let file = FileMark { device: words[7], inode: words[8], size: words[9] };
        let intent = Intent {
            len: words[5],
            at: words[6].cast_signed(),
            goes_on: is_set(3),
            cut: is_set(4),
            close: is_set(5),
            file: is_set(6).then_some(file),
        };
        Self {
            consumed: words[0],
            amid_line: is_set(0),
            lost: is_set(1),
            left: match words[1] & 0xff {
                0 => Left::Line,
                1 => Left::Begun,
                _ => Left::Torn,
            },
            order: words[2],
            dropped: words[3],
            why: Why(u32::try_from(words[4]).unwrap_or(EIO)),
            intent: is_set(2).then_some(intent),
        }
    }
}

impl Record for Gaps {
    fn words(&self) -> [u64; BODY] {
        let mut words = [0; BODY];
        words[0] = bits(&[self.is_open, self.amid_line]) << 8 | self.list.len() as u64;
        for (gap, place) in self.list.iter().zip(words[1..].chunks_exact_mut(3)) {
            place.copy_from_slice(&[gap.from, gap.to, gap.dropped]);
        }
        words
    }

    fn from_words(words: &[u64; BODY]) -> Self {
        let count = usize::try_from(words[0] & 0xff).unwrap_or(GAPS_MAX).min(GAPS_MAX);
        let gap = |words: &[u64]| Gap { from: words[0], to: words[1], dropped: words[2] };
        Self {
            list: words[1..].chunks_exact(3).take(count).map(gap).collect(),
            is_open: words[0] >> 8 & 1 == 1,
            amid_line: words[0] >> 9 & 1 == 1,
        }
    }
}

/// The bytes of a record.
pub(super) fn seal(number: u64, record: &impl Record) -> [u8; SIZE] {
    let body = record.words();
    let mut bytes = [0; SIZE];
    let words = [number].into_iter().chain(body).chain([check(number, &body)]);
    for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// The newer of two records and its number; the default where there is none.
pub(super) fn newest<T: Record>(two: &[u8; 2 * SIZE]) -> (u64, T) {
    let (one, other) = two.split_at(SIZE);
    let found = [open(one), open(other)].into_iter().flatten().max_by_key(|(number, _)| *number);
    found.map_or_else(|| (0, T::default()), |(number, body)| (number, T::from_words(&body)))
}

fn open(bytes: &[u8]) -> Option<(u64, [u64; BODY])> {
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().ok()?);
    }
    let body: [u64; BODY] = words[1..=BODY].try_into().ok()?;
    (words[WORDS - 1] == check(words[0], &body)).then_some((words[0], body))
}

/// Not zero for zeros: memory that was never written is no record.
fn check(number: u64, body: &[u64; BODY]) -> u64 {
    [number].iter().chain(body).fold(0xcbf2_9ce4_8422_2325, |sum, word| {
        (sum ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
    })
}

fn bits(flags: &[bool]) -> u64 {
    flags.iter().rev().fold(0, |bits, flag| bits << 1 | u64::from(*flag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        let file = Some(FileMark { device: 7, inode: 8, size: 9 });
        let intent = Intent { len: 4, at: -5, goes_on: true, cut: false, close: true, file };
        Place {
            consumed: 1,
            amid_line: true,
            lost: false,
            left: Left::Torn,
            order: 2,
            dropped: 3,
            why: Why::OVERFLOW,
            intent: Some(intent),
        }
    }

    #[test]
    fn records_come_back_as_they_were() {
        for place in [place(), Place { intent: None, lost: true, ..place() }, Place::default()] {
            assert_eq!(Place::from_words(&place.words()), place);
        }
        let gap = |from| Gap { from, to: from + 5, dropped: 5 };
        for count in 0..=GAPS_MAX as u64 {
            let list = (0..count).map(|number| gap(number * 10)).collect();
            let gaps = Gaps { list, is_open: count % 2 == 1, amid_line: count % 3 == 1 };
            assert_eq!(Gaps::from_words(&gaps.words()), gaps);
        }
    }

    #[test]
    fn a_record_that_is_not_whole_leaves_the_one_before() {
        let mut two = [0; 2 * SIZE];
        assert_eq!(newest::<Place>(&two), (0, Place::default()));
        two[..SIZE].copy_from_slice(&seal(6, &place()));
        let next = seal(7, &Place { consumed: 100, ..place() });
        for cut in 0..=SIZE {
            two[SIZE..][..cut].copy_from_slice(&next[..cut]);
            let (number, found) = newest::<Place>(&two);
            // The last bytes may be what was there before.
            let whole = two[SIZE..] == next;
            assert_eq!((number, found.consumed), if whole { (7, 100) } else { (6, 1) });
        }
    }
}
