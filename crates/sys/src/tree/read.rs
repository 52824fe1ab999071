//! Single files of `/proc`.

use super::Snapshot;
use super::stat::{self, Stat, number};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, RawDir, openat};
use rustix::io::Errno;
use std::io::Write;
use std::mem::MaybeUninit;
use std::time::Duration;

/// An environment larger than this is not looked through to its end.
const FILE_MAX: usize = 8 << 20;
/// A process that executes a program is looked at again after this, so often.
const EXEC_LOOK: Duration = Duration::from_micros(200);
const EXEC_LOOKS: u32 = 100;
/// Longer than any line of `/proc/PID/stat`.
const STAT_MAX: usize = 1024;

/// What is known of one process; `None` when it is not there.
pub fn stat(pid: u32) -> Option<Stat> {
    stat_at(rustix::fs::CWD, format_args!("/proc/{pid}/stat"))
}

/// The processes whose parent is `pid`.
pub fn children_of(pid: u32) -> Vec<u32> {
    let mut children = Vec::new();
    let Ok(tasks) = open(rustix::fs::CWD, format_args!("/proc/{pid}/task"), OFlags::DIRECTORY)
    else {
        return children;
    };
    let mut missing = false;
    let mut bytes = Vec::new();
    for_each_number(tasks.as_fd(), |tid| {
        let file = open(tasks.as_fd(), format_args!("{tid}/children"), OFlags::empty());
        missing |= matches!(file, Err(Errno::NOENT)) && tid == pid;
        if let Ok(file) = file {
            bytes.clear();
            read_all(file.as_fd(), &mut bytes, FILE_MAX);
            let words = bytes.split(|byte| *byte == b' ');
            children.extend(words.filter_map(number).filter_map(|pid| u32::try_from(pid).ok()));
        }
    });
    // Kernels can be built without that file.
    if missing && stat(pid).is_some() {
        return Snapshot::take().children(pid).collect();
    }
    children
}

/// Whether `entry` (`NAME=value`) is in the environment that a process was started with.
pub(super) fn environ_has(pid: u32, entry: &[u8]) -> bool {
    any_variable(pid, |found| found == entry)
}

/// What follows `prefix` (`NAME=va`) in the environment that a process was started with.
pub fn environ_after(pid: u32, prefix: &[u8]) -> Option<String> {
    let mut rest = None;
    any_variable(pid, |found| {
        let after = found.strip_prefix(prefix);
        rest = after.map(|after| String::from_utf8_lossy(after).into_owned());
        after.is_some()
    });
    rest
}

fn any_variable(pid: u32, mut is_it: impl FnMut(&[u8]) -> bool) -> bool {
    let mut bytes = Vec::new();
    for _ in 0..EXEC_LOOKS {
        read_file(format_args!("/proc/{pid}/environ"), &mut bytes);
        if !bytes.is_empty() {
            return bytes.split(|byte| *byte == 0).any(&mut is_it);
        }
        if !is_executing(pid) {
            return false;
        }
        std::thread::sleep(EXEC_LOOK);
    }
    false
}

/// The old environment of a process is gone and the new one is not there yet.
fn is_executing(pid: u32) -> bool {
    let mut line = Vec::new();
    read_file(format_args!("/proc/{pid}/stat"), &mut line);
    Stat::parse(&line).is_some_and(|stat| !stat.is_zombie()) && stat::environ_end(&line) == Some(0)
}

/// Reads a line of process state below `dir`.
pub(super) fn stat_at(dir: BorrowedFd<'_>, path: std::fmt::Arguments<'_>) -> Option<Stat> {
    let file = open(dir, path, OFlags::empty()).ok()?;
    let mut line = [0; STAT_MAX];
    let len = rustix::io::read(&file, &mut line).ok()?;
    Stat::parse(line.get(..len)?)
}

/// Calls `each` with every entry of a directory that is a number.
pub(super) fn for_each_number(dir: BorrowedFd<'_>, mut each: impl FnMut(u32)) {
    let mut buffer = [MaybeUninit::uninit(); 8192];
    let mut entries = RawDir::new(dir, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        let name = number(entry.file_name().to_bytes());
        if let Some(pid) = name.and_then(|pid| u32::try_from(pid).ok()) {
            each(pid);
        }
    }
}

/// Opens without allocating: this is done for every process of the machine.
pub(super) fn open(
    dir: BorrowedFd<'_>,
    path: std::fmt::Arguments<'_>,
    flags: OFlags,
) -> Result<OwnedFd, Errno> {
    let mut buffer = [0_u8; 64];
    let mut rest = buffer.as_mut_slice();
    rest.write_fmt(path).map_err(|_| Errno::NAMETOOLONG)?;
    let left = rest.len();
    let path = &buffer[..buffer.len() - left];
    openat(dir, path, flags | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

/// Reads a file; nothing when it cannot be read.
fn read_file(path: std::fmt::Arguments<'_>, bytes: &mut Vec<u8>) {
    bytes.clear();
    if let Ok(file) = open(rustix::fs::CWD, path, OFlags::empty()) {
        read_all(file.as_fd(), bytes, FILE_MAX);
    }
}

/// Reads until the end, an error or `limit`.
fn read_all(file: BorrowedFd<'_>, bytes: &mut Vec<u8>, limit: usize) {
    let mut chunk = [0; 16384];
    while bytes.len() < limit {
        match rustix::io::read(file, &mut chunk) {
            Ok(0) => return,
            Ok(len) => bytes.extend_from_slice(&chunk[..len]),
            Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spawn::{Plan, Program, spawn};
    use crate::{pidfd, process};

    #[test]
    fn a_child_is_found_with_its_environment() {
        let plan = Plan::new(
            Program::Path(c"/bin/sleep".to_owned()),
            vec![c"sleep".to_owned(), c"60".to_owned()],
            vec![c"MARK=one.17".to_owned()],
        );
        let child = spawn(&plan).unwrap();
        child.outcome.wait().unwrap();
        let us = std::process::id();
        assert!(children_of(us).contains(&child.pid));
        assert_eq!(stat(child.pid).unwrap().ppid, us);
        assert!(environ_has(child.pid, b"MARK=one.17"));
        assert!(!environ_has(child.pid, b"MARK=one.1"), "entries are compared whole");
        pidfd::send_signal(&child.pidfd, 9).unwrap();
        process::reap(child.pid).unwrap();
        assert_eq!(stat(child.pid), None);
        assert!(!environ_has(child.pid, b"MARK=one.17"));
        assert!(children_of(child.pid).is_empty());
    }
}
