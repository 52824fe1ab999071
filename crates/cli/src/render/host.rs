//! The machine: PM2's line below the list, and the tables of `sysmonit`.

use super::processes::View;
use super::style::{self, Paint, colour};
use super::table::{Cell, Column, Table};
use super::units;
use anstyle::{AnsiColor, Style};
use rpm_proto::observed::{Disk, Host, Network};
use unicode_width::UnicodeWidthStr;

/// Above these shares of a whole, in percent, it is worth a look, or more.
const HIGH: [f64; 2] = [60.0, 85.0];
/// Between the parts of a line.
const SEPARATOR: &str = " | ";

/// PM2's line, as far as there is room for it; empty when there is for nothing.
pub(crate) fn line(host: &Host, view: View) -> String {
    let mut width = 0;
    let mut fits = |part: &String| {
        width += part.width() + SEPARATOR.len();
        view.width.is_none_or(|most| width <= most + SEPARATOR.len())
    };
    let count =
        parts(host, Paint { on: false }).iter().map_while(|it| fits(it).then_some(())).count();
    if count < 2 { String::new() } else { parts(host, view.paint)[..count].join(SEPARATOR) + "\n" }
}

/// Interfaces are named that are in use, file systems that are more than half full.
fn parts(host: &Host, paint: Paint) -> Vec<String> {
    let label = |name: &str| paint.style(Style::new().bold(), name);
    let share = |percent: f64| {
        paint.style(of_share(percent), &format!("{}%", (percent * 100.0).round() / 100.0))
    };
    let flow = |inward: f64, outward: f64| {
        format!("⇓ {}/s ⇑ {}/s", units::size(whole(inward)), units::size(whole(outward)))
    };
    let mut parts = vec![
        paint.heading("host metrics"),
        format!("{}: {}", label("cpu"), share(f64::from((host.cpu * 10.0).round()) / 10.0)),
        format!("{}: {}", label("ram usage"), share(used_memory(host))),
    ];
    let busy = |network: &&Network| network.received_per_s + network.sent_per_s >= 1.0;
    for network in host.networks.iter().filter(busy) {
        let flow = flow(network.received_per_s, network.sent_per_s);
        parts.push(format!("{}: {flow}", label(&network.name)));
    }
    let disk = flow(host.disk_reads_per_s(), host.disk_writes_per_s());
    let full = host.disks.iter().filter(|disk| used_space(disk) > HIGH[0]);
    let full = full.map(|disk| format!(" {} {}", paint.dim(&disk.mount), share(used_space(disk))));
    parts.push(format!("{}: {disk}{}", label("disk"), full.collect::<String>()));
    parts
}

/// All that is known of it.
pub(crate) fn tables(host: &Host, view: View) -> String {
    let mut text = facts(host).draw(view.width, view.paint);
    if !host.disks.is_empty() {
        text.push_str(&disks(&host.disks).draw(view.width, view.paint));
    }
    if !host.networks.is_empty() {
        text.push_str(&networks(&host.networks).draw(view.width, view.paint));
    }
    text
}

fn facts(host: &Host) -> Table {
    let mut rows = Vec::new();
    let mut add = |name: &str, text: String, style: Style| {
        rows.push(vec![Cell::styled(name, style::HEADING), Cell::styled(text, style)]);
    };
    let plain = Style::new();
    let uptime = i64::try_from(host.uptime_s).unwrap_or(i64::MAX).saturating_mul(1000);
    add("host", host.hostname.clone(), plain);
    add("system", host.system.clone(), plain);
    add("uptime", units::duration(uptime), plain);
    let cpu = format!("{} of {} processors", units::percent(host.cpu), host.cpus);
    add("cpu", cpu, of_share(f64::from(host.cpu)));
    let [one, five, fifteen] = host.load;
    add("load", format!("{one:.2} {five:.2} {fifteen:.2}"), plain);
    let used = host.memory_total.saturating_sub(host.memory_available);
    add("memory", part(used, host.memory_total), of_share(used_memory(host)));
    if host.swap_total > 0 {
        let used = host.swap_total.saturating_sub(host.swap_free);
        add("swap", part(used, host.swap_total), of_share(share(used, host.swap_total)));
    }
    let files = share(host.files_open, host.files_max);
    add("open files", host.files_open.to_string(), of_share(files));
    if let Some(group) = &host.cgroup {
        if let Some(max) = group.memory_max {
            add("group memory", part(group.memory, max), of_share(share(group.memory, max)));
        }
        if let Some(cpus) = group.cpus_max {
            add("group cpu", format!("{cpus:.1} processors at most"), plain);
        }
    }
    Table { columns: vec![Column::whole(""), Column::cut("", 16)], rows, headed: false }
}

fn disks(disks: &[Disk]) -> Table {
    let columns = ["used", "free", "size", "read/s", "written/s", "device"];
    let columns = std::iter::once(Column::cut("disk", 8)).chain(columns.map(Column::whole));
    let row = |disk: &Disk| {
        let used = used_space(disk);
        vec![
            Cell::styled(&*disk.mount, style::HEADING),
            Cell::styled(format!("{used:.0}%"), of_share(used)),
            Cell::new(units::size(disk.available)),
            Cell::new(units::size(disk.total)),
            Cell::new(units::size(whole(disk.read_per_s))),
            Cell::new(units::size(whole(disk.written_per_s))),
            Cell::new(&*disk.device),
        ]
    };
    Table { columns: columns.collect(), rows: disks.iter().map(row).collect(), headed: true }
}

fn networks(networks: &[Network]) -> Table {
    let columns = ["received/s", "sent/s", "received", "sent"];
    let columns = std::iter::once(Column::cut("network", 8)).chain(columns.map(Column::whole));
    let row = |network: &Network| {
        vec![
            Cell::styled(&*network.name, style::HEADING),
            Cell::new(units::size(whole(network.received_per_s))),
            Cell::new(units::size(whole(network.sent_per_s))),
            Cell::new(units::size(network.received_bytes)),
            Cell::new(units::size(network.sent_bytes)),
        ]
    };
    Table { columns: columns.collect(), rows: networks.iter().map(row).collect(), headed: true }
}

fn part(used: u64, total: u64) -> String {
    let (share, used, total) = (share(used, total), units::size(used), units::size(total));
    format!("{used} of {total} ({share:.0}%)")
}

fn used_memory(host: &Host) -> f64 {
    let share = share(host.memory_total.saturating_sub(host.memory_available), host.memory_total);
    (share * 10.0).round() / 10.0
}

fn used_space(disk: &Disk) -> f64 {
    share(disk.total.saturating_sub(disk.available), disk.total)
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

fn of_share(percent: f64) -> Style {
    match HIGH.iter().filter(|high| percent > **high).count() {
        0 => colour(AnsiColor::Green),
        1 => colour(AnsiColor::Yellow),
        _ => colour(AnsiColor::Red),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of what is too large, or less than nothing, is the nearest number"
)]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_proto::observed::CgroupLimits;

    fn host() -> Host {
        Host {
            hostname: "box".to_owned(),
            system: "Linux 6.18.0".to_owned(),
            uptime_s: 200_000,
            cpus: 8,
            cpu: 12.3,
            load: [0.5, 1.25, 2.0],
            memory_total: 16 << 30,
            memory_available: 4 << 30,
            swap_total: 2 << 30,
            swap_free: 2 << 30,
            disks: vec![
                Disk {
                    mount: "/".to_owned(),
                    device: "/dev/vda1".to_owned(),
                    total: 100 << 30,
                    available: 10 << 30,
                    read_per_s: 2_097_152.0,
                    ..Disk::default()
                },
                Disk {
                    mount: "/srv/data".to_owned(),
                    device: "/dev/vdb".to_owned(),
                    total: 100 << 30,
                    available: 90 << 30,
                    written_per_s: 1_048_576.0,
                    ..Disk::default()
                },
            ],
            networks: vec![
                Network {
                    name: "eth0".to_owned(),
                    received_bytes: 5 << 30,
                    sent_bytes: 1 << 30,
                    received_per_s: 1536.0,
                    sent_per_s: 512.0,
                },
                Network { name: "eth1".to_owned(), ..Network::default() },
            ],
            files_open: 1440,
            files_max: 9_000_000,
            cgroup: Some(CgroupLimits {
                memory: 1 << 30,
                memory_max: Some(2 << 30),
                cpus_max: Some(1.5),
            }),
        }
    }

    #[test]
    fn the_line_is_as_pm2_writes_it() {
        let at = |width| {
            let paint = Paint { on: false };
            line(&host(), View { now: 0, width, paint, mini: false })
        };
        let whole = "host metrics | cpu: 12.3% | ram usage: 75% | eth0: ⇓ 1.5kb/s ⇑ 512b/s | \
                     disk: ⇓ 2mb/s ⇑ 1mb/s / 90%\n";
        assert_eq!(at(None), whole);
        let length = whole.trim_end().width();
        assert_eq!(at(Some(length)), whole);
        assert_eq!(at(Some(40)), "host metrics | cpu: 12.3%\n");
        for width in 0..length {
            let text = at(Some(width));
            assert!(text.trim_end().width() <= width && text.len() < whole.len(), "{text}");
        }
    }

    #[test]
    fn all_that_is_known_is_shown() {
        let view = View { now: 0, width: Some(80), paint: Paint { on: false }, mini: false };
        insta::assert_snapshot!(tables(&host(), view));
    }

    #[test]
    fn a_machine_that_tells_little_is_shown() {
        let view = View { now: 0, width: Some(80), paint: Paint { on: false }, mini: false };
        let text = tables(&Host::default(), view);
        assert!(text.contains("0% of 0 processors") && !text.contains("swap"), "{text}");
    }
}
