//! Starts a process without waiting for it.
//!
//! Between fork and exec the child may fail at many things. It tells on a pipe which one it was;
//! the pipe closes by itself when the program has begun, so whoever starts a hundred processes
//! need not wait for each.

mod child;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::ffi::CString;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// What is executed.
#[derive(Debug)]
pub enum Program {
    /// A file. Nothing is looked up: a name without a slash is one in the working directory.
    Path(CString),
    /// A binary that is held open, `execveat(2)`. Not for scripts: the descriptor is closed by
    /// then.
    Open(OwnedFd),
}

/// A process to be started: in a session of its own, all signals as by default, with no descriptors
/// but those named.
///
/// A program gets a description of its own of a pipe at 1 or 2, for reading and writing: it does
/// not fail when nobody reads for a while, and modes it sets are not ours. The reader sees the end
/// when the last process with it has ended.
#[derive(Debug)]
pub struct Plan {
    /// What is executed.
    pub program: Program,
    /// Its arguments, the first being its name.
    pub argv: Vec<CString>,
    /// Its whole environment, entries `NAME=value`.
    pub envp: Vec<CString>,
    /// Where it starts. Entered with the rights it will have.
    pub cwd: CString,
    /// Descriptors, and the numbers under which it will find them.
    pub fds: Vec<(OwnedFd, i32)>,
    /// Who it will be; `None` changes nothing.
    pub uid: Option<u32>,
    /// Its group; `None` changes nothing.
    pub gid: Option<u32>,
    /// Its other groups; `None` changes nothing. Left alone too when we are not root.
    pub groups: Option<Vec<u32>>,
    /// How many descriptors it may have, the soft limit; `None` changes nothing. A limit among
    /// `rlimits` goes before it.
    pub descriptors: Option<u64>,
    /// See [`set_oom_score_adj`](crate::process::set_oom_score_adj); `None` changes nothing.
    pub oom_score_adj: Option<i32>,
    /// Its limits, set before it takes on its user.
    pub rlimits: Vec<Rlimit>,
    /// Whether nothing it executes may give it more rights, `PR_SET_NO_NEW_PRIVS`.
    pub no_new_privs: bool,
    /// The permissions that files it makes do not get, `umask(2)`; `None` changes nothing.
    pub umask: Option<u32>,
    /// How far it gives way to others, `setpriority(2)`; `None` changes nothing.
    pub nice: Option<i32>,
    /// Control groups that it enters first, as paths of their `cgroup.procs`, `cgroups(7)`.
    pub cgroups: Vec<CString>,
}

/// A limit of a process, `setrlimit(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rlimit {
    /// Which, `RLIMIT_*`.
    pub resource: i32,
    /// What holds now; [`u64::MAX`] stands for no limit.
    pub soft: u64,
    /// What the process may raise it to.
    pub hard: u64,
}

/// A process that has been started; whether its program has begun is not known yet.
#[derive(Debug)]
pub struct Child {
    /// Its number. It is a child of the caller, who has to reap it.
    pub pid: u32,
    /// Names it safely.
    pub pidfd: OwnedFd,
    /// Tells whether the program began.
    pub outcome: Outcome,
}

/// The pipe on which a child tells what it failed at. Readable when it is known.
#[derive(Debug)]
pub struct Outcome {
    pipe: OwnedFd,
}

/// What a process failed at on the way to its program.
#[derive(Debug, thiserror::Error)]
#[error("{stage} failed")]
pub struct SpawnError {
    /// The step.
    pub stage: Stage,
    /// Why.
    #[source]
    pub error: io::Error,
}

/// A step on the way to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Making the process.
    Fork = 1,
    /// Making it independent of ours.
    Session = 2,
    /// Giving it its descriptors.
    Descriptors = 3,
    /// Setting its limits.
    Limits = 4,
    /// Setting its other groups.
    Groups = 5,
    /// Taking on its group.
    Gid = 6,
    /// Taking on its user.
    Uid = 7,
    /// Entering its working directory.
    Chdir = 8,
    /// Executing its program.
    Exec = 9,
    /// Entering its control groups.
    Cgroup = 10,
    /// Setting its priority.
    Priority = 11,
    /// Giving up what more rights it could get.
    Privileges = 12,
}

impl Plan {
    /// A process that starts in the root folder, without descriptors and otherwise as we are.
    pub fn new(program: Program, argv: Vec<CString>, envp: Vec<CString>) -> Self {
        Self {
            program,
            argv,
            envp,
            cwd: c"/".to_owned(),
            fds: Vec::new(),
            uid: None,
            gid: None,
            groups: None,
            descriptors: None,
            oom_score_adj: None,
            rlimits: Vec::new(),
            no_new_privs: false,
            umask: None,
            nice: None,
            cgroups: Vec::new(),
        }
    }
}

/// Starts a process. Returns as soon as it exists.
pub fn spawn(plan: &Plan) -> Result<Child, SpawnError> {
    let (ours, theirs) =
        pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(at(Stage::Fork))?;
    let pid = child::fork(plan, theirs.as_fd()).map_err(at(Stage::Fork))?;
    drop(theirs);
    match crate::pidfd::open(pid) {
        Ok(pidfd) => Ok(Child { pid, pidfd, outcome: Outcome { pipe: ours } }),
        Err(error) => {
            child::abandon(pid);
            Err(SpawnError { stage: Stage::Fork, error })
        }
    }
}

impl Outcome {
    /// `Ok` when the program has begun; `None` when that is not known yet.
    pub fn poll(&self) -> Option<Result<(), SpawnError>> {
        let mut bytes = [0; 8];
        let len = loop {
            match rustix::io::read(&self.pipe, &mut bytes) {
                Ok(len) => break len,
                Err(Errno::AGAIN) => return None,
                Err(Errno::INTR) => {}
                Err(error) => return Some(Err(at(Stage::Exec)(error))),
            }
        };
        // Eight bytes are written to a pipe in one piece.
        if len < bytes.len() {
            return Some(Ok(()));
        }
        let [stage, _, _, _, a, b, c, d] = bytes;
        let error = io::Error::from_raw_os_error(i32::from_ne_bytes([a, b, c, d]));
        let stage = Stage::from_number(stage).unwrap_or(Stage::Exec);
        Some(Err(SpawnError { stage, error }))
    }

    /// Waits until it is known.
    pub fn wait(&self) -> Result<(), SpawnError> {
        loop {
            if let Some(outcome) = self.poll() {
                return outcome;
            }
            match poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(at(Stage::Exec)(error)),
            }
        }
    }
}

/// The pipe as a successor of the program that started the child finds it.
impl From<OwnedFd> for Outcome {
    fn from(pipe: OwnedFd) -> Self {
        Self { pipe }
    }
}

impl AsFd for Outcome {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

impl Stage {
    const ALL: [Self; 12] = [
        Self::Fork,
        Self::Session,
        Self::Descriptors,
        Self::Limits,
        Self::Groups,
        Self::Gid,
        Self::Uid,
        Self::Chdir,
        Self::Exec,
        Self::Cgroup,
        Self::Priority,
        Self::Privileges,
    ];

    /// As a number, for a wire.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// From [`number`](Self::number).
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.number() == number)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fork => "making a process",
            Self::Session => "starting a session",
            Self::Descriptors => "passing descriptors",
            Self::Limits => "setting limits",
            Self::Groups => "setting the groups",
            Self::Gid => "taking on the group",
            Self::Uid => "taking on the user",
            Self::Chdir => "entering the working directory",
            Self::Exec => "executing the program",
            Self::Cgroup => "entering the control group",
            Self::Priority => "setting the priority",
            Self::Privileges => "giving up new privileges",
        })
    }
}

fn at<E: Into<io::Error>>(stage: Stage) -> impl FnOnce(E) -> SpawnError {
    move |error| SpawnError { stage, error: error.into() }
}
