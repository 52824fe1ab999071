//! One line of `/proc/PID/stat`.

/// What the kernel tells of a process, `proc_pid_stat(5)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its number.
    pub pid: u32,
    /// Its parent.
    pub ppid: u32,
    /// Its process group.
    pub pgrp: u32,
    /// Its session.
    pub session: u32,
    /// `R`, `S`, `Z` and so on.
    pub state: u8,
    /// CPU time used, by itself and in the kernel for it, in clock ticks.
    pub ticks: u64,
    /// CPU time of its children that have ended and that it has waited for, and of theirs.
    pub waited_ticks: u64,
    /// Pages of memory that it has resident.
    pub rss_pages: u64,
    /// When it was started, in clock ticks since boot.
    pub started: u64,
}

impl Stat {
    /// It has ended and waits for its parent to notice.
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }

    /// It is a thread of the kernel's own, which was started with no environment. One of a session
    /// outside of our namespace looks alike but for its memory.
    pub(super) fn is_kernel(&self) -> bool {
        (self.session, self.pgrp, self.rss_pages) == (0, 0, 0)
    }

    /// Reads the line; `None` when it is none.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        // The name may hold anything, spaces and parentheses too; nothing after it does.
        let name_end = line.iter().rposition(|byte| *byte == b')')?;
        let pid_end = line.iter().position(|byte| *byte == b' ')?;
        let pid = number(line.get(..pid_end)?)?;
        let mut fields = line.get(name_end + 2..)?.split(|byte| *byte == b' ');
        let state = *fields.next()?.first()?;
        let parent = number(fields.next()?)?;
        let pgrp = number(fields.next()?)?;
        let session = number(fields.next()?)?;
        let user = number(fields.nth(7)?)?;
        let system = number(fields.next()?)?;
        // The kernel prints these two as signed numbers.
        let waited_user = number(fields.next()?).unwrap_or(0);
        let waited_system = number(fields.next()?).unwrap_or(0);
        let started = number(fields.nth(4)?)?;
        let rss_pages = number(fields.nth(1)?)?;
        Some(Self {
            pid: u32::try_from(pid).ok()?,
            ppid: u32::try_from(parent).ok()?,
            pgrp: u32::try_from(pgrp).ok()?,
            session: u32::try_from(session).ok()?,
            state,
            ticks: user.saturating_add(system),
            waited_ticks: waited_user.saturating_add(waited_system),
            rss_pages,
            started,
        })
    }
}

/// Where the environment ends in memory, 0 before there is one.
pub(super) fn environ_end(line: &[u8]) -> Option<u64> {
    let name_end = line.iter().rposition(|byte| *byte == b')')?;
    number(line.get(name_end + 2..)?.split(|byte| *byte == b' ').nth(48)?)
}

/// Decimal digits; `None` for anything else.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"42 (a) (b c) S 7 8 9 34816 42 4194304 1 2 3 4 50 6 70 80 20 0 1 0 \
        12345 1000000 250 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n";

    #[test]
    fn a_name_with_parentheses_does_not_shift_fields() {
        let stat = Stat::parse(LINE).unwrap();
        let expected = Stat {
            pid: 42,
            ppid: 7,
            pgrp: 8,
            session: 9,
            state: b'S',
            ticks: 56,
            waited_ticks: 150,
            rss_pages: 250,
            started: 12345,
        };
        assert_eq!(stat, expected);
        assert!(!stat.is_zombie() && !stat.is_kernel());
    }

    #[test]
    fn no_cut_of_the_line_is_misread() {
        for end in 0..LINE.len() {
            if let Some(stat) = Stat::parse(&LINE[..end]) {
                assert_eq!((stat.pid, stat.ppid, stat.started), (42, 7, 12345), "cut at {end}");
            }
        }
        assert_eq!(Stat::parse(b"no line at all"), None);
    }
}
