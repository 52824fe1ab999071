//! The table of `list`: one row a process.

use super::style::{self, Paint};
use super::table::{Cell, Column, Table};
use super::units;
use rpm_core::Status;
use rpm_core::spec::ExecMode;
use rpm_proto::ProcessView;

/// How much of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// All columns.
    Full,
    /// What matters while working.
    Condensed,
    /// The least.
    Mini,
}

/// How a table is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// The time, ms since 1970.
    pub(crate) now: i64,
    /// Columns there are; `None` where there is no limit.
    pub(crate) width: Option<usize>,
    /// Colours.
    pub(crate) paint: Paint,
    /// The least is enough.
    pub(crate) mini: bool,
}

/// The table of these processes, in the widest layout that fits.
pub(crate) fn draw(rows: &[ProcessView], view: View) -> String {
    let layouts: &[Layout] =
        if view.mini { &[Layout::Mini] } else { &[Layout::Full, Layout::Condensed, Layout::Mini] };
    let tables = layouts.iter().map(|layout| table(rows, *layout, view.now));
    let mut last = None;
    for table in tables {
        let fits = table.fits(view.width);
        last = Some(table);
        if fits {
            break;
        }
    }
    last.map(|table| table.draw(view.width, view.paint)).unwrap_or_default()
}

/// PM2's word for a mode in tables.
pub(crate) fn mode(mode: ExecMode) -> &'static str {
    match mode {
        ExecMode::Fork => "fork",
        ExecMode::Cluster => "cluster",
    }
}

fn table(rows: &[ProcessView], layout: Layout, now: i64) -> Table {
    const NAME: Column = Column::cut("name", 12);
    let columns = match layout {
        Layout::Full => vec![
            Column::whole("id"),
            NAME,
            Column::cut("namespace", 9),
            Column::cut("version", 7),
            Column::whole("mode"),
            Column::whole("pid"),
            Column::whole("uptime"),
            Column::whole("↺"),
            Column::whole("status"),
            Column::whole("cpu"),
            Column::whole("mem"),
            Column::cut("user", 8),
            Column::whole("watching"),
        ],
        Layout::Condensed => ["id", "name", "mode", "↺", "status", "cpu", "memory"]
            .map(|name| if name == "name" { NAME } else { Column::whole(name) })
            .to_vec(),
        Layout::Mini => ["id", "name", "status", "cpu", "mem"]
            .map(|name| if name == "name" { Column::cut(name, 4) } else { Column::whole(name) })
            .to_vec(),
    };
    let rows = rows
        .iter()
        .map(|row| columns.iter().map(|column| cell(row, column.name, now)).collect())
        .collect();
    Table { columns, rows, headed: true }
}

fn cell(row: &ProcessView, column: &str, now: i64) -> Cell {
    let is_up = row.status == Status::Online;
    match column {
        "id" => Cell::styled(row.id.to_string(), style::HEADING),
        "name" => Cell::new(&*row.name),
        "namespace" => Cell::new(&*row.namespace),
        "version" => Cell::new(&*row.version),
        "mode" => Cell::new(mode(row.mode)),
        "pid" => Cell::new(row.pid.to_string()),
        "uptime" => Cell::new(units::uptime(is_up, row.started_at, now)),
        "↺" => Cell::new(row.restarts.to_string()),
        "status" => Cell::styled(row.status.to_string(), style::of_status(row.status)),
        "cpu" => Cell::new(units::percent(row.cpu)),
        "mem" | "memory" => Cell::new(units::size(row.memory)),
        "user" => Cell::new(&*row.user),
        _ => Cell::new(if row.watching { "enabled" } else { "disabled" }),
    }
}

#[cfg(test)]
pub(crate) mod tests;
