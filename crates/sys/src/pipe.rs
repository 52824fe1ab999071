//! Pipes for the input and the output of a process.

use rustix::fs::{FileType, Mode, OFlags, fcntl_getfl, fcntl_setfl, fstat};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// A pipe whose read end does not block and whose write end does; the two ends are open file
/// descriptions of their own, `pipe(2)`. Both close on exec.
pub fn for_output() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    fcntl_setfl(&read, fcntl_getfl(&read)? | OFlags::NONBLOCK)?;
    Ok((read, write))
}

/// A read end, which does not block, of the pipe that a process has at `number`. Fails when there is
/// no pipe.
pub fn reopen_output(pid: u32, number: i32) -> io::Result<OwnedFd> {
    let path = format!("/proc/{pid}/fd/{number}");
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let pipe = rustix::fs::open(path, flags, Mode::empty())?;
    match FileType::from_raw_mode(fstat(&pipe)?.st_mode) {
        FileType::Fifo => Ok(pipe),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// A pipe to be the standard input of a process. It is open for both directions, `fifo(7)`: it has
/// no end as long as the process keeps it, and whoever writes to it opens it anew with
/// [`write_input`]. Closes on exec.
pub fn for_input() -> io::Result<OwnedFd> {
    let (read, _write) = pipe_with(PipeFlags::CLOEXEC)?;
    let path = format!("/proc/self/fd/{}", read.as_raw_fd());
    Ok(rustix::fs::open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?)
}

/// Writes all of `bytes` to the pipe that is the standard input of a process, or nothing: when it
/// has no room, the error is `WouldBlock`. Fails when there is no pipe, and for more than 4096 bytes
/// may be torn, `pipe(7)`.
pub fn write_input(pid: u32, bytes: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let pipe = rustix::fs::open(format!("/proc/{pid}/fd/0"), flags, Mode::empty())?;
    if FileType::from_raw_mode(fstat(&pipe)?.st_mode) != FileType::Fifo {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(&pipe, rest) {
            Ok(len) => rest = &rest[len..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};

    #[test]
    fn a_pipe_is_read_on_by_whoever_opens_it_anew() {
        let (read, write) = for_output().unwrap();
        drop(read);
        let us = std::process::id();
        let mut again = File::from(reopen_output(us, write.as_raw_fd()).unwrap());
        let error = again.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        File::from(write).write_all(b"on").unwrap();
        let mut text = String::new();
        again.read_to_string(&mut text).unwrap();
        assert_eq!(text, "on");
    }

    #[test]
    fn what_is_no_pipe_is_refused() {
        let null = crate::process::open_null().unwrap();
        assert!(reopen_output(std::process::id(), null.as_raw_fd()).is_err());
        assert!(reopen_output(std::process::id(), 1_000_000).is_err());
    }
}
