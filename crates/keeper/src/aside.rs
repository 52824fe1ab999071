//! What may have to wait for a disk is done aside, by a thread of its own.
//!
//! The keeper must not stop because its log is on a disk that hangs. The thread is given no more
//! than a few hundred things to do; what comes while it has as many is dropped and counted.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// So much may wait.
const WAITING_MAX: usize = 256;
/// The thread's stack: it writes lines.
const STACK: usize = 64 * 1024;

type Job = Box<dyn FnOnce() + Send>;

static QUEUE: OnceLock<SyncSender<Job>> = OnceLock::new();
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Starts the thread. To be called when signals are blocked, which it takes over. Without a thread
/// all is done at once.
pub(crate) fn begin() {
    let (sender, receiver) = sync_channel::<Job>(WAITING_MAX);
    let work = move || receiver.into_iter().for_each(|job| job());
    let started = thread::Builder::new().name("aside".to_owned()).stack_size(STACK).spawn(work);
    if started.is_ok() {
        // It is begun once.
        QUEUE.set(sender).ok();
    }
}

/// Does something soon, after what was asked for before.
pub(crate) fn run(job: impl FnOnce() + Send + 'static) {
    match QUEUE.get() {
        None => job(),
        Some(queue) => {
            if queue.try_send(Box::new(job)).is_err() {
                DROPPED.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// How much was dropped since this was last asked.
pub(crate) fn dropped() -> u64 {
    DROPPED.swap(0, Ordering::Relaxed)
}

/// Waits until all is done that was asked for, or the time is over.
pub(crate) fn finish(timeout: Duration) {
    let (done, all) = sync_channel(1);
    run(move || {
        // Nobody may be waiting any more.
        done.send(()).ok();
    });
    // Dropped or late, it is the same.
    all.recv_timeout(timeout).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_waits_for_what_hangs_and_what_is_too_much_is_counted() {
        let (release, hang) = sync_channel::<()>(0);
        let (tell, told) = sync_channel(WAITING_MAX + 10);
        begin();
        run(move || hang.recv().unwrap());
        for number in 0..WAITING_MAX + 10 {
            let tell = tell.clone();
            run(move || tell.send(number).unwrap());
        }
        finish(Duration::from_millis(1));
        release.send(()).unwrap();
        finish(Duration::from_secs(20));
        drop(tell);
        let done: Vec<usize> = told.into_iter().collect();
        assert!(done.iter().copied().eq(0..done.len()), "in order: {done:?}");
        // Whether the first one was taken off the queue by then is up to the thread.
        assert!((WAITING_MAX - 1..=WAITING_MAX).contains(&done.len()), "{}", done.len());
        assert!(dropped() >= 10);
        assert_eq!(dropped(), 0);
    }
}
