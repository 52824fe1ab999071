//! Programs that are asked something: what they print, within a time.

use crate::clock;
use rpm_core::Mono;
use rpm_sys::poll::{self, Interest};
use rpm_sys::{pidfd, tree};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, Command, Stdio};

/// What a program printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its standard output, or the beginning of it.
    pub(crate) text: Vec<u8>,
    /// Whether it ended well, or had more to say than was wanted.
    pub(crate) is_good: bool,
}

/// Until when an answer is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience<'a> {
    /// This time,
    pub(crate) deadline: Mono,
    /// or until this is readable or closed.
    pub(crate) cancel: Option<BorrowedFd<'a>>,
}

impl Patience<'_> {
    /// Until `deadline`.
    pub(crate) fn until(deadline: Mono) -> Self {
        Self { deadline, cancel: None }
    }

    /// Waits for a descriptor to be readable; `false` when there is no patience left.
    fn wait(self, fd: impl AsFd) -> io::Result<bool> {
        let mut ready = Vec::new();
        loop {
            let left = self.deadline.since(clock::now().mono);
            if left == 0 {
                return Ok(false);
            }
            let cancel = self.cancel.map(|cancel| (cancel, Interest::Read));
            let fds: Vec<_> = cancel.into_iter().chain([(fd.as_fd(), Interest::Read)]).collect();
            poll::wait(&fds, &mut ready, Some(left))?;
            let is_ready = ready.pop();
            if ready.contains(&true) {
                return Ok(false);
            }
            if is_ready == Some(true) {
                return Ok(true);
            }
        }
    }
}

/// Runs a program and gives the first `max` bytes that it prints; `None` when the patience is over
/// before it is done. Nothing that it starts is left. Blocks.
pub(crate) fn ask(
    command: &mut Command,
    patience: Patience<'_>,
    max: usize,
) -> io::Result<Option<Answer>> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let heard = hear(&mut child, patience, max);
    if !matches!(heard, Ok(Some(Answer { is_good: true, .. }))) {
        end(&child);
    }
    // One that has ended is only reaped by this.
    child.kill().ok();
    let status = child.wait()?;
    heard.map(|answer| {
        answer.map(|answer| Answer {
            is_good: status.success() || answer.text.len() >= max,
            ..answer
        })
    })
}

/// Reads until the program has ended; `None` when the patience is over before.
fn hear(child: &mut Child, patience: Patience<'_>, max: usize) -> io::Result<Option<Answer>> {
    let mut output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let pidfd = pidfd::open(child.id())?;
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    while patience.wait(&output)? {
        let length = output.read(&mut piece)?;
        text.extend(piece.get(..length).unwrap_or_default());
        if text.len() >= max {
            text.truncate(max);
            return Ok(Some(Answer { text, is_good: false }));
        }
        if length == 0 {
            return Ok(patience.wait(&pidfd)?.then_some(Answer { text, is_good: true }));
        }
    }
    Ok(None)
}

/// Ends it with all that it has started.
fn end(child: &Child) {
    let ended = pidfd::open(child.id())
        .and_then(|pidfd| tree::kill_tree(child.id(), &pidfd, rpm_core::Signal::KILL.0));
    if let Err(error) = ended {
        tracing::debug!(%error, "could not end a program that was asked");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str, max: usize, limit_ms: u64) -> Option<Answer> {
        let patience = Patience::until(clock::now().mono.after(limit_ms));
        ask(Command::new("sh").args(["-c", line]), patience, max).unwrap()
    }

    #[test]
    fn what_it_prints_and_how_it_ends_is_told() {
        let answer = |text: &str, is_good| Some(Answer { text: text.into(), is_good });
        assert_eq!(said("echo a; echo b >&2", 100, 10_000), answer("a\n", true));
        assert_eq!(said("echo a; exit 3", 100, 10_000), answer("a\n", false));
        assert_eq!(said("yes", 4, 10_000), answer("y\ny\n", true));
    }

    #[test]
    fn one_that_does_not_end_is_ended_with_its_children() {
        assert_eq!(said("echo a; sleep 1000", 100, 200), None);
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("pid");
        let line = format!("sleep 1000 & echo $! > {}; wait", mark.display());
        assert_eq!(said(&line, 100, 500), None);
        let pid: u32 = std::fs::read_to_string(mark).unwrap().trim().parse().unwrap();
        let is_over = || tree::stat(pid).is_none_or(|stat| stat.is_zombie());
        // It has been killed; that takes a moment.
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !is_over() && std::time::Instant::now() < patience {
            std::thread::yield_now();
        }
        assert!(is_over(), "{pid} runs on");
    }

    #[test]
    fn one_that_is_asked_in_vain_is_ended() {
        let (cancel, writer) = io::pipe().unwrap();
        let deadline = clock::now().mono.after(60_000);
        let asked = std::thread::spawn(move || {
            let patience = Patience { deadline, cancel: Some(cancel.as_fd()) };
            ask(Command::new("sleep").arg("1000"), patience, 1).unwrap()
        });
        drop(writer);
        assert_eq!(asked.join().unwrap(), None);
        assert!(clock::now().mono < deadline, "it was waited for");
    }

    #[test]
    fn one_that_is_not_there_is_an_error() {
        let patience = Patience::until(clock::now().mono.after(1000));
        assert!(ask(&mut Command::new("/nowhere"), patience, 1).is_err());
    }
}
