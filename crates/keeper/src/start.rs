//! How a client starts a keeper, and learns whether the supervisor came up.

use crate::setup::End;
use rpm_sys::spawn::{Child, Plan, Program, SpawnError, spawn};
use rpm_sys::{clock, poll, process};
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The variable by which processes of a run are known. A keeper that is started from within a run
/// is not part of it.
pub const RUN_MARKER: &str = "RPM_RUN";
/// Names the descriptor that gets a byte when the supervisor is ready.
pub(crate) const READY_VARIABLE: &str = "RPM_KEEPER_READY";

const READY_FD: i32 = 3;
/// A supervisor that is not ready by then will not be.
const WAIT_MS: u64 = 10_000;

/// What came of starting a keeper. In both cases the supervisor is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// It is ours.
    Ready,
    /// There was one.
    AlreadyRunning,
}

/// Why there is no keeper.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A path or a variable holds a NUL.
    #[error("a path or a variable holds a NUL")]
    Nul(#[from] std::ffi::NulError),
    /// Its process could not be started.
    #[error("the keeper could not be started")]
    Spawn(#[from] SpawnError),
    /// Something around it.
    #[error("the keeper could not be awaited")]
    Io(#[from] io::Error),
    /// It ended. What it said is in the home's log, or on our standard error.
    #[error("the keeper ended before the daemon was ready")]
    Ended,
    /// It did neither become ready nor end.
    #[error("the daemon was not ready after {} s", WAIT_MS / 1000)]
    Timeout,
}

/// Starts `exe keeper --home HOME`, independent of this process, and waits until its supervisor is
/// ready. The home must be there.
pub fn start(home: &Path, exe: &Path) -> Result<Started, StartError> {
    let (ours, theirs) = io::pipe()?;
    let child = spawn(&plan(home, exe, theirs.into())?)?;
    await_ready(File::from(OwnedFd::from(ours)), &child)
}

fn plan(home: &Path, exe: &Path, ready: OwnedFd) -> Result<Plan, StartError> {
    let program = Program::Path(CString::new(exe.as_os_str().as_bytes())?);
    let told = (READY_VARIABLE, READY_FD.to_string());
    let mut plan = plan_of(home, program, told)?;
    plan.fds.push((ready, READY_FD));
    Ok(plan)
}

/// A keeper of this home, with a variable of ours in its environment.
pub(crate) fn plan_of(
    home: &Path,
    program: Program,
    told: (&str, String),
) -> Result<Plan, StartError> {
    let words: [&OsStr; 4] = ["rpm".as_ref(), "keeper".as_ref(), "--home".as_ref(), home.as_ref()];
    let argv = words.iter().map(|word| CString::new(word.as_bytes()));
    let told = (OsString::from(told.0), OsString::from(told.1));
    let inherited = std::env::vars_os().filter(|(name, _)| name != RUN_MARKER);
    let envp = entries(inherited.chain([told]))?;
    let errors = io::stderr().as_fd().try_clone_to_owned()?;
    Ok(Plan {
        // Until it has a log, it complains to us.
        fds: vec![(process::open_null()?, 0), (process::open_null()?, 1), (errors, 2)],
        ..Plan::new(program, argv.collect::<Result<_, _>>()?, envp)
    })
}

/// Variables as `execve(2)` takes them.
pub(crate) fn entries(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<CString>, std::ffi::NulError> {
    let entry = |(name, value): (OsString, OsString)| {
        let mut entry = name.into_vec();
        entry.push(b'=');
        entry.extend(value.into_vec());
        CString::new(entry)
    };
    variables.map(entry).collect()
}

fn await_ready(mut pipe: File, child: &Child) -> Result<Started, StartError> {
    let until_ms = clock::monotonic_ms() + WAIT_MS;
    loop {
        let left_ms = until_ms.saturating_sub(clock::monotonic_ms());
        if poll::wait_for(&pipe, false, Some(left_ms))? {
            break;
        }
        if left_ms == 0 {
            return Err(StartError::Timeout);
        }
    }
    let mut byte = [0];
    if pipe.read(&mut byte)? == 1 {
        return Ok(Started::Ready);
    }
    // Its end of the pipe is closed, so it ends.
    child.outcome.wait()?;
    let status = process::wait_status(process::reap(child.pid)?);
    match status {
        process::WaitStatus::Exited(code) if End::from_code(code) == Some(End::AlreadyRunning) => {
            Ok(Started::AlreadyRunning)
        }
        _ => Err(StartError::Ended),
    }
}
