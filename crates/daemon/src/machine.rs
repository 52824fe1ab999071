//! The machine, with rates from two looks at it, for all readers.

use rpm_core::Mono;
use rpm_proto::observed::{CgroupLimits, Disk, Host, Network};
use rpm_sys::host::{self, GroupBounds, Reading};

/// A look younger than this, in ms, serves the next reader too.
const FRESH_MS: u64 = 1000;
/// Rates are measured over at least this long, in ms.
const SPAN_MS: u64 = 900;

/// What is known of the machine.
pub(crate) struct Machine {
    host: host::Host,
    /// What rates are measured from.
    base: (Mono, Reading),
    looked_at: Option<Mono>,
    known: Host,
}

impl Machine {
    /// Looks for the first time, so that the next look knows rates.
    pub(crate) fn begin(now: Mono) -> Self {
        let mut host = host::Host::new();
        let base = (now, host.read());
        Self { host, base, looked_at: None, known: Host::default() }
    }

    /// How it is.
    pub(crate) fn look(&mut self, now: Mono) -> &Host {
        if self.looked_at.is_none_or(|at| now.since(at) >= FRESH_MS) {
            let reading = self.host.read();
            let span_ms = now.since(self.base.0);
            let before = (span_ms >= SPAN_MS).then_some(&self.base.1);
            self.known = told(&reading, before, span_ms, &self.known);
            self.looked_at = Some(now);
            if before.is_some() {
                self.base = (now, reading);
            }
        }
        &self.known
    }
}

/// A reading with rates since `before`; without that, with those that were `known`.
fn told(reading: &Reading, before: Option<&Reading>, span_ms: u64, known: &Host) -> Host {
    let cpu = before.and_then(|before| reading.cpu.percent_since(before.cpu));
    Host {
        hostname: reading.hostname.clone(),
        system: reading.system.clone(),
        uptime_s: reading.uptime_s,
        cpus: reading.cpus,
        cpu: cpu.map_or(known.cpu, |cpu| (cpu * 10.0).round() / 10.0),
        load: reading.load,
        memory_total: reading.memory.total,
        memory_available: reading.memory.available,
        swap_total: reading.memory.swap_total,
        swap_free: reading.memory.swap_free,
        disks: reading
            .disks
            .iter()
            .map(|disk| {
                let old = before.and_then(|it| it.disks.iter().find(|it| it.mount == disk.mount));
                let known = known.disks.iter().find(|it| it.mount == disk.mount);
                self::disk(disk, old, span_ms, known)
            })
            .collect(),
        networks: reading
            .networks
            .iter()
            .map(|network| {
                let is_it = |name: &str| name == network.name;
                let old = before.and_then(|it| it.networks.iter().find(|it| is_it(&it.name)));
                let known = known.networks.iter().find(|it| is_it(&it.name));
                self::network(network, old, span_ms, known)
            })
            .collect(),
        files_open: reading.files_open,
        files_max: reading.files_max,
        cgroup: reading.group.map(|GroupBounds { memory, memory_max, cpus_max }| CgroupLimits {
            memory,
            memory_max,
            cpus_max,
        }),
    }
}

fn disk(now: &host::Disk, old: Option<&host::Disk>, span_ms: u64, known: Option<&Disk>) -> Disk {
    let traffic = now.traffic.unwrap_or_default();
    let (read_per_s, written_per_s) = match old.and_then(|old| old.traffic) {
        Some(old) => {
            (rate(traffic.read, old.read, span_ms), rate(traffic.written, old.written, span_ms))
        }
        None => known.map_or((0.0, 0.0), |known| (known.read_per_s, known.written_per_s)),
    };
    Disk {
        mount: now.mount.clone(),
        device: now.device.clone(),
        total: now.total,
        available: now.available,
        read_bytes: traffic.read,
        written_bytes: traffic.written,
        read_per_s,
        written_per_s,
    }
}

fn network(
    now: &host::Network,
    old: Option<&host::Network>,
    span_ms: u64,
    known: Option<&Network>,
) -> Network {
    let (received_per_s, sent_per_s) = match old {
        Some(old) => (rate(now.received, old.received, span_ms), rate(now.sent, old.sent, span_ms)),
        None => known.map_or((0.0, 0.0), |known| (known.received_per_s, known.sent_per_s)),
    };
    Network {
        name: now.name.clone(),
        received_bytes: now.received,
        sent_bytes: now.sent,
        received_per_s,
        sent_per_s,
    }
}

/// What a counter grew by in a second. One that began anew did not grow.
#[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
fn rate(now: u64, before: u64, span_ms: u64) -> f64 {
    now.saturating_sub(before) as f64 * 1000.0 / span_ms.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_sys::host::{CpuTime, Traffic};

    fn reading(busy: u64, received: u64, written: u64) -> Reading {
        let disk = host::Disk {
            mount: "/".to_owned(),
            traffic: Some(Traffic { read: 0, written }),
            ..host::Disk::default()
        };
        let network = host::Network { name: "eth0".to_owned(), received, sent: 0 };
        Reading {
            cpu: CpuTime { busy, total: busy * 2 },
            disks: vec![disk],
            networks: vec![network],
            ..Reading::default()
        }
    }

    #[test]
    fn rates_are_what_counters_grew_by() {
        let (before, after) = (reading(100, 1000, 0), reading(200, 5000, 2000));
        let host = told(&after, Some(&before), 2000, &Host::default());
        assert!((host.cpu - 50.0).abs() < 0.01);
        assert!((host.networks[0].received_per_s - 2000.0).abs() < 0.01);
        assert!((host.disks[0].written_per_s - 1000.0).abs() < 0.01);
        // A look that comes too soon shows the counters with the rates that are known.
        let soon = told(&reading(210, 5100, 2000), None, 0, &host);
        assert_eq!(soon.networks[0].received_bytes, 5100);
        assert!((soon.networks[0].received_per_s - 2000.0).abs() < 0.01);
        assert!((soon.cpu - 50.0).abs() < 0.01);
    }

    #[test]
    fn a_counter_that_begins_anew_has_no_rate() {
        let host =
            told(&reading(300, 10, 0), Some(&reading(200, 5000, 50)), 1000, &Host::default());
        assert!(host.networks[0].received_per_s.abs() < f64::EPSILON);
        assert!(host.disks[0].written_per_s.abs() < f64::EPSILON);
    }
}
