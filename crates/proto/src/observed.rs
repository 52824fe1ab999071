//! What is to be seen at a glance: the host, the daemon, and each process with its figures. What
//! `rpm monit`, the web page and `/metrics` are made of.

use crate::report::Usage;
use crate::view::ProcessView;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// All of it, taken at one time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Observed {
    /// When, in ms since 1970.
    pub at: i64,
    /// The machine.
    pub host: Host,
    /// The daemon.
    pub daemon: Daemon,
    /// The processes, by id.
    pub processes: Vec<Watched>,
}

/// The daemon about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Daemon {
    /// Its version.
    pub version: String,
    /// Since when this supervisor has been there, in ms.
    pub uptime_ms: u64,
    /// How often the supervisor was replaced since the keeper began.
    pub replaced: u64,
    /// The parent of all.
    pub keeper: Usage,
    /// The one that decides.
    pub supervisor: Usage,
    /// CPU time of the supervisor since it began, in seconds.
    pub cpu_seconds: f64,
}

/// One process with its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// What the tables show.
    pub view: ProcessView,
    /// CPU time of the whole tree of this run, in seconds: of all that is in the tree, and of members
    /// that have ended and were waited for by a parent in it. It only grows.
    #[serde(default)]
    pub cpu_seconds: f64,
    /// Open descriptors of the main process, where they can be counted.
    #[serde(default)]
    pub descriptors: Option<u64>,
    /// Bytes of output that this supervisor has read from this run.
    #[serde(default)]
    pub log_bytes: u64,
    /// What the app tells of itself in common terms.
    #[serde(default)]
    pub figures: Figures,
    /// Everything that it tells, by name, in the form of PM2's `axm_monitor`:
    /// `{"value": …, "unit": …, "type": …, "historic": …}`.
    #[serde(default)]
    pub monitor: Map<String, Value>,
}

/// What an app tells of itself, where it does: with our preload (`pmx: true`) or `@pm2/io`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// Mean delay of the event loop, in ms.
    pub event_loop_ms: Option<f64>,
    /// The delay that 95 of 100 turns stay below, in ms.
    pub event_loop_p95_ms: Option<f64>,
    /// Answered HTTP requests a second.
    pub requests_per_s: Option<f64>,
    /// Mean time of an HTTP answer, in ms.
    pub request_ms: Option<f64>,
    /// Bytes of the heap that are in use.
    pub heap_used: Option<u64>,
    /// Bytes of the heap.
    pub heap_total: Option<u64>,
    /// Handles that keep the event loop alive.
    pub handles: Option<u64>,
}

/// The machine, as far as it can be seen from here (`proc(5)`, `cgroups(7)`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// Its name.
    pub hostname: String,
    /// Such as `Linux 6.18.0`.
    pub system: String,
    /// Since when it is up, in s.
    pub uptime_s: u64,
    /// Processors that can be used.
    pub cpus: u32,
    /// Use of all processors together, 0 to 100.
    pub cpu: f32,
    /// Load over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Bytes of memory.
    pub memory_total: u64,
    /// Bytes that programs could still have.
    pub memory_available: u64,
    /// Bytes of swap.
    pub swap_total: u64,
    /// Bytes of swap that are free.
    pub swap_free: u64,
    /// File systems on disks.
    pub disks: Vec<Disk>,
    /// Network interfaces but the loopback.
    pub networks: Vec<Network>,
    /// Open files of the whole machine.
    pub files_open: u64,
    /// How many there may be.
    pub files_max: u64,
    /// What the group that the daemon is in may use, where that is less than the machine.
    pub cgroup: Option<CgroupLimits>,
}

impl Host {
    /// Bytes read a second from all disks, each counted once, however many file systems it has.
    pub fn disk_reads_per_s(&self) -> f64 {
        self.each_device().map(|disk| disk.read_per_s).sum()
    }

    /// Bytes written a second.
    pub fn disk_writes_per_s(&self) -> f64 {
        self.each_device().map(|disk| disk.written_per_s).sum()
    }

    fn each_device(&self) -> impl Iterator<Item = &Disk> {
        let is_first = |at: usize, disk: &Disk| {
            self.disks[..at].iter().all(|before| before.device != disk.device)
        };
        let disks = self.disks.iter().enumerate();
        disks.filter(move |(at, disk)| is_first(*at, disk)).map(|(_, disk)| disk)
    }
}

/// One file system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disk {
    /// Where it is mounted.
    pub mount: String,
    /// Its device.
    pub device: String,
    /// Bytes.
    pub total: u64,
    /// Bytes that can still be written.
    pub available: u64,
    /// Bytes read from the device since the machine began.
    pub read_bytes: u64,
    /// Bytes written to it.
    pub written_bytes: u64,
    /// Bytes read a second.
    pub read_per_s: f64,
    /// Bytes written a second.
    pub written_per_s: f64,
}

/// One network interface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Bytes received since the machine began.
    pub received_bytes: u64,
    /// Bytes sent.
    pub sent_bytes: u64,
    /// Bytes received a second.
    pub received_per_s: f64,
    /// Bytes sent a second.
    pub sent_per_s: f64,
}

/// Limits of the group of processes that the daemon is in, `cgroups(7)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CgroupLimits {
    /// Bytes used.
    pub memory: u64,
    /// Bytes at most.
    pub memory_max: Option<u64>,
    /// Processors at most, such as 1.5.
    pub cpus_max: Option<f64>,
}
