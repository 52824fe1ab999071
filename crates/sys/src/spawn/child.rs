//! What happens between fork and exec.
//!
//! Nothing here allocates, takes a lock or panics: the parent may have had other threads. All that
//! needs memory is made ready before the fork.

use super::{Plan, Program, Stage};
use nix::libc::{self, c_char, c_int};
use nix::unistd::{ForkResult, fork as fork_process};
use std::convert::Infallible;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

/// Descriptors are moved at least this high before they take their places, so that none of them
/// is overwritten by another's.
const ABOVE: RawFd = 100;
/// What a shell says of a program that could not be started.
const EXIT_CODE: c_int = 127;

type Step = Result<(), (Stage, c_int)>;

/// Forks; the child goes on to its program and tells `report` when it fails.
pub(super) fn fork(plan: &Plan, report: BorrowedFd<'_>) -> io::Result<u32> {
    let argv = pointers(&plan.argv);
    let envp = pointers(&plan.envp);
    let top = plan.fds.iter().map(|(_, target)| target.saturating_add(1)).max().unwrap_or(0);
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
                above: top.max(ABOVE),
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
        self.set_badness();
        let program = self.place_descriptors()?;
        self.set_limit()?;
        self.take_identity()?;
        // SAFETY: a string with its NUL.
        check(Stage::Chdir, unsafe { libc::chdir(self.plan.cwd.as_ptr()) })?;
        self.execute(program);
        Err((Stage::Exec, errno()))
    }

    /// Nobody is harmed when this fails.
    fn set_badness(&self) {
        let Some(value) = self.plan.oom_score_adj else {
            return;
        };
        let mut text = [0_u8; 12];
        let mut rest = text.as_mut_slice();
        if io::Write::write_fmt(&mut rest, format_args!("{value}")).is_err() {
            return;
        }
        let len = 12 - rest.len();
        let flags = libc::O_WRONLY | libc::O_CLOEXEC;
        // SAFETY: a string with its NUL.
        let fd = unsafe { libc::open(c"/proc/self/oom_score_adj".as_ptr(), flags) };
        if fd >= 0 {
            // SAFETY: the buffer is at least as long as is said.
            unsafe { libc::write(fd, text.as_ptr().cast(), len) };
            // SAFETY: ours, and not used again.
            unsafe { libc::close(fd) };
        }
    }

    /// Puts descriptors at their places and lets all others close. Returns where the program is,
    /// if it is a descriptor.
    fn place_descriptors(&mut self) -> Result<RawFd, (Stage, c_int)> {
        for fd in self.moved.iter_mut() {
            *fd = move_up(*fd, self.above)?;
        }
        self.report = move_up(self.report, self.above)?;
        let program = match &self.plan.program {
            Program::Path(_) => -1,
            Program::Open(fd) => move_up(fd.as_raw_fd(), self.above)?,
        };
        // Kernels before 5.11 cannot; what we open closes on exec anyway.
        // SAFETY: takes numbers; nothing is closed yet.
        unsafe {
            libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC)
        };
        for ((_, target), fd) in self.plan.fds.iter().zip(self.moved.iter()) {
            // SAFETY: takes numbers; the owner of what is at `target` is in the parent.
            check(Stage::Descriptors, unsafe { libc::dup2(*fd, *target) })?;
        }
        Ok(program)
    }

    fn set_limit(&self) -> Step {
        let Some(soft) = self.plan.descriptors else {
            return Ok(());
        };
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: a place for the result.
        let got = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
        check(Stage::Limits, got)?;
        limit.rlim_cur = soft.min(limit.rlim_max);
        // SAFETY: a limit to read.
        check(Stage::Limits, unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })
    }

    /// Groups before the group before the user: each step takes the right to the one before.
    fn take_identity(&self) -> Step {
        // SAFETY: no arguments.
        let is_root = unsafe { libc::geteuid() } == 0;
        if let Some(groups) = self.plan.groups.as_ref().filter(|_| is_root) {
            // SAFETY: the list is as long as is said.
            check(Stage::Groups, unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })?;
        }
        if let Some(gid) = self.plan.gid {
            // SAFETY: takes numbers.
            check(Stage::Gid, unsafe { libc::setresgid(gid, gid, gid) })?;
        }
        let Some(uid) = self.plan.uid else {
            return Ok(());
        };
        // SAFETY: takes numbers.
        check(Stage::Uid, unsafe { libc::setresuid(uid, uid, uid) })?;
        // SAFETY: takes numbers. Whoever can go back has not left.
        if uid != 0 && unsafe { libc::setresuid(0, 0, 0) } == 0 {
            return Err((Stage::Uid, libc::EPERM));
        }
        Ok(())
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

fn move_up(fd: RawFd, above: RawFd) -> Result<RawFd, (Stage, c_int)> {
    // SAFETY: takes numbers, makes a new descriptor.
    let moved = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, above) };
    check(Stage::Descriptors, moved)?;
    Ok(moved)
}

fn check(stage: Stage, result: c_int) -> Step {
    if result >= 0 { Ok(()) } else { Err((stage, errno())) }
}

fn errno() -> c_int {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}
