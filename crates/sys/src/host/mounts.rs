//! What is mounted, `proc_pid_mountinfo(5)`. Read again only when the kernel says that it has changed.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::PathBuf;

/// The list and its file.
#[derive(Debug)]
pub(super) struct Mounts {
    path: PathBuf,
    file: Option<File>,
    list: Vec<Mount>,
}

/// One file system at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// Major and minor number.
    pub(super) device: String,
    /// Where.
    pub(super) at: String,
    /// Its type.
    pub(super) kind: String,
    /// What is mounted.
    pub(super) source: String,
}

impl Mounts {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None, list: Vec::new() }
    }

    /// All of it as it is now.
    pub(super) fn list(&mut self) -> &[Mount] {
        let is_new = self.file.is_none();
        if is_new {
            self.file = File::open(&self.path).ok();
        }
        if let Some(file) = &mut self.file
            && (is_new || has_changed(file))
        {
            let mut text = String::new();
            if file.rewind().and_then(|()| file.read_to_string(&mut text)).is_ok() {
                self.list = text.lines().filter_map(parse).collect();
            }
        }
        &self.list
    }
}

fn has_changed(file: &File) -> bool {
    let flags = PollFlags::PRI | PollFlags::ERR;
    let mut polled = [PollFd::new(file, flags)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&at_once)).is_ok() && polled[0].revents().intersects(flags)
}

fn parse(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(2);
    let (device, at) = (before.next()?, before.nth(1)?);
    let mut after = after.split(' ');
    let (kind, source) = (after.next()?, after.next()?);
    Some(Mount {
        device: device.to_owned(),
        at: unescaped(at),
        kind: kind.to_owned(),
        source: unescaped(source),
    })
}

/// Spaces and the like are written as octal numbers.
fn unescaped(word: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(word.to_owned(), |word, (escape, plain)| word.replace(escape, plain))
}
