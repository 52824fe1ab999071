//! What happens between fork and exec.
//!
//! Nothing here allocates, takes a lock or panics: the parent may have had other threads. All that
//! needs memory is made ready before the fork.

mod descriptors;
mod rights;

use super::{Plan, Program, Stage};
use nix::libc::{self, c_char, c_int};
use nix::unistd::{ForkResult, fork as fork_process};
use std::convert::Infallible;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

/// What a shell says of a program that could not be started.
const EXIT_CODE: c_int = 127;

type Step = Result<(), (Stage, c_int)>;

/// Forks; the child goes on to its program and tells `report` when it fails.
pub(super) fn fork(plan: &Plan, report: BorrowedFd<'_>) -> io::Result<u32> {
    let argv = pointers(&plan.argv);
    let envp = pointers(&plan.envp);
    let mut moved: Vec<RawFd> = plan.fds.iter().map(|(fd, _)| fd.as_raw_fd()).collect();
    // SAFETY: the child calls only what is allowed after the fork of a process with threads, see
    // signal-safety(7), until it executes or exits.
    match unsafe { fork_process() }? {
        ForkResult::Parent { child } => Ok(child.as_raw().cast_unsigned()),
        ForkResult::Child => {
            let mut birth = Birth {
                plan,
                argv: &argv,
                envp: &envp,
                moved: &mut moved,
                above: descriptors::above(&plan.fds),
                report: report.as_raw_fd(),
            };
            birth.run()
        }
    }
}

/// Ends a child that cannot be handed out. It is left to be reaped.
pub(super) fn abandon(pid: u32) {
    if pid > 1 {
        // SAFETY: takes numbers; the process is our child and not reaped, so it is still that one.
        unsafe { libc::kill(pid.cast_signed(), libc::SIGKILL) };
    }
}

/// A list as `execve(2)` takes it.
fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}

/// The child on its way.
struct Birth<'a> {
    plan: &'a Plan,
    argv: &'a [*const c_char],
    envp: &'a [*const c_char],
    moved: &'a mut [RawFd],
    above: RawFd,
    report: RawFd,
}

impl Birth<'_> {
    fn run(&mut self) -> ! {
        let Err((stage, errno)) = self.become_program();
        let [a, b, c, d] = errno.to_ne_bytes();
        let message = [stage.number(), 0, 0, 0, a, b, c, d];
        // SAFETY: the buffer is as long as is said. If it fails nobody can be told.
        unsafe { libc::write(self.report, message.as_ptr().cast(), message.len()) };
        // SAFETY: ends the process without running anything of the parent's.
        unsafe { libc::_exit(EXIT_CODE) }
    }

    fn become_program(&mut self) -> Result<Infallible, (Stage, c_int)> {
        // SAFETY: no arguments.
        check(Stage::Session, unsafe { libc::setsid() })?;
        default_signals()?;
        rights::enter_groups(&self.plan.cgroups)?;
        rights::set_badness(self.plan.oom_score_adj);
        rights::set_priority(self.plan.nice)?;
        rights::set_umask(self.plan.umask);
        let program = self.place_descriptors()?;
        // A low limit of descriptors would have been in the way.
        rights::set_limits(self.plan)?;
        rights::take_identity(self.plan)?;
        rights::refuse_new(self.plan.no_new_privs)?;
        // SAFETY: a string with its NUL.
        check(Stage::Chdir, unsafe { libc::chdir(self.plan.cwd.as_ptr()) })?;
        self.execute(program);
        Err((Stage::Exec, errno()))
    }

    /// Returns only when it failed.
    fn execute(&self, program: RawFd) {
        let (argv, envp) = (self.argv.as_ptr(), self.envp.as_ptr());
        match &self.plan.program {
            Program::Path(path) => {
                // SAFETY: strings with their NUL, lists that end with a null pointer.
                unsafe { libc::execve(path.as_ptr(), argv, envp) };
            }
            Program::Open(_) => {
                let empty = c"".as_ptr();
                // SAFETY: as above; the empty path stands for the descriptor itself.
                unsafe {
                    libc::syscall(
                        libc::SYS_execveat,
                        program,
                        empty,
                        argv,
                        envp,
                        libc::AT_EMPTY_PATH,
                    )
                };
            }
        }
    }
}

/// What the parent ignores or blocks is nothing to the program.
fn default_signals() -> Step {
    // The C library keeps two signals to itself, and leaves them ignored in what it starts, so the
    // kernel is asked: handler (0 is `SIG_DFL`), flags, restorer, mask.
    let default = [0_u64; 4];
    let nothing = std::ptr::null_mut::<u64>();
    for signal in 1..=64 {
        // Some cannot be changed, and need not.
        // SAFETY: reads the action, writes nothing back.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), nothing, 8) };
    }
    let how = libc::SIG_SETMASK;
    // SAFETY: reads the set of 8 bytes, writes nothing back.
    let set = unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, default.as_ptr(), nothing, 8) };
    if set == 0 { Ok(()) } else { Err((Stage::Session, errno())) }
}

fn check(stage: Stage, result: c_int) -> Step {
    if result >= 0 { Ok(()) } else { Err((stage, errno())) }
}

fn errno() -> c_int {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}
