//! A process named by a descriptor: unlike a number it never comes to mean another process.

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// `_IOWR(0xFF, 11, 64 bytes)`.
const GET_INFO: nix::libc::Ioctl = 0xC040_FF0B_u32 as nix::libc::Ioctl;
/// Asks for the status, and says that it is there.
const INFO_EXIT: u32 = 1 << 3;

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

/// How a process ended that need not be a child, `PIDFD_GET_INFO`; the status is that of `wait(2)`.
///
/// `None` when it has not ended, or when its parent has yet to reap it: poll for
/// [`Interest::Hangup`](crate::poll::Interest::Hangup). Fails before Linux 6.15, which cannot tell.
pub fn exit_status(pidfd: impl AsFd) -> io::Result<Option<i32>> {
    // The structure as of its first version, 64 bytes: mask, group, eleven numbers, the status.
    let mut info = [0_u32; 16];
    info[0] = INFO_EXIT;
    let fd = pidfd.as_fd().as_raw_fd();
    // SAFETY: the request names the size of the structure, which is that of the array.
    let told = unsafe { nix::libc::ioctl(fd, GET_INFO, info.as_mut_ptr()) };
    match (told, io::Error::last_os_error()) {
        (0, _) => Ok((info[0] & INFO_EXIT != 0).then(|| info[15].cast_signed())),
        // Reaped, and nothing was kept of it.
        (_, error) => Err(error),
    }
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
    fn the_status_of_what_was_reaped_is_known_where_the_kernel_keeps_it() {
        let mut child = Command::new("sh").args(["-c", "exit 5"]).spawn().unwrap();
        let pidfd = open(child.id()).unwrap();
        if let Ok(status) = exit_status(&pidfd) {
            assert_eq!(status, None, "it is not reaped");
        }
        child.wait().unwrap();
        if let Ok(status) = exit_status(&pidfd) {
            assert_eq!(status, Some(5 << 8));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(open(0).is_err());
        assert!(open(u32::MAX).is_err());
    }
}
