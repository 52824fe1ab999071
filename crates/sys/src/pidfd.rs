//! A process named by a descriptor: unlike a number it never comes to mean another process.

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// A descriptor for the process with this number, `pidfd_open(2)`. It becomes readable when the
/// process has ended, and closes on exec.
pub fn open(pid: u32) -> io::Result<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

/// Sends a signal, `pidfd_send_signal(2)`. Signal 0 only asks whether the process is there; a
/// process that has ended and is not yet reaped still is.
pub fn send_signal(pidfd: impl AsFd, signal: i32) -> io::Result<()> {
    let fd = pidfd.as_fd().as_raw_fd();
    // rustix offers only the named signals. SAFETY: the call takes numbers and a null pointer,
    // which asks for a siginfo as of kill(2).
    let sent = unsafe {
        nix::libc::syscall(
            nix::libc::SYS_pidfd_send_signal,
            fd,
            signal,
            std::ptr::null::<nix::libc::siginfo_t>(),
            0,
        )
    };
    if sent == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// When a process was started, in clock ticks since boot: with its number, this is an identity that
/// can be written down. `None` when there is no such process.
pub fn identity(pid: u32) -> Option<u64> {
    crate::tree::stat(pid).map(|stat| stat.started)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_is_named_signalled_and_seen_to_end() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pidfd = open(child.id()).unwrap();
        send_signal(&pidfd, 0).unwrap();
        assert!(identity(child.id()).unwrap() > 0);
        send_signal(&pidfd, 9).unwrap();
        assert!(!child.wait().unwrap().success());
        let error = send_signal(&pidfd, 0).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(crate::process::ESRCH));
        assert_eq!(identity(child.id()), None);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(open(0).is_err());
        assert!(open(u32::MAX).is_err());
    }
}
