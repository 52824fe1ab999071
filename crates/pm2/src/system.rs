//! The machine in the words of PM2's `getSystemData` and `slist`.

use rpm_proto::Host;
use serde_json::{Map, Value, json};

/// PM2's `mb` is 1024 times 1024 bytes.
const MEBI: f64 = 1024.0 * 1024.0;

/// The figures of the machine, by PM2's names. PM2 tells of errors of interfaces as well; those are
/// not measured, and are left out.
pub fn metrics(host: &Host) -> Map<String, Value> {
    let mut map = Map::new();
    let used = host.memory_total.saturating_sub(host.memory_available);
    add(&mut map, "CPU Usage", "%", &json!(rounded(f64::from(host.cpu), 1)));
    // PM2's word for not known.
    add(&mut map, "CPU Temperature", "°C", &json!(-1));
    add(&mut map, "RAM Usage", "%", &json!(percent(used, host.memory_total)));
    add(&mut map, "RAM Total", "b", &json!(host.memory_total));
    add(&mut map, "RAM Available", "b", &json!(host.memory_available));
    add(&mut map, "RAM Active", "b", &json!(used));
    for network in &host.networks {
        let name = &network.name;
        add(&mut map, &format!("net:rx_5:{name}"), "mb/s", &rate(network.received_per_s));
        add(&mut map, &format!("net:tx_5:{name}"), "mb/s", &rate(network.sent_per_s));
    }
    add(&mut map, "Disk Reads", "mb/s", &rate(host.disk_reads_per_s()));
    add(&mut map, "Disk Writes", "mb/s", &rate(host.disk_writes_per_s()));
    for disk in &host.disks {
        let used = percent(disk.total.saturating_sub(disk.available), disk.total);
        add(&mut map, &format!("fs:use:{}", disk.mount), "%", &json!(used));
        let size = rounded(bytes(disk.total) / 1e9, 2);
        add(&mut map, &format!("fs:size:{}", disk.mount), "gb", &json!(size));
    }
    map
}

fn add(map: &mut Map<String, Value>, name: &str, unit: &str, value: &Value) {
    let metric = json!({ "value": value, "type": "metric", "unit": unit, "historic": true });
    map.insert(name.to_owned(), metric);
}

fn rate(bytes_per_s: f64) -> Value {
    json!(rounded(bytes_per_s / MEBI, 3))
}

/// A share of the whole, 0 to 100.
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { rounded(bytes(part) * 100.0 / bytes(whole), 2) }
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn bytes(count: u64) -> f64 {
    count as f64
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_proto::observed::{Disk, Network};

    #[test]
    fn a_machine_has_pm2s_names() {
        let host = Host {
            cpu: 12.34,
            memory_total: 1000,
            memory_available: 250,
            networks: vec![Network {
                name: "eth0".to_owned(),
                received_per_s: 2.0 * MEBI,
                ..Network::default()
            }],
            disks: vec![Disk {
                mount: "/".to_owned(),
                device: "/dev/vda".to_owned(),
                total: 100_000_000_000,
                available: 28_030_000_000,
                written_per_s: MEBI / 2.0,
                ..Disk::default()
            }],
            ..Host::default()
        };
        let map = metrics(&host);
        let metric = |name: &str| map.get(name).unwrap_or_else(|| panic!("no {name}"));
        let expected = json!({ "value": 75.0, "type": "metric", "unit": "%", "historic": true });
        assert_eq!(*metric("RAM Usage"), expected);
        assert_eq!(metric("CPU Usage")["value"], 12.3);
        assert_eq!(metric("RAM Active")["value"], 750);
        assert_eq!(metric("net:rx_5:eth0")["value"], 2.0);
        assert_eq!(metric("Disk Writes")["value"], 0.5);
        assert_eq!(metric("fs:use:/")["value"], 71.97);
        assert_eq!(metric("fs:size:/")["value"], 100.0);
    }
}
