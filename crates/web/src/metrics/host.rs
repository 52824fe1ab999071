//! The machine.

use super::Family;
use super::family::count;
use rpm_proto::Host;
use rpm_proto::observed::{CgroupLimits, Disk, Network};

/// The machine's metrics.
pub(super) fn families(host: &Host) -> Vec<Family> {
    let mut info = Family::gauge("rpm_host_info", "The machine and its system");
    info.add(&[("hostname", &host.hostname), ("system", &host.system)], 1.0);
    let mut load = Family::gauge("rpm_host_load_average", "Load over so many minutes");
    for (minutes, value) in ["1", "5", "15"].into_iter().zip(host.load) {
        load.add(&[("minutes", minutes)], value);
    }
    let gauge = |name, help, value: u64| Family::gauge(name, help).with(count(value));
    let used = f64::from(host.cpu) / 100.0;
    let mut families = vec![
        info,
        gauge("rpm_host_uptime_seconds", "How long the machine has been up", host.uptime_s),
        gauge("rpm_host_cpus", "Processors that can be used", u64::from(host.cpus)),
        Family::gauge("rpm_host_cpu_usage_ratio", "Use of all processors, 0 to 1").with(used),
        load,
        gauge("rpm_host_memory_size_bytes", "Memory", host.memory_total),
        gauge(
            "rpm_host_memory_available_bytes",
            "Memory that programs could still have",
            host.memory_available,
        ),
        gauge("rpm_host_swap_size_bytes", "Swap", host.swap_total),
        gauge("rpm_host_swap_free_bytes", "Swap that is free", host.swap_free),
        gauge("rpm_host_files_open", "Open files of the whole machine", host.files_open),
        gauge("rpm_host_files_limit", "Files that may be open", host.files_max),
    ];
    families.extend(disks(&host.disks));
    families.extend(networks(&host.networks));
    families.extend(host.cgroup.as_ref().into_iter().flat_map(cgroup));
    families
}

fn disks(disks: &[Disk]) -> [Family; 4] {
    let mut size = Family::gauge("rpm_host_disk_size_bytes", "Size of the file system");
    let mut free =
        Family::gauge("rpm_host_disk_available_bytes", "What can still be written to it");
    let mut read =
        Family::counter("rpm_host_disk_read_bytes_total", "Read from the device since it began");
    let mut written =
        Family::counter("rpm_host_disk_written_bytes_total", "Written to it since it began");
    for disk in disks {
        let labels = [("mount", disk.mount.as_str()), ("device", disk.device.as_str())];
        size.add(&labels, count(disk.total));
        free.add(&labels, count(disk.available));
        read.add(&labels, count(disk.read_bytes));
        written.add(&labels, count(disk.written_bytes));
    }
    [size, free, read, written]
}

fn networks(networks: &[Network]) -> [Family; 2] {
    let mut received =
        Family::counter("rpm_host_network_received_bytes_total", "Received by the interface");
    let mut sent = Family::counter("rpm_host_network_sent_bytes_total", "Sent by the interface");
    for network in networks {
        let labels = [("interface", network.name.as_str())];
        received.add(&labels, count(network.received_bytes));
        sent.add(&labels, count(network.sent_bytes));
    }
    [received, sent]
}

fn cgroup(limits: &CgroupLimits) -> [Family; 3] {
    let used = "Memory of the control group that the daemon is in";
    let mut memory_max =
        Family::gauge("rpm_host_cgroup_memory_limit_bytes", "Memory that the group may use");
    let mut cpus_max =
        Family::gauge("rpm_host_cgroup_cpus_limit", "Processors that the group may use");
    memory_max.add_some(&[], limits.memory_max.map(count));
    cpus_max.add_some(&[], limits.cpus_max);
    let memory = Family::gauge("rpm_host_cgroup_memory_bytes", used).with(count(limits.memory));
    [memory, memory_max, cpus_max]
}
