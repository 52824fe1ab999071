//! What the daemon uses.

use super::Family;
use super::family::count;
use rpm_proto::observed::Daemon;

/// The daemon's metrics.
pub(super) fn families(daemon: &Daemon) -> Vec<Family> {
    let mut info = Family::gauge("rpm_daemon_info", "The daemon's version");
    info.add(&[("version", &daemon.version)], 1.0);
    let memory_help = "Memory of the daemon's processes; what is shared is divided";
    let mut memory = Family::gauge("rpm_daemon_memory_bytes", memory_help);
    let mut open = Family::gauge("rpm_daemon_descriptors", "Open descriptors");
    let mut limit = Family::gauge("rpm_daemon_descriptors_limit", "Descriptors that may be open");
    for (part, usage) in [("supervisor", &daemon.supervisor), ("keeper", &daemon.keeper)] {
        let labels = [("part", part)];
        memory.add(&labels, count(usage.memory));
        open.add(&labels, count(usage.descriptors));
        limit.add(&labels, count(usage.descriptors_max));
    }
    let uptime =
        Family::gauge("rpm_daemon_uptime_seconds", "How long the supervisor has been there");
    let replaced_help = "How often the supervisor was replaced since its keeper began";
    let replaced = Family::counter("rpm_daemon_replacements_total", replaced_help);
    let cpu = Family::counter("rpm_daemon_cpu_seconds_total", "CPU time of the supervisor");
    vec![
        info,
        uptime.with(count(daemon.uptime_ms) / 1000.0),
        replaced.with(count(daemon.replaced)),
        cpu.with(daemon.cpu_seconds),
        memory,
        open,
        limit,
    ]
}
