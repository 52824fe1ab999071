//! The machine as it can be seen from here: processors, memory, disks, network, and the bounds of the
//! control group that we are in. Counters only; whoever wants rates keeps two readings.
//!
//! What cannot be read is absent, or 0 where there is no word for absence.

mod bounds;
mod disks;
mod mounts;
mod processors;
mod table;

pub use bounds::GroupBounds;
pub use disks::{Disk, Traffic};
pub use processors::CpuTime;

use mounts::Mounts;
use std::fs;
use std::path::{Path, PathBuf};

/// What this machine calls itself, `uname(2)`.
pub fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// What is asked again and again.
#[derive(Debug)]
pub struct Host {
    proc: PathBuf,
    mounts: Mounts,
    bounds: bounds::Group,
    buffer: String,
}

/// The machine at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Its name.
    pub hostname: String,
    /// The kernel's name and release.
    pub system: String,
    /// Since when it is up, in s.
    pub uptime_s: u64,
    /// Processors that we may run on.
    pub cpus: u32,
    /// Time of all processors.
    pub cpu: CpuTime,
    /// Load over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Memory and swap.
    pub memory: Memory,
    /// File systems on disks, by where they are mounted.
    pub disks: Vec<Disk>,
    /// Network interfaces but the loopback, by name.
    pub networks: Vec<Network>,
    /// Open files of the whole machine.
    pub files_open: u64,
    /// How many there may be.
    pub files_max: u64,
    /// What our control group may use, where that is less than the machine has.
    pub group: Option<GroupBounds>,
}

/// Memory of the machine, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All of it.
    pub total: u64,
    /// What programs could still have.
    pub available: u64,
    /// Swap.
    pub swap_total: u64,
    /// Swap that is free.
    pub swap_free: u64,
}

/// One network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Bytes received since it is there.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
}

impl Host {
    /// This machine.
    pub fn new() -> Self {
        Self::at(Path::new("/"))
    }

    /// The machine whose `proc` and `sys` are below `root`.
    pub fn at(root: &Path) -> Self {
        let proc = root.join("proc");
        Self {
            mounts: Mounts::new(proc.join("self/mountinfo")),
            bounds: bounds::Group::new(root),
            buffer: String::new(),
            proc,
        }
    }

    /// Looks now. Costs some files of the kernel's, and no disk.
    pub fn read(&mut self) -> Reading {
        let (cpu, online) = processors::times(self.text("stat"));
        let memory = memory(self.text("meminfo"));
        let traffic = disks::traffic(self.text("diskstats"));
        let (files_open, files_max) = files(self.text("sys/fs/file-nr"));
        Reading {
            hostname: self.text("sys/kernel/hostname").trim().to_owned(),
            system: format!(
                "{} {}",
                self.text("sys/kernel/ostype").trim().to_owned(),
                self.text("sys/kernel/osrelease").trim()
            ),
            uptime_s: table::first_seconds(self.text("uptime")),
            cpus: processors::usable().unwrap_or(online),
            cpu,
            load: load(self.text("loadavg")),
            memory,
            disks: disks::disks(self.mounts.list(), &traffic, disks::space),
            networks: networks(self.text("net/dev")),
            files_open,
            files_max,
            group: self.bounds.read(memory.total, online),
        }
    }

    /// A file of the kernel's; empty when it cannot be read.
    fn text(&mut self, name: &str) -> &str {
        self.buffer.clear();
        if let Ok(mut file) = fs::File::open(self.proc.join(name)) {
            // What was read before an error is of use.
            std::io::Read::read_to_string(&mut file, &mut self.buffer).ok();
        }
        &self.buffer
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

/// `/proc/meminfo`.
fn memory(text: &str) -> Memory {
    let bytes = |key: &str| table::value(text, key).map(|kib| kib * 1024);
    let old = || {
        // Kernels before 3.14 do not say what is available.
        let parts = ["MemFree", "Buffers", "Cached"];
        parts.iter().filter_map(|key| bytes(key)).sum()
    };
    Memory {
        total: bytes("MemTotal").unwrap_or(0),
        available: bytes("MemAvailable").unwrap_or_else(old),
        swap_total: bytes("SwapTotal").unwrap_or(0),
        swap_free: bytes("SwapFree").unwrap_or(0),
    }
}

/// `/proc/loadavg`.
fn load(text: &str) -> [f64; 3] {
    let mut words = text.split_whitespace().map(|word| word.parse().unwrap_or(0.0));
    std::array::from_fn(|_| words.next().unwrap_or(0.0))
}

/// `/proc/sys/fs/file-nr`: open, unused, most.
fn files(text: &str) -> (u64, u64) {
    let numbers: Vec<u64> = table::numbers(text).collect();
    match numbers[..] {
        [open, unused, most] => (open.saturating_sub(unused), most),
        _ => (0, 0),
    }
}

/// `/proc/net/dev`.
fn networks(text: &str) -> Vec<Network> {
    let interface = |line: &str| {
        let (name, counters) = line.split_once(':')?;
        let counters: Vec<u64> = table::numbers(counters).collect();
        let (received, sent) = (*counters.first()?, *counters.get(8)?);
        Some(Network { name: name.trim().to_owned(), received, sent })
    };
    let mut found: Vec<Network> =
        text.lines().filter_map(interface).filter(|network| network.name != "lo").collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

#[cfg(test)]
mod tests;
