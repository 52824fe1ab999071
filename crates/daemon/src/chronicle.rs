//! Noteworthy happenings: each is one record, told to whoever listens and written to the events file,
//! from which the timeline and the alerts are made. Crashes get a report of their own.
//!
//! A thread writes, so that a slow disk delays no decision. What cannot be written is counted, and
//! the count is an event itself as soon as there is room.

mod asked;
mod crash;
mod daemon;
mod draft;
mod lines;
mod thread;

pub(crate) use draft::{By, Draft};

use crate::alerts::Alerts;
use crate::allowance::Allowance;
use crate::clock;
use crate::home::Home;
use rpm_alerts::HooksError;
use rpm_chronicle::events::{self, Wanted};
use rpm_proto::{Crash, Happening, Level};
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::time::Duration;
use tokio::sync::broadcast;

/// So many may come at once.
const BURST: u64 = 500;
/// And one more after each of so many ms.
const EACH_MS: u64 = 25;
/// So many orders wait for the disk.
const ORDERS: usize = 1024;
/// So many events a slow listener may be behind.
const BEHIND: usize = 256;
/// At the end of the process, what waits has so long.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where happenings are told; clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Chronicle(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    last: Cell<u64>,
    allowance: RefCell<Allowance>,
    missing: Cell<u64>,
    listeners: broadcast::Sender<Arc<Happening>>,
    alerts: Alerts,
    orders: SyncSender<Order>,
}

/// What the thread is to do.
#[derive(Debug)]
enum Order {
    /// Add an event.
    Event(Arc<Happening>),
    /// Keep a report, completed with the last lines of these logs.
    Crash(Box<Crash>, Vec<lines::Source>),
    /// Say when all before is written.
    Flush(SyncSender<()>),
}

impl Chronicle {
    /// Goes on with the events of a home.
    pub(crate) fn open(home: &Home) -> io::Result<Self> {
        let newest = events::latest(&home.events(), &Wanted::default(), 1).unwrap_or_default();
        let last = newest.last().map_or(0, |event| event.seq);
        let (orders, inbox) = mpsc::sync_channel(ORDERS);
        thread::start((home.events(), home.crashes()), inbox)?;
        Ok(Self(Rc::new(Inner {
            last: Cell::new(last),
            allowance: RefCell::new(Allowance::new(BURST, EACH_MS)),
            missing: Cell::new(0),
            listeners: broadcast::channel(BEHIND).0,
            alerts: Alerts::open(home, last),
            orders,
        })))
    }

    /// Tells what has happened. Returns whether there was room for it.
    pub(crate) fn tell(&self, draft: Draft) -> bool {
        if !self.0.allowance.borrow_mut().take(clock::now().mono) {
            self.0.missing.set(self.0.missing.get() + 1);
            return false;
        }
        let missing = self.0.missing.take();
        if missing > 0 {
            let text = format!("{missing} events were left out, as there were too many at once");
            self.publish(Draft::new("left_out", Level::Warn, text).with("count", missing));
        }
        self.publish(draft)
    }

    /// Events from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<Happening>> {
        self.0.listeners.subscribe()
    }

    /// Reads anew who is to be told. Returns how many there are.
    pub(crate) fn read_alerts(&self) -> Result<usize, HooksError> {
        self.0.alerts.read_again(self.0.last.get())
    }

    /// Comes back when all is written, or after a moment when the disk hangs.
    pub(crate) fn finish(&self) {
        let (done, written) = mpsc::sync_channel(1);
        if self.0.orders.try_send(Order::Flush(done)).is_ok() {
            written.recv_timeout(PATIENCE).ok();
        }
    }

    fn publish(&self, draft: Draft) -> bool {
        let seq = self.0.last.get() + 1;
        self.0.last.set(seq);
        let happening = Arc::new(draft.into_happening(seq, clock::now().wall.0));
        // Nobody may be listening.
        drop(self.0.listeners.send(Arc::clone(&happening)));
        self.0.alerts.tell(&happening);
        let kept = self.0.orders.try_send(Order::Event(happening)).is_ok();
        if !kept {
            self.0.missing.set(self.0.missing.get() + 1);
        }
        kept
    }

    fn keep(&self, crash: Crash, logs: Vec<lines::Source>) {
        if self.0.orders.try_send(Order::Crash(Box::new(crash), logs)).is_err() {
            tracing::warn!("a crash report was left out: the disk is too slow");
        }
    }
}
