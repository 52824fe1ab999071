//! The child's limits, and who it is.

use super::{Plan, Stage, Step, check, errno};
use crate::spawn::Rlimit;
use nix::libc::{self, c_int};
use std::ffi::{CStr, CString};
use std::io::Write;

/// Enters control groups. Version 2 has one tree, version 1 one for each kind of limit.
pub(super) fn enter_groups(cgroups: &[CString]) -> Step {
    // The number 0 is whoever writes.
    cgroups.iter().try_for_each(|procs| write_to(procs, b"0").map_err(|why| (Stage::Cgroup, why)))
}

/// Nobody is harmed when this fails.
pub(super) fn set_badness(value: Option<i32>) {
    let Some(value) = value else {
        return;
    };
    let mut text = [0_u8; 12];
    let mut rest = text.as_mut_slice();
    if write!(rest, "{value}").is_err() {
        return;
    }
    let len = 12 - rest.len();
    if let Some(text) = text.get(..len) {
        write_to(c"/proc/self/oom_score_adj", text).ok();
    }
}

/// How far it gives way to others.
pub(super) fn set_priority(nice: Option<i32>) -> Step {
    let Some(nice) = nice else {
        return Ok(());
    };
    // SAFETY: takes numbers; 0 is the calling process.
    check(Stage::Priority, unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) })
}

/// The permissions that its files do not get.
pub(super) fn set_umask(umask: Option<u32>) {
    if let Some(umask) = umask {
        // SAFETY: takes a number.
        unsafe { libc::umask(umask) };
    }
}

/// All limits. With the rights that we have: a hard limit may have to be raised.
pub(super) fn set_limits(plan: &Plan) -> Step {
    if let Some(soft) = plan.descriptors {
        lower_descriptors(soft)?;
    }
    plan.rlimits.iter().try_for_each(set_limit)
}

fn lower_descriptors(soft: u64) -> Step {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a place for the result.
    let got = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    check(Stage::Limits, got)?;
    limit.rlim_cur = soft.min(limit.rlim_max);
    // SAFETY: a limit to read.
    check(Stage::Limits, unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })
}

/// With the kernel's call, as C libraries do not agree on the type of its argument.
fn set_limit(limit: &Rlimit) -> Step {
    let Rlimit { resource, soft, hard } = *limit;
    let new = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    let nothing = std::ptr::null_mut::<libc::rlimit>();
    // SAFETY: a limit to read, nothing is written back; 0 is the calling process.
    let set = unsafe { libc::syscall(libc::SYS_prlimit64, 0, resource, &raw const new, nothing) };
    if set == 0 { Ok(()) } else { Err((Stage::Limits, errno())) }
}

/// Groups before the group before the user: each step takes the right to the one before.
pub(super) fn take_identity(plan: &Plan) -> Step {
    // SAFETY: no arguments.
    let is_root = unsafe { libc::geteuid() } == 0;
    if let Some(groups) = plan.groups.as_ref().filter(|_| is_root) {
        // SAFETY: the list is as long as is said.
        check(Stage::Groups, unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })?;
    }
    if let Some(gid) = plan.gid {
        // SAFETY: takes numbers.
        check(Stage::Gid, unsafe { libc::setresgid(gid, gid, gid) })?;
    }
    let Some(uid) = plan.uid else {
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

/// Lets nothing that is executed from here on give more rights.
pub(super) fn refuse_new(wanted: bool) -> Step {
    if !wanted {
        return Ok(());
    }
    // SAFETY: takes numbers.
    check(Stage::Privileges, unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
}

/// Writes to a file that is there.
fn write_to(path: &CStr, text: &[u8]) -> Result<(), c_int> {
    let flags = libc::O_WRONLY | libc::O_CLOEXEC;
    // SAFETY: a string with its NUL.
    let fd = unsafe { libc::open(path.as_ptr(), flags) };
    if fd < 0 {
        return Err(errno());
    }
    // SAFETY: the buffer is as long as is said.
    let written = unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) };
    let outcome = if written < 0 { Err(errno()) } else { Ok(()) };
    // SAFETY: ours, and not used again.
    unsafe { libc::close(fd) };
    outcome
}
