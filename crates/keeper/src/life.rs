//! The supervisor's lives: which binary it is, and when the next one begins.

mod pack;
mod silence;

use crate::backoff::Backoff;
use crate::say::say;
use crate::watchdog::Watchdog;
use crate::wire::LINK_FD;
use rpm_sys::spawn::{Child, Outcome, Plan, Program, spawn};
use rpm_sys::{pidfd, process, seqpacket};
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;

/// An upgrade that is not ready by then is taken back.
const UPGRADE_MS: u64 = 10_000;
/// A supervisor that closed its end has this long to end by itself.
const GOODBYE_MS: u64 = 500;
/// Without a ready supervisor for so long, all is not well.
const UNWELL_MS: u64 = 20_000;
const SIGKILL: i32 = 9;

/// What every supervisor is started with.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// The binary that was ready last.
    pub(crate) binary: OwnedFd,
    pub(crate) argv: Vec<CString>,
    pub(crate) envp: Vec<CString>,
    /// Standard input.
    pub(crate) null: OwnedFd,
    /// Both standard outputs.
    pub(crate) log: OwnedFd,
}

/// All lives of the supervisor.
#[derive(Debug)]
pub(crate) struct Life {
    recipe: Recipe,
    /// The binary of the next one, when that is another.
    candidate: Option<OwnedFd>,
    now: Now,
    backoff: Backoff,
    /// So many supervisors have died.
    restarts: u64,
    died_at_ms: u64,
    ever_ready: bool,
}

/// The supervisor at this time.
#[derive(Debug)]
enum Now {
    Up(Up),
    /// To be started then.
    Due(u64),
}

#[derive(Debug)]
struct Up {
    pid: u32,
    pidfd: OwnedFd,
    socket: OwnedFd,
    /// It closed its end, or is about to be ended.
    is_deaf: bool,
    /// It is ended then.
    kill_at_ms: Option<u64>,
    /// Whether its program began; `None` when it is no child of ours.
    outcome: Option<Outcome>,
    is_ready: bool,
    /// Its binary, while it has yet to become ready.
    candidate: Option<OwnedFd>,
    since_ms: u64,
    watchdog: Watchdog,
}

/// A supervisor that outlived its keeper.
#[derive(Debug)]
pub(crate) struct Orphan {
    pub(crate) pid: u32,
    pub(crate) pidfd: OwnedFd,
    /// Our end of the link to it.
    pub(crate) socket: OwnedFd,
}

/// What a supervisor can be greeted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) restarts: u64,
    pub(crate) died_at_ms: u64,
}

impl Life {
    pub(crate) fn new(recipe: Recipe) -> Self {
        Self {
            recipe,
            candidate: None,
            now: Now::Due(0),
            backoff: Backoff::default(),
            restarts: 0,
            died_at_ms: 0,
            ever_ready: false,
        }
    }

    /// The life of a supervisor that outlived its keeper.
    pub(crate) fn adopted(recipe: Recipe, orphan: Orphan, now_ms: u64) -> Self {
        let Orphan { pid, pidfd, socket } = orphan;
        let up = Up {
            pid,
            pidfd,
            socket,
            is_deaf: false,
            kill_at_ms: None,
            outcome: None,
            is_ready: false,
            candidate: None,
            since_ms: now_ms,
            watchdog: Watchdog::default(),
        };
        Self { now: Now::Up(up), ..Self::new(recipe) }
    }

    /// What the supervisor of now was, or is to be, greeted with.
    pub(crate) fn greeting(&self) -> Begun {
        Begun { restarts: self.restarts, died_at_ms: self.died_at_ms }
    }

    /// The descriptor of a supervisor that is no child of ours, with its number.
    pub(crate) fn adopted_one(&self) -> Option<(u32, &OwnedFd)> {
        match &self.now {
            Now::Up(Up { pid, pidfd, outcome: None, .. }) => Some((*pid, pidfd)),
            Now::Up(_) | Now::Due(_) => None,
        }
    }

    /// Starts a supervisor when one is due.
    pub(crate) fn begin(&mut self, now_ms: u64) -> Option<Begun> {
        match self.now {
            Now::Due(at_ms) if at_ms <= now_ms => {}
            Now::Due(_) | Now::Up(_) => return None,
        }
        match self.start(now_ms) {
            Ok(up) => {
                self.now = Now::Up(up);
                Some(self.greeting())
            }
            Err(error) => {
                say(format_args!("cannot start the supervisor: {error}"));
                self.now = Now::Due(now_ms + self.backoff.died(false, 0));
                None
            }
        }
    }

    /// The socket to the supervisor, when there is one to talk with.
    pub(crate) fn socket(&self) -> Option<&OwnedFd> {
        match &self.now {
            Now::Up(up) if !up.is_deaf => Some(&up.socket),
            Now::Up(_) | Now::Due(_) => None,
        }
    }

    /// The socket with all that the supervisor has sent.
    pub(crate) fn last_words(&self) -> Option<&OwnedFd> {
        match &self.now {
            Now::Up(up) => Some(&up.socket),
            Now::Due(_) => None,
        }
    }

    /// When something has to be done: a start, or the end of a supervisor that takes too long.
    pub(crate) fn deadline(&self) -> Option<u64> {
        match &self.now {
            Now::Due(at_ms) => Some(*at_ms),
            Now::Up(up) => up.kill_at_ms.into_iter().chain(up.watched_until()).min(),
        }
    }

    /// Ends a supervisor whose time is over.
    pub(crate) fn check(&mut self, now_ms: u64) {
        if let Now::Up(up) = &mut self.now
            && up.kill_at_ms.is_some_and(|at_ms| now_ms >= at_ms)
        {
            say(format_args!("the supervisor neither becomes ready nor ends; ending it"));
            up.is_deaf = true;
            up.kill_at_ms = None;
            // It may have ended just now.
            pidfd::send_signal(&up.pidfd, SIGKILL).ok();
        }
        self.check_silence(now_ms);
    }

    /// The supervisor has taken over. Whether this is news.
    pub(crate) fn ready(&mut self) -> bool {
        let Now::Up(up) = &mut self.now else {
            return false;
        };
        if std::mem::replace(&mut up.is_ready, true) {
            return false;
        }
        if let Some(binary) = up.candidate.take() {
            self.recipe.binary = binary;
            up.kill_at_ms = None;
        }
        self.backoff.ready();
        self.ever_ready = true;
        true
    }

    /// The next supervisor is this binary.
    pub(crate) fn upgrade(&mut self, binary: OwnedFd) {
        self.candidate = Some(binary);
    }

    /// The supervisor closed its end. There is one owner at a time, so it must end before the next
    /// begins. What it had sent still counts.
    pub(crate) fn hang_up(&mut self, now_ms: u64) {
        if let Now::Up(up) = &mut self.now {
            up.is_deaf = true;
            up.kill_at_ms = Some(now_ms + GOODBYE_MS);
        }
    }

    /// Whether this child is the supervisor.
    pub(crate) fn is(&self, pid: u32) -> bool {
        matches!(&self.now, Now::Up(up) if up.pid == pid && up.outcome.is_some())
    }

    /// The supervisor has ended; the next one is due when its time has come.
    pub(crate) fn died(&mut self, status: i32, now_ms: u64) {
        let Now::Up(up) = &self.now else {
            return;
        };
        let delay_ms = self.backoff.died(up.is_ready, now_ms.saturating_sub(up.since_ms));
        match up.outcome.as_ref().and_then(Outcome::poll) {
            Some(Err(error)) => say(format_args!("the supervisor: {error}: {}", error.error)),
            _ => say(format_args!("the supervisor {}", Ended(status))),
        }
        if up.candidate.is_some() {
            say(format_args!("the new version did not become ready; using the one before"));
        }
        self.restarts += 1;
        self.died_at_ms = now_ms;
        self.now = Now::Due(now_ms + delay_ms);
    }

    /// Whether there is a ready supervisor, or was a moment ago.
    pub(crate) fn is_well(&self, now_ms: u64) -> bool {
        let is_ready = matches!(&self.now, Now::Up(up) if up.is_ready);
        is_ready || now_ms.saturating_sub(self.died_at_ms) < UNWELL_MS
    }

    /// So many could not take over, and none ever did.
    pub(crate) fn never_ready(&self) -> Option<u32> {
        (!self.ever_ready).then(|| self.backoff.unready())
    }

    fn start(&mut self, now_ms: u64) -> io::Result<Up> {
        let (socket, theirs) = seqpacket::pair()?;
        let recipe = &self.recipe;
        let candidate = self.candidate.take();
        let binary = candidate.as_ref().unwrap_or(&recipe.binary);
        let program = Program::Open(binary.try_clone()?);
        let plan = Plan {
            fds: vec![
                (recipe.null.try_clone()?, 0),
                (recipe.log.try_clone()?, 1),
                (recipe.log.try_clone()?, 2),
                (theirs, LINK_FD),
            ],
            ..Plan::new(program, recipe.argv.clone(), recipe.envp.clone())
        };
        let Child { pid, pidfd, outcome } = spawn(&plan).map_err(|error| error.error)?;
        Ok(Up {
            pid,
            pidfd,
            socket,
            is_deaf: false,
            outcome: Some(outcome),
            is_ready: false,
            kill_at_ms: candidate.as_ref().map(|_| now_ms + UPGRADE_MS),
            candidate,
            since_ms: now_ms,
            watchdog: Watchdog::default(),
        })
    }
}

/// How a process ended, in words.
struct Ended(i32);

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match process::wait_status(self.0) {
            process::WaitStatus::Exited(code) => write!(f, "exited with code {code}"),
            process::WaitStatus::Signalled(signal) => write!(f, "was ended by signal {signal}"),
            process::WaitStatus::Unknown => f.write_str("ended"),
        }
    }
}
