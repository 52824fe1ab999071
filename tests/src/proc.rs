//! Looking at processes through `/proc`, not through the program under test.

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Whether a process runs (a zombie does not).
pub fn alive(pid: u32) -> bool {
    field(pid, 0).is_some_and(|state| state != "Z" && state != "X")
}

/// A process's parent.
pub fn parent_of(pid: u32) -> Option<u32> {
    field(pid, 1)?.parse().ok()
}

/// When a process was started, in clock ticks since boot; tells a process from a later one with
/// its number.
pub fn started(pid: u32) -> Option<u64> {
    field(pid, 19)?.parse().ok()
}

/// Resident memory of one process.
pub fn resident_bytes(pid: u32) -> u64 {
    let pages: u64 = field(pid, 21).and_then(|text| text.parse().ok()).unwrap_or(0);
    pages * 4096
}

/// A variable of a process's environment, as it was started with.
pub fn environ(pid: u32, name: &str) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let prefix = format!("{name}=");
    let found =
        bytes.split(|byte| *byte == 0).find_map(|line| line.strip_prefix(prefix.as_bytes()));
    found.map(|value| String::from_utf8_lossy(value).into_owned())
}

/// Sends a signal; a process that is gone is none of our business.
pub fn kill(pid: u32, signal: Signal) {
    assert!(pid > 1, "signalling process {pid}");
    let _ = nix::sys::signal::kill(Pid::from_raw(pid.try_into().unwrap()), signal);
}

/// All running processes whose environment holds `mark`, or that stand in the folder of that name,
/// with their command lines.
pub fn with_mark(mark: &str) -> Vec<(u32, String)> {
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        (pid != std::process::id() && alive(pid) && is_marked(pid, mark.as_bytes())).then_some(pid)
    });
    pids.map(|pid| (pid, command_line(pid))).collect()
}

fn is_marked(pid: u32, mark: &[u8]) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(mark.len()).any(|part| part == mark);
    let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
    holds(&environ) || cwd.as_os_str().as_bytes().starts_with(mark)
}

fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = bytes.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    words.collect::<Vec<_>>().join(" ")
}

/// A field of `/proc/PID/stat` after the command's name: 0 is the state (man 5 `proc_pid_stat`).
fn field(pid: u32, index: usize) -> Option<String> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read(Path::new(&path)).ok()?;
    let text = String::from_utf8_lossy(&text);
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_whitespace().nth(index).map(str::to_owned)
}
