//! The statuses of an app over time, looked at beside the steps of a scenario.

use crate::rpc;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long between two looks: a status that lasts longer is seen.
const STEP: Duration = Duration::from_millis(2);

/// What was seen of each element, by id.
type Seen = BTreeMap<u64, Vec<String>>;

/// Looks at an app until it is told to stop.
pub(crate) struct Recorder {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<Seen>>,
}

impl Recorder {
    /// Begins with the app of this name; both managers answer on the socket of PM2's clients.
    pub(crate) fn begin(home: PathBuf, name: String) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let mut seen = Seen::new();
        look(&home, &name, &mut seen);
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                look(&home, &name, &mut seen);
                std::thread::sleep(STEP);
            }
            // What came about since the last look.
            look(&home, &name, &mut seen);
            seen
        });
        Self { ends, thread: Some(thread) }
    }

    /// The statuses of each element, in the order in which they were seen first, but for those that
    /// are too short to be seen each time. How often a loop was gone through is a matter of time.
    pub(crate) fn end(mut self, but: &[String]) -> String {
        self.ends.store(true, Ordering::Relaxed);
        let seen = self.thread.take().map(|thread| thread.join().unwrap()).unwrap_or_default();
        let shown = seen.into_values().map(|mut one| {
            one.retain(|status| !but.contains(status));
            one.join(" > ")
        });
        shown.collect::<Vec<_>>().join(", ")
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn look(home: &Path, name: &str, seen: &mut Seen) {
    // Before there is a daemon, and after, there is nothing to see.
    for one in rpc::list(home).unwrap_or_default() {
        if one["name"] != name {
            continue;
        }
        let status = one["pm2_env"]["status"].as_str().unwrap_or("none").to_owned();
        let statuses = seen.entry(one["pm_id"].as_u64().unwrap_or(u64::MAX)).or_default();
        if !statuses.contains(&status) {
            statuses.push(status);
        }
    }
}
