//! The machine.

use rpm_proto::observed as seen;
use serde::Serialize;
use utoipa::ToSchema;

/// The machine, as far as it can be seen from the daemon.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Host {
    /// Its name.
    hostname: String,
    /// Such as `Linux 6.18.0`.
    system: String,
    /// How long it has been up, in s.
    uptime_s: u64,
    /// Processors that can be used.
    cpus: u32,
    /// Use of all processors together, 0 to 100.
    cpu: f32,
    /// Load over 1, 5 and 15 minutes.
    load: [f64; 3],
    /// Bytes of memory.
    memory_total: u64,
    /// Bytes that programs could still have.
    memory_available: u64,
    /// Bytes of swap.
    swap_total: u64,
    /// Bytes of swap that are free.
    swap_free: u64,
    /// File systems on disks.
    disks: Vec<Disk>,
    /// Network interfaces but the loopback.
    networks: Vec<Network>,
    /// Open files of the whole machine.
    files_open: u64,
    /// How many there may be.
    files_max: u64,
    /// What the group that the daemon is in may use, where that is less than the machine.
    cgroup: Option<Cgroup>,
}

/// One file system.
#[derive(Debug, Serialize, ToSchema)]
struct Disk {
    /// Where it is mounted.
    mount: String,
    /// Its device.
    device: String,
    /// Bytes.
    total: u64,
    /// Bytes that can still be written.
    available: u64,
    /// Bytes read a second.
    read_per_s: f64,
    /// Bytes written a second.
    written_per_s: f64,
}

/// One network interface.
#[derive(Debug, Serialize, ToSchema)]
struct Network {
    /// Its name.
    name: String,
    /// Bytes received a second.
    received_per_s: f64,
    /// Bytes sent a second.
    sent_per_s: f64,
}

/// Limits of the group of processes that the daemon is in, `cgroups(7)`.
#[derive(Debug, Serialize, ToSchema)]
struct Cgroup {
    /// Bytes used.
    memory: u64,
    /// Bytes at most.
    memory_max: Option<u64>,
    /// Processors at most, such as 1.5.
    cpus_max: Option<f64>,
}

impl Host {
    pub(super) fn of(host: &seen::Host) -> Self {
        Self {
            hostname: host.hostname.clone(),
            system: host.system.clone(),
            uptime_s: host.uptime_s,
            cpus: host.cpus,
            cpu: host.cpu,
            load: host.load,
            memory_total: host.memory_total,
            memory_available: host.memory_available,
            swap_total: host.swap_total,
            swap_free: host.swap_free,
            disks: host.disks.iter().map(Disk::of).collect(),
            networks: host.networks.iter().map(Network::of).collect(),
            files_open: host.files_open,
            files_max: host.files_max,
            cgroup: host.cgroup.map(|limits| Cgroup {
                memory: limits.memory,
                memory_max: limits.memory_max,
                cpus_max: limits.cpus_max,
            }),
        }
    }
}

impl Disk {
    fn of(disk: &seen::Disk) -> Self {
        Self {
            mount: disk.mount.clone(),
            device: disk.device.clone(),
            total: disk.total,
            available: disk.available,
            read_per_s: disk.read_per_s,
            written_per_s: disk.written_per_s,
        }
    }
}

impl Network {
    fn of(network: &seen::Network) -> Self {
        Self {
            name: network.name.clone(),
            received_per_s: network.received_per_s,
            sent_per_s: network.sent_per_s,
        }
    }
}
