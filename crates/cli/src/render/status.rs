//! The table of `status`: one row an app.

use super::processes::{View, mode};
use super::style;
use super::table::{Cell, Column, Table};
use super::units;
use anstyle::Style;
use rpm_core::Status;
use rpm_core::spec::ExecMode;
use rpm_proto::ProcessView;
use serde::Serialize;

/// One app: its instances taken together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct App {
    /// Ids of its instances.
    pub(crate) ids: Vec<u32>,
    /// Its name.
    pub(crate) name: String,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Fork or cluster.
    pub(crate) mode: ExecMode,
    /// `online`, or `3/4 online` where not all are.
    pub(crate) status: String,
    /// How many instances it has.
    pub(crate) instances: usize,
    /// How many of them are online.
    pub(crate) online: usize,
    /// Percent of one core, of all together.
    pub(crate) cpu: f32,
    /// Bytes, of all together.
    pub(crate) memory: u64,
    /// Restarts, of all together.
    pub(crate) restarts: u32,
    /// When the one that has been up for longest was started, ms since 1970; 0 when none is up.
    pub(crate) started_at: i64,
    #[serde(skip)]
    style: Style,
}

/// The apps of these processes, in their order.
pub(crate) fn group(rows: &[ProcessView]) -> Vec<App> {
    let mut apps: indexmap::IndexMap<&str, Vec<&ProcessView>> = indexmap::IndexMap::new();
    for row in rows {
        apps.entry(&row.name).or_default().push(row);
    }
    apps.into_values().filter_map(|rows| app(&rows)).collect()
}

fn app(rows: &[&ProcessView]) -> Option<App> {
    let first = rows.first()?;
    let up = || rows.iter().filter(|row| row.status == Status::Online);
    let mut ids: Vec<u32> = rows.iter().map(|row| row.id).collect();
    ids.sort_unstable();
    let online = up().count();
    let (status, style) = status(rows, online, first.status);
    Some(App {
        ids,
        name: first.name.clone(),
        namespace: first.namespace.clone(),
        mode: first.mode,
        status,
        instances: rows.len(),
        online,
        cpu: rows.iter().map(|row| row.cpu).sum(),
        memory: rows.iter().map(|row| row.memory).fold(0, u64::saturating_add),
        restarts: rows.iter().map(|row| row.restarts).fold(0, u32::saturating_add),
        started_at: up().map(|row| row.started_at).min().unwrap_or(0),
        style,
    })
}

/// One word where all instances agree; else how many are online, and the colour of the worst.
fn status(rows: &[&ProcessView], online: usize, first: Status) -> (String, Style) {
    if rows.iter().all(|row| row.status == first) {
        return (first.to_string(), style::of_status(first));
    }
    let settled = |row: &&ProcessView| matches!(row.status, Status::Online | Status::Launching);
    let worst = if rows.iter().all(settled) { Status::Launching } else { Status::Errored };
    (format!("{online}/{} online", rows.len()), style::of_status(worst))
}

/// What is asked for first is kept longest.
const LAYOUTS: [&[&str]; 5] = [
    &["id", "name", "mode", "status", "instances", "cpu", "memory", "↺", "uptime"],
    &["id", "name", "mode", "status", "instances", "cpu", "memory", "↺"],
    &["id", "name", "mode", "status", "instances", "cpu", "memory"],
    MINI,
    &["id", "name", "status", "cpu"],
];
const MINI: &[&str] = &["id", "name", "mode", "status", "instances", "cpu"];

/// The table of these apps, in the widest layout that fits.
pub(crate) fn draw(apps: &[App], view: View) -> String {
    let layouts = LAYOUTS.into_iter().skip_while(|layout| view.mini && *layout != MINI);
    let mut last = None;
    for layout in layouts {
        let table = table(apps, layout, view.now);
        let fits = table.fits(view.width);
        last = Some(table);
        if fits {
            break;
        }
    }
    last.map(|table| table.draw(view.width, view.paint)).unwrap_or_default()
}

fn table(apps: &[App], layout: &[&'static str], now: i64) -> Table {
    let column = |name: &&'static str| match *name {
        "id" => Column::cut(name, 3),
        "name" => Column::cut(name, 8),
        name => Column::whole(name),
    };
    let cells = |app| layout.iter().map(|column| cell(app, column, now)).collect();
    Table {
        columns: layout.iter().map(column).collect(),
        rows: apps.iter().map(cells).collect(),
        headed: true,
    }
}

fn cell(app: &App, column: &str, now: i64) -> Cell {
    match column {
        "id" => Cell::styled(units::ranges(&app.ids), style::HEADING),
        "name" => Cell::new(&*app.name),
        "mode" => Cell::new(mode(app.mode)),
        "status" => Cell::styled(&*app.status, app.style),
        "instances" => Cell::new(app.instances.to_string()),
        "cpu" => Cell::new(units::percent(app.cpu)),
        "memory" => Cell::new(units::size(app.memory)),
        "↺" => Cell::new(app.restarts.to_string()),
        _ => Cell::new(units::uptime(app.online > 0, app.started_at, now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::processes::tests::founding;
    use crate::render::style::Paint;
    use unicode_width::UnicodeWidthStr;

    fn at(width: Option<usize>) -> String {
        let view = View { now: 1_790_000_000_000, width, paint: Paint { on: false }, mini: false };
        draw(&group(&founding()), view)
    }

    #[test]
    fn an_app_is_one_row() {
        insta::assert_snapshot!("status-200", at(Some(200)));
        insta::assert_snapshot!("status-80", at(Some(80)));
        insta::assert_snapshot!("status-40", at(Some(40)));
        for width in 2..120 {
            assert!(at(Some(width)).lines().all(|line| line.width() <= width), "{width}");
        }
    }

    #[test]
    fn instances_are_counted_together() {
        let apps = group(&founding());
        assert_eq!(apps.len(), 2);
        assert_eq!((apps[0].instances, apps[0].online, apps[0].restarts), (4, 3, 6));
        assert_eq!(apps[0].memory, 4 * 54_211_379);
        assert_eq!((&*apps[0].status, &*apps[1].status), ("3/4 online", "stopped"));
        assert_eq!(apps[1].started_at, 0);
    }
}
