//! The lower part: logs, plots, details or events, and plots beside it where there is room.

use super::layout::{Areas, tabs};
use super::list::fit;
use super::units::{delay, number, percent, size};
use super::{Theme, chart};
use crate::details;
use crate::logs::Line as LogLine;
use crate::model::{Model, Tab};
use crate::rows::Key;
use crate::text::{plain, spans};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use rpm_proto::{Happening, Level, Metric, Subject};

/// Columns of the names of details.
const NAMES: usize = 16;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, areas: &Areas) {
    titles(model, theme, frame, areas);
    let lines = match model.shown_tab() {
        Tab::Logs => log_lines(model, theme, areas.pane),
        Tab::Trends => plots(model, theme, areas.pane),
        Tab::Details => detail_lines(model, theme, areas.pane),
        Tab::Events => event_lines(model, theme, areas.pane),
    };
    frame.render_widget(Paragraph::new(lines), areas.pane);
    if let Some(side) = areas.side {
        frame.render_widget(Paragraph::new(plots(model, theme, side)), side);
    }
}

/// The names of the tabs in a rule, and what is said of the one that is shown.
fn titles(model: &Model, theme: Theme, frame: &mut Frame<'_>, areas: &Areas) {
    let rule = theme.pick("─", "-");
    let mut line = vec![Span::styled(rule, theme.dim())];
    let shown = model.shown_tab();
    for (tab, _, _) in tabs(areas) {
        let style = if tab == shown { theme.selected() } else { theme.heading() };
        line.push(Span::styled(format!(" {} ", tab.name()), style));
        line.push(Span::styled(rule, theme.dim()));
    }
    let said = said(model, shown, theme);
    let used: usize = line.iter().map(Span::width).sum();
    let room = usize::from(areas.tabs.width).saturating_sub(used + 2);
    let said = fit(&said, room.min(Span::raw(&*said).width()), false);
    let rest = room - Span::raw(&*said).width();
    line.push(Span::styled(format!(" {said} "), theme.strong()));
    line.push(Span::styled(rule.repeat(rest), theme.dim()));
    frame.render_widget(Paragraph::new(Line::from(line)), areas.tabs);
}

fn said(model: &Model, tab: Tab, theme: Theme) -> String {
    let name = model.row().map(|(_, row)| match row.key {
        Key::App(_) => plain(row.name()),
        Key::Instance(id) => format!("{} ({id})", plain(row.name())),
    });
    let mut said = name.unwrap_or_default();
    if tab != Tab::Logs {
        return said;
    }
    let logs = &model.logs;
    let dot = theme.pick(" · ", " | ");
    let mut add = |text: String| {
        said.push_str(dot);
        said.push_str(&text);
    };
    if let Some(level) = logs.level {
        add(format!("{level} and graver"));
    }
    if !logs.search.is_empty() {
        add(format!("{} with `{}`", logs.found(), plain(&logs.search)));
    }
    if logs.back.is_some() {
        add(format!("held, {} new", logs.unseen));
    }
    if logs.missed > 0 {
        add(format!("{} left out", logs.missed));
    }
    said
}

fn log_lines(model: &Model, theme: Theme, area: Rect) -> Vec<Line<'static>> {
    let many = model.row().is_some_and(|(_, row)| row.members.len() > 1);
    let visible = model.logs.visible(usize::from(area.height));
    if visible.is_empty() {
        let text = if model.logs.level.is_some() { "no such line yet" } else { "no lines yet" };
        return vec![Line::styled(text, theme.dim())];
    }
    visible.into_iter().map(|line| log_line(model, line, theme, many)).collect()
}

fn log_line(model: &Model, line: &LogLine, theme: Theme, many: bool) -> Line<'static> {
    let base = theme.level(line.level);
    let mut parts = spans(&line.bytes, base, theme.colours);
    if !model.logs.search.is_empty() {
        parts = mark(parts, &model.logs.search, theme.found());
    }
    let mut parts = cut(parts, model.logs.left);
    if many {
        parts.insert(0, Span::styled(format!("{:>3} ", line.proc), theme.heading()));
    }
    Line::from(parts)
}

/// Leaves out so many letters on the left.
fn cut(parts: Vec<Span<'static>>, mut left: usize) -> Vec<Span<'static>> {
    if left == 0 {
        return parts;
    }
    let mut kept = Vec::new();
    for part in parts {
        let count = part.content.chars().count();
        if count > left {
            let rest: String = part.content.chars().skip(left).collect();
            kept.push(Span::styled(rest, part.style));
        }
        left = left.saturating_sub(count);
    }
    kept
}

/// Marks a text in spans, in any case of ASCII letters. One that stands across two is not marked.
fn mark(parts: Vec<Span<'static>>, text: &str, style: Style) -> Vec<Span<'static>> {
    let wanted = text.to_ascii_lowercase();
    let mut marked = Vec::new();
    for part in parts {
        let lower = part.content.to_ascii_lowercase();
        let mut from = 0;
        while let Some(found) = lower[from..].find(&wanted) {
            let (start, end) = (from + found, from + found + wanted.len());
            marked.push(Span::styled(part.content[from..start].to_owned(), part.style));
            marked.push(Span::styled(part.content[start..end].to_owned(), style));
            from = end;
        }
        marked.push(Span::styled(part.content[from..].to_owned(), part.style));
    }
    marked
}

/// A metric, its name, what its plot shows at least, and how a value is shown.
type Plot = (Metric, &'static str, f32, fn(f32) -> String);

/// Plots of what is selected, one above the other.
fn plots(model: &Model, theme: Theme, area: Rect) -> Vec<Line<'static>> {
    let Some((_, row)) = model.row() else {
        return Vec::new();
    };
    let subject = match &row.key {
        Key::App(name) => Subject::App { name: name.clone() },
        Key::Instance(id) => Subject::Process { id: *id },
    };
    let width = usize::from(area.width);
    let all: [Plot; 4] = [
        (Metric::Cpu, "cpu", 10.0, percent),
        (Metric::Memory, "memory", 1024.0 * 1024.0, |bytes| size(whole(bytes))),
        (Metric::Requests, "requests/s", 1.0, |value| number(f64::from(value))),
        (Metric::EventLoop, "event loop", 1.0, |value| delay(f64::from(value))),
    ];
    let told: Vec<_> = all
        .into_iter()
        .enumerate()
        .map(|(number, plot)| (number, plot, model.trends.last(&subject, plot.0, width)))
        .filter(|(_, _, values)| values.iter().any(Option::is_some))
        .collect();
    let count = told.len().max(1);
    let height = (usize::from(area.height) / count).saturating_sub(1).clamp(1, 8);
    let mut lines = Vec::new();
    for (number, (_, name, least, shown), values) in told {
        let last = values.iter().rev().flatten().next().copied().unwrap_or(0.0);
        let top = chart::top(&values, least);
        let style = theme.plot(number);
        let minutes = width * 2 / 60;
        lines.push(Line::from(vec![
            Span::styled(name, theme.heading()),
            Span::raw(" "),
            Span::styled(shown(last), style.patch(theme.strong())),
            Span::styled(format!("  {minutes} min, up to {}", shown(top)), theme.dim()),
        ]));
        lines.extend(chart::plot(&values, (width, height), least, style, theme));
    }
    lines
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bytes are no less than 0, and a cast keeps within bounds"
)]
fn whole(bytes: f32) -> u64 {
    bytes as u64
}

fn detail_lines(model: &Model, theme: Theme, area: Rect) -> Vec<Line<'static>> {
    let lines = details::lines(model);
    let shown = lines.into_iter().skip(model.scrolled).take(usize::from(area.height));
    let shown = shown.map(|line| match line {
        details::Line::Head(text) => Line::styled(text, theme.heading().patch(theme.strong())),
        details::Line::Pair(name, value) => Line::from(vec![
            Span::styled(fit(&name, NAMES.max(name.len() + 1), false), theme.dim()),
            Span::raw(value),
        ]),
        details::Line::Bad(text) => Line::styled(text, theme.bad()),
        details::Line::Text(text) => Line::from(format!("    {text}")),
    });
    shown.collect()
}

/// What happened, the newest first.
fn event_lines(model: &Model, theme: Theme, area: Rect) -> Vec<Line<'static>> {
    let selected = model.row().map(|(_, row)| row.name().to_owned());
    let newest = model.happenings.iter().rev().skip(model.scrolled);
    let zone = model.zone.clone().unwrap_or(TimeZone::UTC);
    let lines = newest.take(usize::from(area.height)).map(|it| {
        event_line(it, theme, &zone, selected.as_ref().is_some_and(|app| it.concerns(app)))
    });
    let lines: Vec<Line<'static>> = lines.collect();
    if lines.is_empty() {
        vec![Line::styled("nothing has happened yet", theme.dim())]
    } else {
        lines
    }
}

fn event_line(it: &Happening, theme: Theme, zone: &TimeZone, is_selected: bool) -> Line<'static> {
    let time = Timestamp::from_millisecond(it.at).unwrap_or(Timestamp::UNIX_EPOCH);
    let time = time.to_zoned_datetime(zone.clone());
    let (date, clock) = (time.date(), time.time());
    let stamp = format!(
        "{:02}-{:02} {:02}:{:02}:{:02} ",
        date.month(),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    );
    let style = match it.level {
        Level::Info => Style::new(),
        Level::Warn => theme.warn(),
        Level::Error => theme.bad(),
    };
    let style = if is_selected { style.patch(theme.strong()) } else { style };
    Line::from(vec![
        Span::styled(stamp, theme.dim()),
        Span::styled(fit(&plain(&it.kind), 15, false), theme.heading()),
        Span::styled(plain(&it.text), style),
    ])
}
