//! The list of apps and instances.

use super::units::{delay, duration, number, percent, size};
use super::{Theme, chart};
use crate::model::Model;
use crate::rows::{Key, Row, Sort};
use crate::text::plain;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use rpm_core::Status;
use rpm_proto::{Metric, Subject};
use unicode_width::UnicodeWidthStr;

/// A column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Name,
    Id,
    Namespace,
    Status,
    Cpu,
    CpuTrend,
    Memory,
    MemoryTrend,
    Restarts,
    Uptime,
    EventLoop,
    Requests,
    Pid,
}

/// The columns from left to right, each with its width and the width of the terminal from which on
/// it is shown. The name takes what is left.
const COLUMNS: [(Column, usize, u16); 13] = [
    (Column::Id, 4, 0),
    (Column::Name, 0, 0),
    (Column::Namespace, 12, 150),
    (Column::Status, 10, 0),
    (Column::Cpu, 7, 0),
    (Column::CpuTrend, TREND_MIN, 100),
    (Column::Memory, 7, 0),
    (Column::MemoryTrend, TREND_MIN, 130),
    (Column::Restarts, 5, 54),
    (Column::Uptime, 8, 60),
    (Column::EventLoop, 7, 78),
    (Column::Requests, 7, 70),
    (Column::Pid, 8, 130),
];
/// Columns of the name of an app at least.
const NAME_MIN: usize = 8;
/// Columns of a plot at least, and at most.
const TREND_MIN: usize = 16;
const TREND_MAX: usize = 48;
/// Percent that a plot of the CPU shows as full at least.
const CPU_LEAST: f32 = 10.0;
/// Bytes that a plot of memory shows as full at least.
const MEMORY_LEAST: f32 = 16.0 * 1024.0 * 1024.0;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let columns = columns(model, area.width);
    let mut lines = vec![heading(model, theme, &columns)];
    let height = usize::from(area.height).saturating_sub(1);
    let selected = model.row().map(|(at, _)| at);
    for (at, row) in model.rows().iter().enumerate().skip(model.top).take(height) {
        let is_selected = selected == Some(at);
        lines.push(of_row(model, row, theme, &columns, is_selected));
    }
    if model.seen.is_some() && lines.len() == 1 {
        let why = if model.shape.filter.is_empty() {
            "nothing runs: `rpm start app.js` starts something".to_owned()
        } else {
            format!("no app's name or namespace has `{}`", plain(&model.shape.filter))
        };
        lines.push(Line::styled(format!("     {why}"), theme.dim()));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

impl Column {
    fn is_trend(self) -> bool {
        matches!(self, Self::CpuTrend | Self::MemoryTrend)
    }
}

/// Columns that the longest name needs, with what stands before and behind it.
fn longest_name(model: &Model) -> usize {
    let rows = model.rows();
    let widths = rows.iter().map(|row| row.name().width() + row.members.len().to_string().len());
    widths.max().unwrap_or(0).max(NAME_MIN) + 5
}

/// The columns and their widths. What no app tells needs none.
fn columns(model: &Model, width: u16) -> Vec<(Column, usize)> {
    let processes = model.seen.iter().flat_map(|seen| &seen.processes);
    let figures = processes.map(|it| it.figures);
    let (mut tells_loop, mut tells_requests) = (false, false);
    for it in figures {
        tells_loop |= it.event_loop_ms.is_some();
        tells_requests |= it.requests_per_s.is_some();
    }
    let mut shown = Vec::new();
    for (column, room, from) in COLUMNS {
        let is_told = match column {
            Column::EventLoop => tells_loop,
            Column::Requests => tells_requests,
            _ => true,
        };
        if width >= from && is_told {
            shown.push((column, room));
        }
    }
    let fixed: usize = shown.iter().map(|(_, room)| room + 1).sum();
    let left = usize::from(width).saturating_sub(fixed).max(NAME_MIN);
    let trends = shown.iter().filter(|(column, _)| column.is_trend()).count();
    // Names have what the longest needs, and plots the rest.
    let name = if trends == 0 { left } else { left.min(longest_name(model)) };
    let more = (left - name).checked_div(trends).unwrap_or(0).min(TREND_MAX - TREND_MIN);
    let name = left - more * trends;
    for (column, room) in &mut shown {
        if *column == Column::Name {
            *room = name;
        } else if column.is_trend() {
            *room += more;
        }
    }
    shown
}

fn heading(model: &Model, theme: Theme, columns: &[(Column, usize)]) -> Line<'static> {
    let sorted = match (model.shape.sort, model.shape.reverse) {
        (_, false) => theme.pick("▾", "v"),
        (_, true) => theme.pick("▴", "^"),
    };
    let mut spans = Vec::new();
    for &(column, room) in columns {
        let (text, sort) = match column {
            Column::Id => ("id", Some(Sort::Id)),
            Column::Name => ("app", Some(Sort::Name)),
            Column::Namespace => ("namespace", None),
            Column::Status => ("status", Some(Sort::Status)),
            Column::Cpu => ("cpu", Some(Sort::Cpu)),
            Column::Memory => ("mem", Some(Sort::Memory)),
            Column::CpuTrend | Column::MemoryTrend => ("", None),
            Column::Restarts => (theme.pick("↺", "rst"), Some(Sort::Restarts)),
            Column::Uptime => ("uptime", Some(Sort::Uptime)),
            Column::EventLoop => ("loop", None),
            Column::Requests => ("req/s", None),
            Column::Pid => ("pid", None),
        };
        let is_sorted = sort == Some(model.shape.sort);
        let text = if is_sorted { format!("{text}{sorted}") } else { text.to_owned() };
        spans.push(Span::styled(fit(&text, room, is_right(column)), theme.heading()));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

fn is_right(column: Column) -> bool {
    !matches!(
        column,
        Column::Name | Column::Namespace | Column::Status | Column::CpuTrend | Column::MemoryTrend
    )
}

fn of_row(
    model: &Model,
    row: &Row<'_>,
    theme: Theme,
    columns: &[(Column, usize)],
    is_selected: bool,
) -> Line<'static> {
    let mut spans = Vec::new();
    for &(column, room) in columns {
        let (text, style) = cell(model, row, column, room, theme);
        let style = if is_selected { theme.selected() } else { style };
        spans.push(Span::styled(fit(&text, room, is_right(column)), style));
        spans.push(Span::styled(" ", if is_selected { theme.selected() } else { Style::new() }));
    }
    Line::from(spans)
}

fn cell(
    model: &Model,
    row: &Row<'_>,
    column: Column,
    room: usize,
    theme: Theme,
) -> (String, Style) {
    let status = row.status().unwrap_or(Status::Stopped);
    let runs = row.members.iter().any(|it| it.view.pid > 0);
    let quiet = if runs { Style::new() } else { theme.dim() };
    let first = row.members.first().map(|it| &it.view);
    let subject = || match &row.key {
        Key::App(name) => Subject::App { name: name.clone() },
        Key::Instance(id) => Subject::Process { id: *id },
    };
    let trend = |metric, least| {
        let values = model.trends.last(&subject(), metric, room);
        chart::spark(&values, room, least, theme)
    };
    let only = row.open.is_none();
    match column {
        Column::Id if only => (first.map_or_else(String::new, |it| it.id.to_string()), theme.dim()),
        Column::Pid if only && runs => {
            (first.map_or_else(String::new, |it| it.pid.to_string()), theme.dim())
        }
        Column::Id | Column::Pid => (String::new(), quiet),
        Column::Name => (app_name(row, theme), if only { quiet } else { theme.strong() }),
        Column::Namespace => {
            (first.map_or_else(String::new, |it| plain(&it.namespace)), theme.dim())
        }
        Column::Status => (format!("{} {status}", theme.sign(status)), theme.status(status)),
        Column::Cpu => (percent(row.cpu()), busy(row.cpu(), quiet, theme)),
        Column::CpuTrend => (trend(Metric::Cpu, CPU_LEAST), theme.plot(0)),
        Column::Memory => (size(row.memory()), quiet),
        Column::MemoryTrend => (trend(Metric::Memory, MEMORY_LEAST), theme.plot(1)),
        Column::Restarts if row.restarts() == 0 => ("0".to_owned(), theme.dim()),
        Column::Restarts => (row.restarts().to_string(), theme.warn()),
        Column::Uptime => {
            let up = row.started_at().map(|at| duration(model.now - at));
            (up.unwrap_or_else(|| "-".to_owned()), quiet)
        }
        Column::EventLoop => match row.event_loop() {
            Some(ms) => (delay(ms), if ms > 100.0 { theme.bad() } else { quiet }),
            None => (String::new(), quiet),
        },
        Column::Requests => (row.requests().map(number).unwrap_or_default(), quiet),
    }
}

fn busy(cpu: f32, usual: Style, theme: Theme) -> Style {
    match cpu {
        90.0.. => theme.bad(),
        60.0.. => theme.warn(),
        _ => usual,
    }
}

fn app_name(row: &Row<'_>, theme: Theme) -> String {
    let name = plain(row.name());
    match (&row.key, row.open) {
        (Key::App(_), Some(open)) => {
            let sign = if open { theme.pick("▾", "-") } else { theme.pick("▸", "+") };
            format!("{sign} {name} {}{}", theme.pick("×", "x"), row.members.len())
        }
        (Key::App(_), None) => format!("  {name}"),
        (Key::Instance(_), _) => {
            let slot = row.members.first().map_or(0, |it| it.view.slot);
            format!("  {} {slot}", theme.pick("╰", "`"))
        }
    }
}

/// The text in just this many columns.
pub(super) fn fit(text: &str, room: usize, right: bool) -> String {
    let mut shown = String::new();
    let mut width = 0;
    for letter in text.chars() {
        let wide = unicode_width::UnicodeWidthChar::width(letter).unwrap_or(0);
        if width + wide > room {
            break;
        }
        shown.push(letter);
        width += wide;
    }
    let fill = " ".repeat(room - shown.width());
    if right { fill + &shown } else { shown + &fill }
}
