//! The thread that lets alerts be sent. It is there when the user has set up hooks.
//!
//! It decides with [`rpm_alerts::Desk`]; each message is delivered by a short-lived process, this
//! program in another role. How far each hook has been told is kept beside the events, so that a
//! successor goes on there: a message may arrive twice, and is never forgotten for a crash of ours.

use crate::clock;
use crate::home::Home;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_alerts::message::Message;
use rpm_alerts::{Delivery, Desk, Hook, Hooks, HooksError, Outcome, deliver};
use rpm_chronicle::events;
use rpm_proto::Happening;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

/// So many orders wait for the thread.
const ORDERS: usize = 1024;
/// Events from before this process began are told when they are not older, in ms.
const LATE_MAX_MS: i64 = 24 * 3_600_000;
/// The threads need no more.
const STACK: usize = 256 * 1024;

/// The way to the thread.
#[derive(Debug)]
pub(crate) struct Alerts {
    home: Home,
    thread: RefCell<Option<SyncSender<Order>>>,
}

#[derive(Debug)]
enum Order {
    Happened(Arc<Happening>),
    /// Other hooks from now on; the number of the last event.
    Hooks(Vec<Hook>, u64),
    Done(u32, Outcome),
}

struct Thread {
    desk: Desk,
    told: Utf8PathBuf,
    host: String,
    orders: SyncSender<Order>,
}

impl Alerts {
    /// Those of a home, whose last event has the number `last`.
    pub(crate) fn open(home: &Home, last: u64) -> Self {
        let alerts = Self { home: home.clone(), thread: RefCell::default() };
        if let Err(error) = alerts.read_again(last) {
            tracing::warn!(%error, "nobody is told of what happens");
        }
        alerts
    }

    /// Reads the hooks anew. Returns how many there are.
    pub(crate) fn read_again(&self, last: u64) -> Result<usize, HooksError> {
        let hooks = Hooks::read(self.home.root())?.hooks;
        let count = hooks.len();
        let mut thread = self.thread.borrow_mut();
        match &*thread {
            Some(orders) => {
                // The thread ends with the process only.
                orders.send(Order::Hooks(hooks, last)).ok();
            }
            None if count == 0 => {}
            None => *thread = Some(start(&self.home, hooks, last).map_err(HooksError::Io)?),
        }
        Ok(count)
    }

    /// Something has happened.
    pub(crate) fn tell(&self, happening: &Arc<Happening>) {
        if let Some(orders) = &*self.thread.borrow()
            && orders.try_send(Order::Happened(Arc::clone(happening))).is_err()
        {
            tracing::warn!(seq = happening.seq, "too much happens at once; nobody is told of this");
        }
    }
}

fn start(home: &Home, hooks: Vec<Hook>, last: u64) -> io::Result<SyncSender<Order>> {
    let (orders, inbox) = mpsc::sync_channel(ORDERS);
    let told = home.events().join("told.json");
    let cursors = cursors(&told);
    let hooks = hooks.into_iter().map(|hook| {
        let told = cursors.get(&hook.id).copied().unwrap_or(last);
        (hook, told.min(last))
    });
    let desk = Desk::new(now(), hooks);
    let host = rpm_sys::host::name();
    let mut thread = Thread { desk, told, host, orders: orders.clone() };
    let folder = home.events();
    let builder = std::thread::Builder::new().name("alerts".to_owned()).stack_size(STACK);
    builder.spawn(move || {
        if let Err(error) = thread.catch_up(&folder, last) {
            tracing::warn!(%error, "nobody is told of what happened before");
        }
        thread.run(&inbox);
    })?;
    Ok(orders)
}

impl Thread {
    /// Takes what had happened up to event `last` and was not told.
    fn catch_up(&mut self, folder: &Utf8Path, last: u64) -> io::Result<()> {
        let Some(first) = self.desk.cursors().map(|(_, told)| told).min() else {
            return Ok(());
        };
        if first >= last {
            return Ok(());
        }
        let since = clock::now().wall.0 - LATE_MAX_MS;
        for happening in events::after(folder, first)? {
            if happening.at >= since && happening.seq <= last {
                self.desk.take(now(), &Arc::new(happening));
            }
        }
        Ok(())
    }

    fn run(&mut self, inbox: &Receiver<Order>) {
        self.keep();
        loop {
            while let Some(delivery) = self.desk.next(now()) {
                self.send(&delivery);
            }
            let order = match self.desk.due() {
                Some(due) => {
                    let wait = Duration::from_millis(due.saturating_sub(now()).max(1));
                    match inbox.recv_timeout(wait) {
                        Ok(order) => order,
                        Err(RecvTimeoutError::Timeout) => continue,
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
                None => match inbox.recv() {
                    Ok(order) => order,
                    Err(_) => return,
                },
            };
            match order {
                Order::Happened(happening) => self.desk.take(now(), &happening),
                Order::Hooks(hooks, last) => {
                    self.desk.change(now(), hooks, last);
                    self.keep();
                }
                Order::Done(hook, outcome) => {
                    if let Some(why) = self.desk.done(now(), hook, outcome) {
                        tracing::warn!(hook, why, "an alert was given up");
                    }
                    self.keep();
                }
            }
        }
    }

    /// Lets a process deliver it, and a thread wait for that.
    fn send(&self, delivery: &Delivery) {
        let (hook, orders) = (delivery.hook.id, self.orders.clone());
        let message = Message::of(delivery, &self.host);
        let wait = move || {
            let outcome = delivered(&message).unwrap_or_else(|error| {
                Outcome::Later(format!("no process to deliver it: {error}"))
            });
            if let Outcome::Later(why) = &outcome {
                tracing::info!(hook, why, "an alert could not be delivered yet");
            }
            orders.send(Order::Done(hook, outcome)).ok();
        };
        let thread = std::thread::Builder::new().name("alert".to_owned()).stack_size(STACK);
        if let Err(error) = thread.spawn(wait) {
            let later = Outcome::Later(error.to_string());
            self.orders.try_send(Order::Done(hook, later)).ok();
        }
    }

    /// Keeps how far each hook has been told.
    fn keep(&self) {
        let cursors: BTreeMap<u32, u64> = self.desk.cursors().collect();
        let kept = serde_json::to_vec(&cursors)
            .map_err(io::Error::from)
            .and_then(|text| crate::store::replace(&self.told, &text));
        if let Err(error) = kept {
            tracing::warn!(%error, "it cannot be kept who was told of what");
        }
    }
}

/// Delivers a message by a process of its own.
fn delivered(message: &Message) -> io::Result<Outcome> {
    let mut child = Command::new("/proc/self/exe")
        .arg(rpm_alerts::DELIVER)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&serde_json::to_vec(message)?)?;
    }
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(deliver::outcome(output.status.code(), said))
}

/// How far each hook has been told; nothing where that is not known.
fn cursors(path: &Utf8PathBuf) -> BTreeMap<u32, u64> {
    let text = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn now() -> u64 {
    clock::now().mono.0
}
