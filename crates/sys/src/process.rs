//! What a process is and does to itself.

use nix::errno::Errno;
use rustix::fs::{Mode, OFlags};
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// No such process, `errno(3)`.
pub const ESRCH: i32 = nix::libc::ESRCH;
/// Already in use, `errno(3)`.
pub const EBUSY: i32 = nix::libc::EBUSY;
/// Not understood, `errno(3)`.
pub const EINVAL: i32 = nix::libc::EINVAL;
/// Too long, `errno(3)`.
pub const E2BIG: i32 = nix::libc::E2BIG;
/// Too long a message, `errno(3)`.
pub const EMSGSIZE: i32 = nix::libc::EMSGSIZE;
/// Not an open descriptor, `errno(3)`.
pub const EBADF: i32 = nix::libc::EBADF;
/// Too many open descriptors, `errno(3)`.
pub const EMFILE: i32 = nix::libc::EMFILE;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitStatus {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// It did not end, or nobody can tell.
    Unknown,
}

/// Reads a status of `wait(2)`.
pub fn wait_status(status: i32) -> WaitStatus {
    if nix::libc::WIFEXITED(status) {
        WaitStatus::Exited(nix::libc::WEXITSTATUS(status))
    } else if nix::libc::WIFSIGNALED(status) {
        WaitStatus::Signalled(nix::libc::WTERMSIG(status))
    } else {
        WaitStatus::Unknown
    }
}

/// A status that [`wait_status`] reads as [`WaitStatus::Unknown`].
pub const STATUS_UNKNOWN: i32 = -1;

/// A child that has ended, with its status as `wait(2)` gives it; `None` when there is none now.
pub fn reap_any() -> io::Result<Option<(u32, i32)>> {
    use rustix::process::{WaitOptions, wait};
    match wait(WaitOptions::NOHANG) {
        Ok(None) | Err(rustix::io::Errno::CHILD) => Ok(None),
        Ok(Some((pid, status))) => {
            Ok(Some((pid.as_raw_nonzero().get().cast_unsigned(), status.as_raw())))
        }
        Err(error) => Err(error.into()),
    }
}

/// Waits for one child. Its status is that of `wait(2)`.
pub fn reap(pid: u32) -> io::Result<i32> {
    use rustix::process::{Pid, WaitOptions, waitpid};
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Ok(Some((_, status))) => return Ok(status.as_raw()),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The parent of the calling process; 0 when it is outside of this namespace.
pub fn parent() -> u32 {
    rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get().cast_unsigned())
}

/// The user whose rights the calling process has.
pub fn effective_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// What a process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Memory in bytes; what is shared is divided by those who share it.
    pub memory: u64,
    /// Open descriptors.
    pub descriptors: u64,
    /// How many it may have; [`u64::MAX`] for no limit.
    pub descriptors_max: u64,
}

/// What a process uses, by `/proc`; 0 where that does not tell.
pub fn usage(pid: u32) -> Usage {
    let read =
        |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let kib = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let memory = kib(&read("smaps_rollup"), "Pss:").or_else(|| kib(&read("status"), "VmRSS:"));
    let limits = read("limits");
    let max = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    Usage {
        memory: memory.unwrap_or(0) * 1024,
        descriptors: descriptors(pid).unwrap_or(0),
        descriptors_max: match max.and_then(|rest| rest.split_whitespace().next()) {
            Some(max) => max.parse().unwrap_or(u64::MAX),
            None => 0,
        },
    }
}

/// How many descriptors a process has open; `None` where that may not be seen.
pub fn descriptors(pid: u32) -> Option<u64> {
    let folder = format!("/proc/{pid}/fd");
    // Kernels from 6.2 on tell it as the folder's size, to anybody; older ones have to be counted.
    let count = || std::fs::read_dir(&folder).ok().map(|entries| entries.count() as u64);
    match rustix::fs::stat(&folder).ok()?.st_size {
        size if size > 0 => u64::try_from(size).ok(),
        _ => count(),
    }
}

/// `/dev/null`, for reading and writing; closes on exec.
pub fn open_null() -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    Ok(rustix::fs::open("/dev/null", flags, Mode::empty())?)
}

/// The program that the calling process runs, held open: replacing the file changes nothing.
pub fn open_self() -> io::Result<OwnedFd> {
    Ok(File::open("/proc/self/exe")?.into())
}

/// Makes the calling process the parent of all orphans below it, `PR_SET_CHILD_SUBREAPER`.
pub fn become_subreaper() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// Starts a session, unless the calling process leads one already, `setsid(2)`.
pub fn start_session() -> io::Result<()> {
    // Asked first, the kernel may name session 0: one whose leader is outside our pid namespace.
    match nix::unistd::setsid() {
        Err(Errno::EPERM) if nix::unistd::getsid(None)? == nix::unistd::getpid() => Ok(()),
        Err(source) => Err(source.into()),
        Ok(_) => Ok(()),
    }
}

/// Leaves the working directory, so that its file system can be unmounted.
pub fn leave_directory() -> io::Result<()> {
    Ok(rustix::process::chdir("/")?)
}

/// Makes `input` the standard input and `output` both standard outputs.
pub fn redirect(input: impl AsFd, output: impl AsFd) -> io::Result<()> {
    rustix::stdio::dup2_stdin(input)?;
    rustix::stdio::dup2_stdout(&output)?;
    rustix::stdio::dup2_stderr(&output)?;
    Ok(())
}

/// Lets a descriptor close on exec, `FD_CLOEXEC`.
pub fn close_on_exec(fd: impl AsFd) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::CLOEXEC)?)
}

/// Lets a descriptor stay open on exec.
pub fn keep_on_exec(fd: impl AsFd) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?)
}

/// Replaces the program of the calling process by a binary that is held open, `execveat(2)`.
/// Returns only when that failed. Other threads end; signals that are blocked stay so.
pub fn become_program(binary: impl AsFd, argv: &[CString], envp: &[CString]) -> io::Error {
    let list = |strings: &[CString]| -> Vec<*const nix::libc::c_char> {
        strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (argv, envp) = (list(argv), list(envp));
    let binary = binary.as_fd().as_raw_fd();
    // SAFETY: strings with their NUL, lists that end with a null pointer; the empty path stands for
    // the descriptor itself.
    unsafe {
        nix::libc::syscall(
            nix::libc::SYS_execveat,
            binary,
            c"".as_ptr(),
            argv.as_ptr(),
            envp.as_ptr(),
            nix::libc::AT_EMPTY_PATH,
        )
    };
    io::Error::last_os_error()
}

/// Takes ownership of a descriptor that the calling process was started with.
///
/// Fails when there is no such descriptor. It closes on exec from now on.
pub fn inherited(fd: i32) -> io::Result<OwnedFd> {
    use std::os::fd::{BorrowedFd, FromRawFd};
    if fd < 0 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: not negative; that it is open is asked next, before it is used.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    close_on_exec(borrowed)?;
    // SAFETY: it is open, and nobody else in this process was told of a descriptor that came with
    // exec; callers name each once.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The name that `ps(1)` and `top(1)` show, cut to 15 bytes, `PR_SET_NAME`.
pub fn set_name(name: &str) -> io::Result<()> {
    let short = name.get(..15).unwrap_or(name);
    let name = CString::new(short)?;
    Ok(rustix::thread::set_name(&name)?)
}

/// What the out-of-memory killer adds to a process' badness, `proc_pid_oom_score_adj(5)`.
pub fn oom_score_adj() -> io::Result<i32> {
    let text = std::fs::read_to_string("/proc/self/oom_score_adj")?;
    text.trim().parse().map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Sets [`oom_score_adj`]; lowering it needs a privilege.
pub fn set_oom_score_adj(value: i32) -> io::Result<()> {
    std::fs::write("/proc/self/oom_score_adj", value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read() {
        assert_eq!(wait_status(0), WaitStatus::Exited(0));
        assert_eq!(wait_status(3 << 8), WaitStatus::Exited(3));
        assert_eq!(wait_status(9), WaitStatus::Signalled(9));
        assert_eq!(wait_status(0x8b), WaitStatus::Signalled(11));
        assert_eq!(wait_status(0x137f), WaitStatus::Unknown);
        assert_eq!(wait_status(STATUS_UNKNOWN), WaitStatus::Unknown);
    }

    #[test]
    fn a_descriptor_that_is_not_there_is_not_inherited() {
        assert!(inherited(-1).is_err());
        assert!(inherited(1_000_000).is_err());
    }

    #[test]
    fn our_program_is_a_file() {
        assert!(descriptors(std::process::id()).unwrap() > 2);
        assert_eq!(descriptors(0), None);
        let file = File::from(open_self().unwrap());
        assert!(file.metadata().unwrap().len() > 10_000);
        assert!(parent() > 0);
    }
}
