//! The thread that writes events and crash reports.

use super::{Order, lines};
use camino::Utf8PathBuf;
use rpm_chronicle::{crashes, events};
use rpm_proto::{Crash, Happening};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

/// Events that wait are written together.
const BATCH: usize = 256;

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
        .stack_size(512 * 1024)
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
                    Order::Crash(crash, logs) => self.keep(*crash, &logs),
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

    fn keep(&mut self, mut crash: Crash, logs: &[lines::Source]) {
        if crash.lines.is_empty() {
            crash.lines = lines::of(logs);
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
