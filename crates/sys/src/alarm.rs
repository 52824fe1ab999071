//! An alarm by the wall clock, `timerfd_create(2)`.

use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// An alarm. Readable when its time has come or the clock was set.
#[derive(Debug)]
pub struct Alarm {
    fd: OwnedFd,
}

/// Why it went off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// Its time has come.
    Time,
    /// The clock was set, so that other times may be next. It has to be set anew.
    ClockSet,
    /// It did not.
    Nothing,
}

impl Alarm {
    /// An alarm that is not set.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        Ok(Self { fd: timerfd_create(TimerfdClockId::Realtime, flags)? })
    }

    /// Sets it to a time in ms since 1970; one that is over rings at once. `None` turns it off.
    pub fn set(&self, at_ms: Option<i64>) -> io::Result<()> {
        let at_ms = at_ms.map_or(0, |at| at.max(1));
        let value = Timespec { tv_sec: at_ms / 1000, tv_nsec: at_ms % 1000 * 1_000_000 };
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        timerfd_settime(&self.fd, flags, &Itimerspec { it_interval: never, it_value: value })?;
        Ok(())
    }

    /// Why it went off, since this was last asked.
    pub fn rung(&self) -> io::Result<Ring> {
        match rustix::io::read(&self.fd, &mut [0; 8]) {
            Ok(_) => Ok(Ring::Time),
            Err(Errno::CANCELED) => Ok(Ring::ClockSet),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Ring::Nothing),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock, poll};

    #[test]
    fn it_rings_at_its_time_and_not_when_it_is_off() {
        let alarm = Alarm::new().unwrap();
        assert_eq!(alarm.rung().unwrap(), Ring::Nothing);
        let at_ms = clock::wall_ms().cast_signed() + 20;
        alarm.set(Some(at_ms)).unwrap();
        assert!(poll::wait_for(&alarm, false, Some(10_000)).unwrap());
        assert!(clock::wall_ms().cast_signed() >= at_ms);
        assert_eq!(alarm.rung().unwrap(), Ring::Time);
        alarm.set(Some(5)).unwrap();
        assert!(poll::wait_for(&alarm, false, Some(10_000)).unwrap(), "it was over");
        alarm.set(None).unwrap();
        assert_eq!(alarm.rung().unwrap(), Ring::Nothing);
    }
}
