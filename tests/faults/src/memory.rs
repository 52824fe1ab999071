//! How much memory the daemon's two processes use, at most.

use rpm_tests::started;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it is looked at.
const STEP: Duration = Duration::from_millis(100);

/// Looks from time to time.
pub(crate) struct Watch {
    pids: Arc<Mutex<Vec<Known>>>,
    peak_kib: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A process and when it was started, as numbers are used again.
type Known = (u32, Option<u64>);

impl Watch {
    /// Begins to; of nobody yet.
    pub(crate) fn start() -> Self {
        let pids = Arc::new(Mutex::new(Vec::<Known>::new()));
        let peak_kib = Arc::new(AtomicU64::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let (its_pids, its_peak, its_stop) =
            (Arc::clone(&pids), Arc::clone(&peak_kib), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !its_stop.load(Ordering::Relaxed) {
                let known = its_pids.lock().unwrap().clone();
                let same = known.into_iter().filter(|(pid, begun)| started(*pid) == *begun);
                let pids: Vec<u32> = same.map(|(pid, _)| pid).collect();
                its_peak.fetch_max(used_kib(&pids), Ordering::Relaxed);
                std::thread::sleep(STEP);
            }
        });
        Self { pids, peak_kib, stop, thread: Some(thread) }
    }

    /// The processes to look at from now on.
    pub(crate) fn look_at(&self, pids: &[u32]) {
        let known = pids.iter().map(|pid| (*pid, started(*pid))).collect();
        *self.pids.lock().unwrap() = known;
    }

    /// The most so far, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        self.peak_kib.load(Ordering::Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the processes use together: their memory, with shared pages counted once, and the
/// memory files that they hold but have not mapped.
fn used_kib(pids: &[u32]) -> u64 {
    let mapped: u64 = pids.iter().map(|pid| pss_kib(*pid)).sum();
    let mut files = BTreeSet::new();
    for pid in pids {
        for entry in fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_memory = fs::read_link(&path)
                .is_ok_and(|target| target.to_string_lossy().starts_with("/memfd:"));
            if let (true, Ok(meta)) = (is_memory, fs::metadata(&path)) {
                files.insert((meta.dev(), meta.ino(), meta.blocks() / 2));
            }
        }
    }
    mapped + files.iter().map(|(_, _, kib)| kib).sum::<u64>()
}

/// `Pss` of man 5 `proc_pid_smaps`.
fn pss_kib(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
