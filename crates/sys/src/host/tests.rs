//! Machines made of files, and this one.

use super::*;
use mounts::Mount;
use std::collections::BTreeMap;

const MOUNTS: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
28 27 259:1 / /boot/efi rw,relatime shared:2 - vfat /dev/nvme0n1p1 rw
29 27 0:44 /@home /home rw,relatime shared:3 - btrfs /dev/sda2 rw
30 27 0:44 /@home/x /home/a\\040b/c rw,relatime shared:3 - btrfs /dev/sda2 rw
31 27 7:3 / /snap/core/1 ro,nodev shared:4 - squashfs /dev/loop3 ro
32 27 0:50 / /mnt/far rw,relatime shared:5 - nfs4 far:/export rw
33 27 0:51 / /mnt/there rw,nosuid - fuse.sshfs me@there:/ rw
34 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw
35 27 0:23 / /run rw - tmpfs tmpfs rw
";
const DISKSTATS: &str = "\
 259       0 nvme0n1 1000 0 8000 10 500 0 4000 10 0 5 20 0 0 0 0 0 0
 259       2 nvme0n1p2 900 0 6000 10 400 0 3000 10 0 5 20
   8       2 sda2 10 0 100 1 20 0 200 1 0 1 2
   7       3 loop3 1 0 2 0 0 0 0 0 0 0 0
broken
";
const STAT: &str = "\
cpu  100 10 50 800 40 1 2 3 7 9
cpu0 50 5 25 400 20 1 1 2 3 4
cpu1 50 5 25 400 20 0 1 1 4 5
intr 568868 0 0
ctxt 9
";
const MEMINFO: &str = "\
MemTotal:       24683652 kB
MemFree:         1000000 kB
MemAvailable:   12000000 kB
Buffers:          200000 kB
Cached:          3000000 kB
SwapCached:            0 kB
SwapTotal:       4000000 kB
SwapFree:        3500000 kB
";
const NET: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo
    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0
  eth0: 217125679    6484    0    0    0     0          0         0   566385    4756    0    0    0
docker0:42 1 0 0 0 0 0 0 43 1 0 0 0 0 0 0
";

/// A machine below a folder.
fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn mounts(text: &str) -> Vec<Mount> {
    let dir = machine(&[("mountinfo", text)]);
    Mounts::new(dir.path().join("mountinfo")).list().to_vec()
}

#[test]
fn a_machine_is_read() {
    let dir = machine(&[
        ("proc/stat", STAT),
        ("proc/meminfo", MEMINFO),
        ("proc/net/dev", NET),
        ("proc/uptime", "2600.52 5000.10\n"),
        ("proc/loadavg", "0.50 1.25 2.00 3/350 12345\n"),
        ("proc/sys/fs/file-nr", "1440\t40\t9223372036854775807\n"),
        ("proc/sys/kernel/hostname", "box\n"),
        ("proc/sys/kernel/ostype", "Linux\n"),
        ("proc/sys/kernel/osrelease", "6.18.0-arch\n"),
    ]);
    let read = Host::at(dir.path()).read();
    assert_eq!((read.hostname.as_str(), read.system.as_str()), ("box", "Linux 6.18.0-arch"));
    assert_eq!((read.uptime_s, read.files_open, read.files_max), (2600, 1400, i64::MAX as u64));
    assert_eq!(format!("{:?}", read.load), "[0.5, 1.25, 2.0]");
    assert_eq!(read.cpu, CpuTime { busy: 166, total: 1006 });
    let memory = Memory {
        total: 24_683_652 * 1024,
        available: 12_000_000 * 1024,
        swap_total: 4_000_000 * 1024,
        swap_free: 3_500_000 * 1024,
    };
    assert_eq!(read.memory, memory);
    let network = |name: &str, received, sent| Network { name: name.to_owned(), received, sent };
    assert_eq!(read.networks, [network("docker0", 42, 43), network("eth0", 217_125_679, 566_385)]);
    assert_eq!((read.group, read.disks), (None, vec![]));
}

#[test]
fn a_machine_that_tells_nothing_is_no_error() {
    let dir = machine(&[]);
    let read = Host::at(dir.path()).read();
    assert_eq!((read.memory, read.cpu, read.group), (Memory::default(), CpuTime::default(), None));
    assert!(read.networks.is_empty() && read.disks.is_empty());
    let old = MEMINFO.replace("MemAvailable", "Nothing");
    assert_eq!(memory(&old).available, 4_200_000 * 1024);
}

#[test]
fn each_disk_is_there_once() {
    let traffic = disks::traffic(DISKSTATS);
    let found = disks::disks(&mounts(MOUNTS), &traffic, |_| Some((1000, 400)));
    let told: Vec<_> = found
        .iter()
        .map(|disk| (disk.mount.as_str(), disk.device.as_str(), disk.traffic))
        .collect();
    let traffic =
        |read: u64, written: u64| Some(Traffic { read: read * 512, written: written * 512 });
    assert_eq!(
        told,
        [
            ("/", "/dev/nvme0n1p2", traffic(6000, 3000)),
            ("/boot/efi", "/dev/nvme0n1p1", None),
            ("/home", "/dev/sda2", traffic(100, 200)),
        ]
    );
}

#[test]
fn a_container_has_the_disk_of_its_root() {
    let text = "\
700 600 0:90 / / rw,relatime - overlay overlay rw,lowerdir=/l
701 700 254:0 /var/lib/docker/hosts /etc/hosts rw,relatime - ext4 /dev/vda rw
702 700 254:0 /var/lib/docker/volumes/v /data rw,relatime - ext4 /dev/vda rw
";
    let only_folders = |path: &Path| (path != Path::new("/etc/hosts")).then_some((10, 5));
    let found = disks::disks(&mounts(text), &BTreeMap::new(), only_folders);
    let told: Vec<_> = found.iter().map(|disk| (disk.mount.as_str(), disk.traffic)).collect();
    assert_eq!(told, [("/", None), ("/data", None)]);
}

#[test]
fn the_narrowest_bound_of_a_group_counts() {
    let group = "sys/fs/cgroup/outer/inner";
    let dir = machine(&[
        ("proc/self/cgroup", "0::/outer/inner\n"),
        ("proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
        ("sys/fs/cgroup/cgroup.procs", ""),
        ("sys/fs/cgroup/outer/cgroup.procs", ""),
        ("sys/fs/cgroup/outer/memory.max", "536870912\n"),
        ("sys/fs/cgroup/outer/memory.current", "300000000\n"),
        ("sys/fs/cgroup/outer/cpu.max", "150000 100000\n"),
        (&format!("{group}/cgroup.procs"), ""),
        (&format!("{group}/memory.max"), "max\n"),
        (&format!("{group}/memory.current"), "100000000\n"),
        (&format!("{group}/cpu.max"), "max 100000\n"),
    ]);
    let bounds = bounds::Group::new(dir.path());
    let expected =
        GroupBounds { memory: 300_000_000, memory_max: Some(512 << 20), cpus_max: Some(1.5) };
    assert_eq!(bounds.read(1 << 40, 8), Some(expected));
    // What is more than the machine has bounds nothing.
    assert_eq!(bounds.read(1 << 20, 1), None);
    let only_cpus = bounds.read(1 << 20, 8).unwrap();
    assert_eq!((only_cpus.memory_max, only_cpus.memory), (None, 100_000_000));
}

#[test]
fn the_older_groups_have_bounds_too() {
    let memory = "sys/fs/cgroup/memory/jobs";
    let dir = machine(&[
        ("proc/self/cgroup", "4:memory:/jobs\n1:cpu,cpuacct:/\n0::/\n"),
        (
            "proc/self/mountinfo",
            "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
             32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n",
        ),
        (&format!("{memory}/cgroup.procs"), ""),
        (&format!("{memory}/memory.limit_in_bytes"), "1048576\n"),
        (&format!("{memory}/memory.usage_in_bytes"), "4096\n"),
        ("sys/fs/cgroup/cpu/cgroup.procs", ""),
        ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
        ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
    ]);
    let bounds = bounds::Group::new(dir.path()).read(1 << 40, 8);
    let expected = GroupBounds { memory: 4096, memory_max: Some(1 << 20), cpus_max: None };
    assert_eq!(bounds, Some(expected));
}

#[test]
fn a_share_of_time_is_never_more_than_all() {
    let time = |busy, total| CpuTime { busy, total };
    assert_eq!(time(150, 400).percent_since(time(100, 200)), Some(25.0));
    assert_eq!(time(900, 300).percent_since(time(100, 200)), Some(100.0));
    assert_eq!(time(100, 200).percent_since(time(100, 200)), None);
    assert_eq!(time(50, 100).percent_since(time(100, 200)), None, "the counters went back");
}

#[test]
fn this_machine_is_one() {
    let mut host = Host::new();
    let read = host.read();
    assert!(read.memory.total > 1 << 24 && read.memory.available > 0 && read.cpus > 0);
    assert!(read.cpu.total > 0 && read.uptime_s > 0 && read.files_open > 0);
    assert!(read.disks.iter().any(|disk| disk.mount == "/"), "{:?}", read.disks);
    assert!(host.read().cpu.total >= read.cpu.total);
}
