//! File systems on disks, and what goes to and from their devices.

use super::mounts::Mount;
use std::collections::BTreeMap;
use std::path::Path;

/// `proc_diskstats(5)` counts in these, whatever the device.
const SECTOR: u64 = 512;

/// One file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// Where it is mounted.
    pub mount: String,
    /// Its device.
    pub device: String,
    /// Bytes.
    pub total: u64,
    /// Bytes that can still be written, by who is not root.
    pub available: u64,
    /// What its device did; `None` where the kernel does not count that.
    pub traffic: Option<Traffic>,
}

/// What a device did since the machine began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes read.
    pub read: u64,
    /// Bytes written.
    pub written: u64,
}

/// Bytes of a file system, and those that can be written.
pub(super) type Space = (u64, u64);

/// What `/proc/diskstats` says of each device, by number and by name.
pub(super) fn traffic(text: &str) -> BTreeMap<String, Traffic> {
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [major, minor, name, ref counters @ ..] = words[..] else {
            continue;
        };
        let sectors = |at: usize| counters.get(at).and_then(|word| word.parse::<u64>().ok());
        let (Some(read), Some(written)) = (sectors(2), sectors(6)) else {
            continue;
        };
        let traffic =
            Traffic { read: read.saturating_mul(SECTOR), written: written.saturating_mul(SECTOR) };
        found.insert(format!("{major}:{minor}"), traffic);
        found.insert(name.to_owned(), traffic);
    }
    found
}

/// The file systems that are on disks, each once, and the one that `/` is on whatever it is: in a
/// container that is all there is. File systems that others serve are left out, as asking after one
/// whose server is gone never ends.
pub(super) fn disks(
    mounts: &[Mount],
    traffic: &BTreeMap<String, Traffic>,
    space: impl Fn(&Path) -> Option<Space>,
) -> Vec<Disk> {
    let mut by_device: BTreeMap<&str, &Mount> = BTreeMap::new();
    // A later mount of a place hides the earlier one.
    let root = mounts.iter().rfind(|mount| mount.at == "/");
    for mount in root.into_iter().chain(mounts.iter().filter(|mount| is_on_disk(mount))) {
        let known = by_device.entry(&mount.device).or_insert(mount);
        if mount.at.len() < known.at.len() {
            *known = mount;
        }
    }
    let mut disks: Vec<Disk> = by_device
        .into_values()
        .filter_map(|mount| {
            let (total, available) = space(Path::new(&mount.at)).filter(|(total, _)| *total > 0)?;
            let name = mount.source.rsplit('/').next().unwrap_or_default();
            let traffic = traffic.get(&mount.device).or_else(|| traffic.get(name)).copied();
            let (mount, device) = (mount.at.clone(), mount.source.clone());
            Some(Disk { mount, device, total, available, traffic })
        })
        .collect();
    disks.sort_by(|one, other| one.mount.cmp(&other.mount));
    disks
}

fn is_on_disk(mount: &Mount) -> bool {
    let local = mount.source.starts_with("/dev/") || mount.kind == "zfs";
    // Images that are mounted are always full.
    let image = matches!(mount.kind.as_str(), "squashfs" | "iso9660" | "erofs");
    local && !image && !mount.kind.starts_with("fuse") && mount.kind != "devtmpfs"
}

/// `statvfs(3)` of a folder: single files are mounted in containers, and are no file systems.
pub(super) fn space(at: &Path) -> Option<Space> {
    if !at.is_dir() {
        return None;
    }
    let found = rustix::fs::statvfs(at).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Some((bytes(found.f_blocks), bytes(found.f_bavail)))
}
