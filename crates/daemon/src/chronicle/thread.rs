//! The thread that writes events and crash reports.

use super::Order;
use camino::Utf8PathBuf;
use rpm_chronicle::{crashes, events};
use rpm_proto::Happening;
use rpm_proto::crash::CrashLine;
use rpm_proto::{Crash, Stream};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

/// Events that wait are written together.
const BATCH: usize = 256;
/// Lines of a crash report.
const LINES_MAX: usize = 200;
/// So much is read of the end of each log file.
const TAIL_BYTES: u64 = 64 * 1024;

struct Thread {
    events: events::Log,
    crashes: Utf8PathBuf,
    /// It could not write last time, and has said so.
    fails: bool,
}

/// Starts it; it ends with the last sender.
pub(super) fn start(
    (events, crashes): (Utf8PathBuf, Utf8PathBuf),
    orders: Receiver<Order>,
) -> io::Result<()> {
    let thread = Thread { events: events::Log::new(events), crashes, fails: false };
    std::thread::Builder::new()
        .name("chronicle".to_owned())
        .stack_size(256 * 1024)
        .spawn(move || thread.run(&orders))?;
    Ok(())
}

impl Thread {
    fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(order) = orders.recv() {
            let mut batch: Vec<Happening> = Vec::new();
            let mut done: Vec<SyncSender<()>> = Vec::new();
            let waiting = std::iter::once(order).chain(orders.try_iter().take(BATCH));
            for order in waiting {
                match order {
                    Order::Event(event) => batch.push(Arc::unwrap_or_clone(event)),
                    Order::Crash(crash, files) => self.keep(*crash, &files),
                    Order::Flush(who) => done.push(who),
                }
            }
            if !batch.is_empty() {
                let written = self.events.append(&batch);
                self.say("the events file", written);
            }
            for who in done {
                // Whoever waited may have gone.
                who.try_send(()).ok();
            }
        }
    }

    fn keep(&mut self, mut crash: Crash, files: &[(Stream, PathBuf)]) {
        if crash.lines.is_empty() {
            crash.lines = last_lines(files);
        }
        let kept = crashes::keep(&self.crashes, &crash);
        self.say("a crash report", kept);
    }

    /// Once, until it can write again.
    fn say(&mut self, what: &str, written: io::Result<()>) {
        match written {
            Ok(()) => self.fails = false,
            Err(error) if !std::mem::replace(&mut self.fails, true) => {
                tracing::warn!(%error, "could not write {what}; happenings are not kept meanwhile");
            }
            Err(_) => {}
        }
    }
}

/// The last lines of the files, in their order. Each may have an equal share, and what another one
/// leaves of its own.
fn last_lines(files: &[(Stream, PathBuf)]) -> Vec<CrashLine> {
    let mut lines: Vec<Vec<CrashLine>> = Vec::new();
    for (stream, path) in files {
        let line = |text: String| CrashLine { stream: *stream, at: None, text };
        // A file that cannot be read has no lines.
        lines.push(end_of(path).unwrap_or_default().into_iter().map(line).collect());
    }
    let mut room = LINES_MAX;
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|index| lines[*index].len());
    for (position, index) in order.into_iter().enumerate() {
        let share = room / (files.len() - position);
        let more = lines[index].len().saturating_sub(share);
        lines[index].drain(..more);
        room -= lines[index].len();
    }
    lines.into_iter().flatten().collect()
}

fn end_of(path: &Path) -> io::Result<Vec<String>> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(Vec::new());
    }
    let size = file.seek(SeekFrom::End(0))?;
    let start = size.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first one is not whole.
    let lines = text.lines().skip(usize::from(start > 0));
    Ok(lines.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stream_has_its_share() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, count: usize| {
            let path = dir.path().join(name);
            let lines: Vec<String> = (0..count).map(|number| format!("{name} {number}")).collect();
            std::fs::write(&path, lines.join("\n") + "\n").unwrap();
            path
        };
        let counts = |out, err| {
            let files = [(Stream::Out, file("out", out)), (Stream::Err, file("err", err))];
            let lines = last_lines(&files);
            let of = |stream| lines.iter().filter(|line| line.stream == stream).count();
            (of(Stream::Out), of(Stream::Err))
        };
        assert_eq!(counts(500, 500), (100, 100));
        assert_eq!(counts(500, 30), (170, 30));
        assert_eq!(counts(2, 3), (2, 3));
        let lines =
            last_lines(&[(Stream::Out, file("long", 100_000)), (Stream::Err, "/no".into())]);
        assert_eq!(lines.len(), 200);
        assert_eq!(lines[199].text, "long 99999");
    }
}
