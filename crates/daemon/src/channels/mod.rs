//! The thread that owns Node channels, listening sockets and connections.
//!
//! It runs beside the main loop, which hears of it only what matters to supervision: a connection
//! costs the main loop nothing. What to do is decided by [`rpm_node::Primary`]; this module carries
//! it out.

mod carry;
mod channel;
mod connections;
mod ledger;
mod orders;
mod safe;
mod sockets;
mod thread;

pub use safe::Safe;

use ledger::Ledger;
use rpm_core::spec::ClusterOptions;
use rpm_core::{Generation, ProcId};
use rpm_sys::poller::Waker;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use thread::Thread;
use tokio::sync::mpsc;

/// The thread has so long to end the guard.
const PATIENCE: Duration = Duration::from_secs(1);

/// A handle to the thread; clones reach the same one. The thread ends with the last of them.
#[derive(Clone, Debug)]
pub struct Channels(Arc<Line>);

/// One run as the thread must know it.
#[derive(Debug)]
pub struct WorkerSpec {
    /// The run.
    pub generation: Generation,
    /// The instance.
    pub proc: ProcId,
    /// The app: its listening sockets are shared by all its workers.
    pub app: String,
    /// Instance number within the app.
    pub slot: u32,
    /// Our end of the run's channel, not blocking.
    pub channel: OwnedFd,
    /// The process, 0 until it is known.
    pub pid: u32,
    /// What is at the other end.
    pub kind: Kind,
}

/// What is at the other end of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A plain process: messages only.
    Fork,
    /// A worker of Node's `cluster`.
    Cluster {
        /// How connections reach it.
        options: ClusterOptions,
        /// Who runs the app.
        interpreter: Runtime,
    },
}

/// Who runs a cluster worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// Node.
    Node,
    /// Bun, which binds its sockets itself.
    Bun,
    /// Deno, which accepts connections only from the primary.
    Deno,
}

/// News from the thread.
#[derive(Debug)]
pub enum ChannelEvent {
    /// A worker's runtime is up: its first line is about to run.
    Up(Generation),
    /// A worker listens on a server. May come several times.
    Listening(Generation),
    /// The app said `ready`.
    Ready(Generation),
    /// The channel is closed.
    Disconnected(Generation),
    /// A message of the app, as JSON.
    Message(Generation, String),
    /// A listening socket for the keeper to hold. Keys begin at 2^32.
    Hold {
        /// Names it.
        key: u64,
        /// A duplicate of it.
        fd: OwnedFd,
    },
    /// A listening socket that is given up.
    Release {
        /// As it was held.
        key: u64,
    },
    /// The listening sockets of an app that is gone are closed.
    AppClosed,
    /// What a successor of this thread must find again, as JSON. Sent when it changed.
    Records(String),
    /// To be answered when what was told before has been sent to the keeper: the thread waits.
    Confirm(std::sync::mpsc::SyncSender<()>),
}

/// What a predecessor left.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Its last [`ChannelEvent::Records`].
    pub records: String,
    /// The listening sockets that are held, with their keys.
    pub listeners: Vec<(u64, OwnedFd)>,
    /// The runs that are alive.
    pub workers: Vec<WorkerSpec>,
}

impl Channels {
    /// Starts the thread. When `events` is full the thread waits. With a safe, connections that
    /// are on their way to a worker when we are killed are put there; that needs another process,
    /// which is made before the thread.
    pub fn start(events: mpsc::Sender<ChannelEvent>, safe: Option<Safe>) -> io::Result<Self> {
        let ledger = Ledger::new(safe);
        let (orders, inbox) = std::sync::mpsc::channel();
        let waker = Waker::new()?;
        let thread = Thread::new(inbox, waker.clone(), events, ledger)?;
        std::thread::Builder::new().name("channels".to_owned()).spawn(|| thread.run())?;
        Ok(Self(Arc::new(Line { orders, waker })))
    }

    /// A channel whose process is about to be started.
    pub fn add(&self, worker: WorkerSpec) {
        self.0.order(Order::Add(Box::new(worker)));
    }

    /// The process of a run is known.
    pub fn spawned(&self, generation: Generation, pid: u32) {
        self.0.order(Order::Spawned(generation, pid));
    }

    /// Sends a message, given as JSON on one line, to the app.
    pub fn send(&self, generation: Generation, json_line: String) {
        self.0.order(Order::Send(generation, json_line));
    }

    /// Gives a cluster worker no more connections and asks it to finish those it has.
    pub fn drain(&self, generation: Generation) {
        self.0.order(Order::Drain(generation));
    }

    /// The process has ended.
    pub fn gone(&self, generation: Generation) {
        self.0.order(Order::Gone(generation));
    }

    /// No instance of this app is left: its listening sockets are closed, which is answered by
    /// [`ChannelEvent::AppClosed`].
    pub fn app_gone(&self, app: String) {
        self.0.order(Order::AppGone(app));
    }

    /// Takes over what a predecessor left.
    pub fn restore(&self, inventory: Inventory) {
        self.0.order(Order::Restore(Box::new(inventory)));
    }

    /// All is stopped and there is nothing to be saved: ends the guard, so that nothing of ours is
    /// left when we are gone. Comes back when that is done, or after a moment.
    pub fn dismiss_guard(&self) {
        let (done, is_done) = std::sync::mpsc::sync_channel(1);
        self.0.order(Order::DismissGuard(done));
        // A thread that is gone has nobody to end.
        is_done.recv_timeout(PATIENCE).ok();
    }
}

/// The way to the thread. Orders are few, a handful for each run, and whoever gives them must not
/// wait, so their number has no limit.
#[derive(Debug)]
struct Line {
    orders: std::sync::mpsc::Sender<Order>,
    waker: Waker,
}

/// What the thread is asked to do.
#[derive(Debug)]
enum Order {
    Add(Box<WorkerSpec>),
    Spawned(Generation, u32),
    Send(Generation, String),
    Drain(Generation),
    Gone(Generation),
    AppGone(String),
    Restore(Box<Inventory>),
    DismissGuard(std::sync::mpsc::SyncSender<()>),
    End,
}

impl Line {
    fn order(&self, order: Order) {
        // The thread is gone only when the main loop is about to go.
        self.orders.send(order).ok();
        self.waker.wake();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.order(Order::End);
    }
}
