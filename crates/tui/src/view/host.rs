//! The first line: the machine.

use super::units::{duration, percent, rate, size};
use super::{Theme, chart};
use crate::model::Model;
use crate::text::plain;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use rpm_proto::{Host, Metric, Subject};

/// Columns of the plot of the CPU.
const PLOT: usize = 20;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut spans = vec![Span::styled(" rpm ", theme.selected()), Span::raw(" ")];
    match (&model.seen, &model.away) {
        (_, Some(why)) => {
            spans.push(Span::styled(
                format!("no daemon: {}; trying again", plain(why)),
                theme.bad(),
            ));
        }
        (None, None) => spans.push(Span::styled("asking the daemon …", theme.dim())),
        (Some(seen), None) => spans.extend(parts(model, &seen.host, theme, area.width)),
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

/// As many parts as there is room for, the most telling first.
fn parts(model: &Model, host: &Host, theme: Theme, width: u16) -> Vec<Span<'static>> {
    let mut parts = vec![cpu(model, host, theme, width), memory(host, theme), load(host, theme)];
    let disk = host
        .disks
        .iter()
        .max_by(|a, b| used(a.total, a.available).total_cmp(&used(b.total, b.available)));
    if let Some(disk) = disk {
        let share = used(disk.total, disk.available);
        let text = format!("{} {:.0}%", plain(&disk.mount), share * 100.0);
        parts
            .push(vec![Span::styled("disk ", theme.dim()), Span::styled(text, theme.share(share))]);
    }
    let (received, sent) = host.networks.iter().fold((0.0, 0.0), |(received, sent), it| {
        (received + it.received_per_s, sent + it.sent_per_s)
    });
    let (down, up) = (theme.pick("↓", "in "), theme.pick("↑", "out "));
    parts.push(vec![
        Span::styled("net ", theme.dim()),
        Span::raw(format!("{down}{} {up}{}", rate(received), rate(sent))),
    ]);
    if host.swap_total > host.swap_free {
        let text = size(host.swap_total - host.swap_free);
        parts.push(vec![Span::styled("swap ", theme.dim()), Span::raw(text)]);
    }
    let uptime = i64::try_from(host.uptime_s).unwrap_or(0).saturating_mul(1000);
    parts.push(vec![Span::styled("up ", theme.dim()), Span::raw(duration(uptime))]);
    parts.push(vec![Span::raw(plain(&host.hostname))]);
    let mut left = usize::from(width).saturating_sub(6);
    let mut shown = Vec::new();
    for part in parts {
        let needed = part.iter().map(Span::width).sum::<usize>() + 2;
        if needed > left + 2 {
            break;
        }
        left = left.saturating_sub(needed);
        shown.extend(part);
        shown.push(Span::raw("  "));
    }
    shown
}

fn cpu(model: &Model, host: &Host, theme: Theme, width: u16) -> Vec<Span<'static>> {
    let style = theme.share(f64::from(host.cpu) / 100.0);
    let mut spans = vec![
        Span::styled("cpu ", theme.dim()),
        Span::styled(format!("{:>5}", percent(host.cpu)), style),
    ];
    if width >= 100 {
        let values = model.trends.last(&Subject::Host, Metric::Cpu, PLOT);
        spans.push(Span::raw(" "));
        spans.push(Span::styled(chart::spark(&values, PLOT, 100.0, theme), style));
    }
    spans
}

fn memory(host: &Host, theme: Theme) -> Vec<Span<'static>> {
    // What the group may use is what there is.
    let (taken, total) = match &host.cgroup {
        Some(limits) if limits.memory_max.is_some_and(|max| max < host.memory_total) => {
            (limits.memory, limits.memory_max.unwrap_or(host.memory_total))
        }
        _ => (host.memory_total.saturating_sub(host.memory_available), host.memory_total),
    };
    let share = used(total, total.saturating_sub(taken));
    vec![
        Span::styled("mem ", theme.dim()),
        Span::styled(size(taken), theme.share(share)),
        Span::styled(format!("/{}", size(total)), theme.dim()),
    ]
}

fn load(host: &Host, theme: Theme) -> Vec<Span<'static>> {
    let [one, five, fifteen] = host.load;
    let share = one / f64::from(host.cpus.max(1)) * 0.75;
    vec![
        Span::styled("load ", theme.dim()),
        Span::styled(format!("{one:.2}"), theme.share(share)),
        Span::styled(format!(" {five:.2} {fifteen:.2}"), theme.dim()),
    ]
}

/// The share that is used.
#[expect(clippy::cast_precision_loss, reason = "a share in percent")]
fn used(total: u64, available: u64) -> f64 {
    if total == 0 { 0.0 } else { total.saturating_sub(available) as f64 / total as f64 }
}
