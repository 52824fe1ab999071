//! The table of processes at several widths.

use super::*;
use unicode_width::UnicodeWidthStr;

const NOW: i64 = 1_790_000_000_000;

pub(crate) fn view(id: u32, name: &str) -> ProcessView {
    ProcessView {
        id,
        name: name.to_owned(),
        namespace: "default".to_owned(),
        version: "1.0.0".to_owned(),
        mode: ExecMode::Fork,
        slot: 0,
        status: Status::Online,
        pid: 4000 + id,
        restarts: id,
        unstable: 0,
        created_at: NOW - 400_000,
        started_at: NOW - 400_000,
        cpu: 0.3,
        memory: 54_211_379,
        last_exit: None,
        error: None,
        user: "shop".to_owned(),
        watching: false,
        module: false,
    }
}

/// The founding case: four workers of a gateway, one of them coming up, and a stopped service.
pub(crate) fn founding() -> Vec<ProcessView> {
    let mut rows: Vec<ProcessView> = (0..4)
        .map(|slot| ProcessView { mode: ExecMode::Cluster, slot, ..view(slot, "api-gateway") })
        .collect();
    rows[3].status = Status::Launching;
    rows.push(ProcessView {
        status: Status::Stopped,
        pid: 0,
        cpu: 0.0,
        memory: 0,
        ..view(4, "billing-service")
    });
    rows
}

fn at(width: Option<usize>) -> String {
    draw(&founding(), View { now: NOW, width, paint: Paint { on: false }, mini: false })
}

#[test]
fn the_layout_follows_the_width() {
    insta::assert_snapshot!("list-200", at(Some(200)));
    insta::assert_snapshot!("list-80", at(Some(80)));
    insta::assert_snapshot!("list-40", at(Some(40)));
    assert_eq!(at(None), at(Some(200)));
}

#[test]
fn no_width_is_too_small() {
    for width in 2..130 {
        let text = at(Some(width));
        assert!(text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
    }
}

#[test]
fn an_empty_table_shows_its_columns() {
    let view = View { now: NOW, width: None, paint: Paint { on: false }, mini: true };
    insta::assert_snapshot!(draw(&[], view), @r"
    ┌────┬──────┬────────┬─────┬─────┐
    │ id │ name │ status │ cpu │ mem │
    ├────┼──────┼────────┼─────┼─────┤
    └────┴──────┴────────┴─────┴─────┘
    ");
}
