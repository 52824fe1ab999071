//! The loop: signals, the supervisor's requests, programs that begin or do not.

use crate::aside;
use crate::bag::Bag;
use crate::childrens::Childrens;
use crate::life::Life;
use crate::lock::Lock;
use crate::notify::Notify;
use crate::outbox::Outbox;
use crate::say::say;
use rpm_sys::signals::Signals;
use rpm_sys::{clock, pidfd, process};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};

/// When the system is short of memory for messages, nothing tells when that has passed.
pub(crate) const SHORT_MS: u64 = 20;
/// A first supervisor gets so many tries.
const TRIES: u32 = 5;

const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGUSR2: i32 = 12;
const SIGTERM: i32 = 15;

/// The keeper.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) bag: Bag,
    pub(crate) life: Life,
    pub(crate) outbox: Outbox,
    pub(crate) signals: Signals,
    pub(crate) lock: Lock,
    /// Told when the first supervisor is ready.
    pub(crate) ready: Option<File>,
    /// Told how we fare.
    pub(crate) notify: Option<Notify>,
    /// What children get back.
    pub(crate) childrens: Childrens,
    pub(crate) buffer: Vec<u8>,
    pub(crate) bad_frames: u64,
    /// The supervisor's next exit is final.
    pub(crate) is_stopping: bool,
    /// That exit has come.
    pub(crate) is_over: bool,
    /// The binary to become.
    pub(crate) renewal: Option<OwnedFd>,
    /// Sending has to wait until then.
    pub(crate) short_until_ms: Option<u64>,
}

/// Why the loop ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// It was asked to.
    Stopped,
    /// No supervisor ever became ready.
    NeverReady,
}

impl Keeper {
    pub(crate) fn run(&mut self) -> Over {
        // Children may have ended before signals were looked at.
        self.reap();
        loop {
            let now_ms = clock::monotonic_ms();
            if let Some(begun) = self.life.begin(now_ms) {
                self.bag.nothing_told();
                self.outbox.greet(begun.restarts, begun.died_at_ms);
            }
            self.life.check(now_ms);
            if let Some(notify) = &mut self.notify {
                notify.keep_alive(self.life.is_well(now_ms));
            }
            self.tell(now_ms);
            let news = self.wait(now_ms);
            self.look_at(&news);
            self.take_signals();
            if let Some(over) = self.over() {
                return over;
            }
            // Reading never blocks, so it does not matter whether this is the socket that was
            // waited for.
            self.hear();
            if let Some(binary) = self.renewal.take() {
                self.renew(&binary);
            }
        }
    }

    fn take_signals(&mut self) {
        let mut children = false;
        loop {
            match self.signals.next() {
                Ok(Some(signal @ (SIGHUP | SIGINT | SIGUSR2 | SIGTERM))) => {
                    self.outbox.signal(signal);
                }
                Ok(Some(_)) => children = true,
                Ok(None) => break,
                Err(error) => {
                    say(format_args!("cannot read signals: {error}"));
                    children = true;
                    break;
                }
            }
        }
        if children {
            self.reap();
        }
    }

    /// Several children may have ended for one signal.
    fn reap(&mut self) {
        loop {
            match process::reap_any() {
                Ok(Some((pid, status))) => self.ended(pid, status),
                Ok(None) => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return say(format_args!("cannot reap: {error}")),
            }
        }
    }

    fn ended(&mut self, pid: u32, status: i32) {
        let now_ms = clock::monotonic_ms();
        if self.life.is(pid) {
            self.hear_the_last();
            self.supervisor_ended(status, now_ms);
            return;
        }
        // Others are orphans that came to us, of which nobody is told.
        let outbox = &mut self.outbox;
        self.bag.ended((pid, status), now_ms, |happened| outbox.happened(happened));
    }

    /// The supervisor ended, which is no child of ours.
    pub(crate) fn adopted_supervisor_ended(&mut self) {
        let Some((_, pidfd)) = self.life.adopted_one() else {
            return;
        };
        let status = pidfd::exit_status(pidfd).ok().flatten();
        self.hear_the_last();
        self.supervisor_ended(status.unwrap_or(process::STATUS_UNKNOWN), clock::monotonic_ms());
    }

    fn supervisor_ended(&mut self, status: i32, now_ms: u64) {
        self.life.died(status, now_ms);
        if let Some(notify) = self.notify.as_ref().filter(|_| !self.is_stopping) {
            notify.without_supervisor();
        }
        self.is_over = self.is_stopping;
    }

    fn over(&self) -> Option<Over> {
        if self.is_over {
            return Some(Over::Stopped);
        }
        let in_vain = self.life.never_ready().is_some_and(|tries| tries >= TRIES);
        (in_vain && self.bag.is_empty()).then_some(Over::NeverReady)
    }

    fn tell(&mut self, now_ms: u64) {
        if self.short_until_ms.is_some_and(|at_ms| at_ms > now_ms) {
            return;
        }
        self.short_until_ms = None;
        let Some(socket) = self.life.socket() else {
            return;
        };
        match self.outbox.send(&mut self.bag, socket.as_fd()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.life.hang_up(now_ms),
            Err(_) => self.short_until_ms = Some(now_ms + SHORT_MS),
        }
    }

    pub(crate) fn supervisor_is_ready(&mut self) {
        if !self.life.ready() {
            return;
        }
        self.write_lock(Lock::ready);
        if let Some(notify) = &self.notify {
            notify.ready();
        }
        if let Some(mut ready) = self.ready.take() {
            // Whoever waited may have given up.
            drop(ready.write_all(b"1"));
        }
    }

    pub(crate) fn stop_asked(&mut self) {
        self.is_stopping = true;
        if let Some(notify) = &self.notify {
            notify.stopping();
        }
        self.write_lock(Lock::ending);
    }

    fn write_lock(&self, write: fn(&mut Lock) -> io::Result<()>) {
        let lock = self.lock.aside();
        aside::run(move || {
            if let Err(error) = lock.and_then(|mut lock| write(&mut lock)) {
                say(format_args!("cannot write the lock file: {error}"));
            }
        });
    }
}
