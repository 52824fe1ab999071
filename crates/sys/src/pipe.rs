//! Pipes for the output of a process.

use rustix::fs::{FileType, Mode, OFlags, fcntl_getfl, fcntl_setfl, fstat};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::OwnedFd;

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;

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
