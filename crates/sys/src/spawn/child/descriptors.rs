//! The child's descriptors take their places.

use super::{Birth, Program, Stage, Step, check, errno};
use nix::libc::{self, c_int};
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// Descriptors are moved at least this high before they take their places, so that none of them
/// is overwritten by another's.
const ABOVE: RawFd = 100;

/// Above all places that are to be taken.
pub(super) fn above(fds: &[(OwnedFd, i32)]) -> RawFd {
    let top = fds.iter().map(|(_, target)| target.saturating_add(1)).max().unwrap_or(0);
    top.max(ABOVE)
}

impl Birth<'_> {
    /// Puts descriptors at their places and lets all others close. Returns where the program is,
    /// if it is a descriptor.
    pub(super) fn place_descriptors(&mut self) -> Result<RawFd, (Stage, c_int)> {
        for fd in self.moved.iter_mut() {
            *fd = move_up(*fd, self.above)?;
        }
        self.report = move_up(self.report, self.above)?;
        let program = match &self.plan.program {
            Program::Path(_) => -1,
            Program::Open(fd) => move_up(fd.as_raw_fd(), self.above)?,
        };
        // Kernels before 5.11 cannot; what we open closes on exec anyway.
        // SAFETY: takes numbers; nothing is closed yet.
        unsafe {
            libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC)
        };
        for ((_, target), fd) in self.plan.fds.iter().zip(self.moved.iter()) {
            let fd = if matches!(target, 1 | 2) { self.own_description(*fd)? } else { *fd };
            // SAFETY: takes numbers; the owner of what is at `target` is in the parent.
            check(Stage::Descriptors, unsafe { libc::dup2(fd, *target) })?;
        }
        Ok(program)
    }

    /// Opens a pipe anew, for reading and writing. With one that could only be written to, a
    /// program would be ended while nobody reads, and one program's `O_NONBLOCK` would be the
    /// next one's. Without `/proc` it stays as it is.
    fn own_description(&self, fd: RawFd) -> Result<RawFd, (Stage, c_int)> {
        if !is_pipe(fd) {
            return Ok(fd);
        }
        self.give_away(fd)?;
        let mut path = [0_u8; 32];
        // The last byte stays 0.
        let (mut text, _) = path.split_at_mut(31);
        if write!(text, "/proc/self/fd/{fd}").is_err() {
            return Ok(fd);
        }
        let flags = libc::O_RDWR | libc::O_CLOEXEC;
        // SAFETY: a string with its NUL.
        let own = unsafe { libc::open(path.as_ptr().cast(), flags) };
        Ok(if own < 0 { fd } else { move_up(own, self.above)? })
    }

    /// Another user may open its standard output by name only when it owns it.
    fn give_away(&self, fd: RawFd) -> Step {
        let Some(uid) = self.plan.uid else {
            return Ok(());
        };
        // The largest number leaves the group as it is.
        let gid = self.plan.gid.unwrap_or(u32::MAX);
        // SAFETY: takes numbers.
        let given = unsafe { libc::fchown(fd, uid, gid) };
        // Without the right to, taking on the user will tell.
        if given < 0 && errno() == libc::EPERM {
            return Ok(());
        }
        check(Stage::Descriptors, given)
    }
}

fn is_pipe(fd: RawFd) -> bool {
    let mut stat = std::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: a place for the result.
    let told = unsafe { libc::fstat(fd, stat.as_mut_ptr()) };
    // SAFETY: all zeroes is a value of this structure.
    let mode = unsafe { stat.assume_init() }.st_mode;
    told == 0 && mode & libc::S_IFMT == libc::S_IFIFO
}

fn move_up(fd: RawFd, above: RawFd) -> Result<RawFd, (Stage, c_int)> {
    // SAFETY: takes numbers, makes a new descriptor.
    let moved = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, above) };
    match check(Stage::Descriptors, moved) {
        Ok(()) => Ok(moved),
        // What is meant is that the limit is lower than `above`, man 2 `fcntl`.
        Err((stage, libc::EINVAL)) => Err((stage, libc::EMFILE)),
        Err(error) => Err(error),
    }
}
