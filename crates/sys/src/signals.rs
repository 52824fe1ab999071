//! Signals as something to poll instead of something that interrupts.

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// All signals of the calling process, `signalfd(2)`.
#[derive(Debug)]
pub struct Signals {
    fd: SignalFd,
}

impl Signals {
    /// Blocks all signals; from now on they are read here. Those that the processor raises (a
    /// segmentation fault) still end the process, and so does the one of a service manager that
    /// takes it for hung, `SIGABRT`.
    pub fn all() -> io::Result<Self> {
        let mut set = SigSet::all();
        let faults = [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGFPE, Signal::SIGILL];
        for ends in faults.into_iter().chain([Signal::SIGABRT]) {
            set.remove(ends);
        }
        set.thread_set_mask()?;
        let fd = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self { fd })
    }

    /// The next signal; `None` when there is none.
    pub fn next(&self) -> io::Result<Option<i32>> {
        match self.fd.read_signal() {
            Ok(found) => Ok(found.and_then(|info| i32::try_from(info.ssi_signo).ok())),
            Err(nix::errno::Errno::EINTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Lets a write to a closed pipe fail instead of ending the process.
pub fn ignore_broken_pipe() -> io::Result<()> {
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed that could run at a bad moment.
    unsafe { sigaction(Signal::SIGPIPE, &ignore) }?;
    Ok(())
}
