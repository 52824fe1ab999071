//! The machine, as a bug report tells of it.

use serde::Serialize;
use std::fs;
use std::process::Command;

/// What matters of the machine and of this program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct System {
    /// Version of this program.
    pub(crate) version: String,
    /// Where it is.
    pub(crate) program: String,
    /// Who asks.
    pub(crate) uid: u32,
    /// The distribution.
    pub(crate) distribution: String,
    /// The kernel's release.
    pub(crate) kernel: String,
    /// The processor's kind.
    pub(crate) architecture: String,
    /// How many CPUs may be used.
    pub(crate) cpus: usize,
    /// Memory in bytes.
    pub(crate) memory: u64,
    /// Memory that programs can still have, in bytes.
    pub(crate) memory_available: u64,
    /// Load averages.
    pub(crate) load: String,
    /// Version of the `node` in `$PATH`, if there is one.
    pub(crate) node: Option<String>,
}

/// Looks around.
pub(crate) fn look() -> System {
    let program = std::env::current_exe();
    System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        program: program.map_or_else(|error| error.to_string(), |path| path.display().to_string()),
        uid: rpm_sys::process::effective_uid(),
        distribution: value(&read("/etc/os-release"), "PRETTY_NAME="),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        cpus: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        memory: bytes("MemTotal:"),
        memory_available: bytes("MemAvailable:"),
        load: read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
        node: node(),
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn value(text: &str, key: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap_or("unknown").trim_matches('"').to_owned()
}

fn bytes(key: &str) -> u64 {
    let meminfo = read("/proc/meminfo");
    let line = meminfo.lines().find_map(|line| line.strip_prefix(key));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn node() -> Option<String> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    Some(version.trim().to_owned()).filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_memory_and_a_kernel() {
        let system = look();
        assert!(system.memory >= system.memory_available && system.memory > 0);
        assert!(system.kernel.contains('.') && system.cpus > 0);
    }
}
