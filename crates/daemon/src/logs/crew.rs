//! The threads that write files.
//!
//! One does all the work while disks are quick. When work waits, because a write hangs, another is
//! started, up to a bound; one that has nothing to do for a while ends.

use super::command::Command;
use super::counters::Counters;
use super::outlet::{Outlet, empty};
use super::rotation::Archivist;
use super::ticket::Ticket;
use camino::Utf8PathBuf;
use rpm_sys::poller::Waker;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Threads at most: so many files may hang before others wait for them.
const THREADS_MAX: usize = 16;
/// Work that waits longer gets a thread of its own.
const WAIT_MAX: Duration = Duration::from_millis(20);
/// A thread that is idle for so long gives back its memory, or ends when it is not the last.
const IDLE_MAX: Duration = Duration::from_secs(2);
/// A thread needs no more; what is not touched costs nothing.
const STACK: usize = 512 << 10;
/// Streams that have ended are kept until their file tells what was dropped; so many at most.
const OWING_MAX: usize = 64;

/// What the threads share.
#[derive(Debug)]
pub(super) struct Crew {
    /// The figures.
    pub(super) counters: Arc<Counters>,
    /// Who looks after files that were put aside.
    pub(super) archivist: Arc<Archivist>,
    queue: Mutex<Queue>,
    bell: Condvar,
    /// To the capture.
    commands: Sender<Command>,
    waker: Waker,
    begun: Instant,
    /// When a thread last took work.
    taken_ms: AtomicU64,
    owing: AtomicUsize,
}

/// Work.
#[derive(Debug)]
pub(super) enum Job {
    /// On an outlet that is in the state of being queued.
    Work(Arc<Outlet>),
    /// A file that is not open is to be emptied.
    Empty(Utf8PathBuf, Ticket),
}

/// What a thread has.
#[derive(Debug)]
pub(super) struct Kit {
    /// What all share.
    pub(super) crew: Arc<Crew>,
    /// Bytes of a spool.
    pub(super) buffer: Vec<u8>,
    /// Bytes made up.
    pub(super) page: Vec<u8>,
}

#[derive(Debug, Default)]
struct Queue {
    jobs: VecDeque<(Instant, Job)>,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl Crew {
    /// A crew without threads; the first comes with the first job.
    pub(super) fn new(commands: Sender<Command>, waker: Waker, counters: Arc<Counters>) -> Self {
        Self {
            counters,
            archivist: Arc::default(),
            queue: Mutex::default(),
            bell: Condvar::new(),
            commands,
            waker,
            begun: Instant::now(),
            taken_ms: AtomicU64::new(0),
            owing: AtomicUsize::new(0),
        }
    }

    /// Hands in work.
    pub(super) fn queue(self: &Arc<Self>, job: Job) {
        let mut queue = self.lock();
        if queue.jobs.is_empty() {
            self.taken_ms.store(self.now_ms(), Relaxed);
        }
        queue.jobs.push_back((Instant::now(), job));
        if queue.idle > 0 {
            drop(queue);
            self.bell.notify_one();
        } else if queue.threads == 0 {
            self.hire(queue);
        }
    }

    /// Starts a thread when work has waited for too long. Returns whether work waits.
    pub(super) fn relieve(self: &Arc<Self>) -> bool {
        let queue = self.lock();
        let Some((since, _)) = queue.jobs.front() else {
            return false;
        };
        if since.elapsed() > WAIT_MAX && queue.idle == 0 && queue.threads < THREADS_MAX {
            self.hire(queue);
        }
        true
    }

    /// No more work will come; threads end when there is none.
    pub(super) fn dismiss(&self) {
        self.lock().closed = true;
        self.bell.notify_all();
    }

    /// Tells the capture.
    pub(super) fn tell(&self, news: Command) {
        if self.commands.send(news).is_ok() {
            self.waker.wake();
        }
    }

    /// Wakes the capture.
    pub(super) fn ring(&self) {
        self.waker.wake();
    }

    /// Milliseconds of a clock that only goes forward.
    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// While there is work: when a thread last took some, or when it came, by the same clock.
    pub(super) fn taken_last_ms(&self) -> u64 {
        self.taken_ms.load(Relaxed)
    }

    /// Whether one more stream may be kept for what its file owes.
    pub(super) fn may_owe(&self) -> bool {
        let may = |owing: usize| (owing < OWING_MAX).then_some(owing + 1);
        self.owing.fetch_update(Relaxed, Relaxed, may).is_ok()
    }

    /// One less.
    pub(super) fn owe_no_more(&self) {
        self.owing.fetch_sub(1, Relaxed);
    }

    fn hire(self: &Arc<Self>, mut queue: MutexGuard<'_, Queue>) {
        match self.spawn() {
            Ok(()) => {
                queue.threads += 1;
                self.counters.writers.store(queue.threads as u64, Relaxed);
            }
            Err(error) => {
                tracing::error!(%error, "could not start a thread that writes logs; trying again");
            }
        }
    }

    fn spawn(self: &Arc<Self>) -> io::Result<()> {
        let kit = Kit { crew: Arc::clone(self), buffer: Vec::new(), page: Vec::new() };
        let thread = std::thread::Builder::new().name("logs-write".to_owned()).stack_size(STACK);
        thread.spawn(move || serve(kit)).map(drop)
    }

    /// The next job; `None` when the thread is to end.
    fn next(&self, kit: &mut Kit) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if let Some((_, job)) = queue.jobs.pop_front() {
                self.taken_ms.store(self.now_ms(), Relaxed);
                return Some(job);
            }
            let last = queue.threads == 1;
            let rested = kit.buffer.capacity() == 0;
            if queue.closed {
                break;
            }
            queue.idle += 1;
            let mut timed_out = false;
            queue = if last && rested {
                self.bell.wait(queue).unwrap_or_else(PoisonError::into_inner)
            } else {
                let woken = self.bell.wait_timeout(queue, IDLE_MAX);
                let (queue, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
                timed_out = timeout.timed_out();
                queue
            };
            queue.idle -= 1;
            if timed_out && queue.jobs.is_empty() {
                (kit.buffer, kit.page) = (Vec::new(), Vec::new());
                if queue.threads > 1 {
                    break;
                }
            }
        }
        queue.threads -= 1;
        self.counters.writers.store(queue.threads as u64, Relaxed);
        None
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970.
pub(super) fn wall_ms() -> i64 {
    rpm_sys::clock::wall_ms().cast_signed()
}

fn serve(mut kit: Kit) {
    let crew = Arc::clone(&kit.crew);
    while let Some(job) = crew.next(&mut kit) {
        match job {
            Job::Work(outlet) => {
                if outlet.work(&mut kit) {
                    crew.queue(Job::Work(outlet));
                }
            }
            Job::Empty(path, ticket) => {
                empty(path, &ticket);
            }
        }
    }
}
