//! Tables keep to their width.

use super::*;
use proptest::prelude::*;

const PLAIN: Paint = Paint { on: false };

fn table(rows: &[[&str; 2]]) -> Table {
    Table {
        columns: vec![Column::whole("id"), Column::cut("name", 4)],
        rows: rows.iter().map(|row| row.iter().copied().map(Cell::new).collect()).collect(),
        headed: true,
    }
}

#[test]
fn a_table_is_drawn_as_pm2_draws_it() {
    let table = table(&[["0", "api-gateway"], ["11", "日本"]]);
    insta::assert_snapshot!(table.draw(None, PLAIN), @r"
    ┌────┬─────────────┐
    │ id │ name        │
    ├────┼─────────────┤
    │ 0  │ api-gateway │
    │ 11 │ 日本        │
    └────┴─────────────┘
    ");
    insta::assert_snapshot!(table.draw(Some(15), PLAIN), @r"
    ┌────┬────────┐
    │ id │ name   │
    ├────┼────────┤
    │ 0  │ api-g… │
    │ 11 │ 日本   │
    └────┴────────┘
    ");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = table(&[["0", "a\x1b[2Jb\n"]]).draw(None, PLAIN);
    assert!(text.contains("a·[2Jb·"), "{text}");
}

#[test]
fn colour_takes_no_room() {
    let mut table = table(&[["0", "api"]]);
    table.rows[0][1].style = HEADING;
    let painted = table.draw(None, Paint { on: true });
    let plain = table.draw(None, PLAIN);
    assert_ne!(painted, plain);
    let bare = painted.replace(&format!("{HEADING}"), "").replace(&format!("{HEADING:#}"), "");
    assert_eq!(bare, plain);
}

proptest! {
    #[test]
    fn no_line_is_wider_than_asked(
        rows in proptest::collection::vec(("\\PC{0,12}", "\\PC{0,40}"), 0..5),
        width in 0_usize..60,
    ) {
        let rows: Vec<[&str; 2]> = rows.iter().map(|(id, name)| [&**id, &**name]).collect();
        let table = table(&rows);
        let text = table.draw(Some(width), PLAIN);
        let drawn: Vec<usize> = text.lines().map(UnicodeWidthStr::width).collect();
        // With no column left, two corners remain.
        prop_assert!(drawn.iter().all(|drawn| *drawn <= width.max(2)), "{text}");
        prop_assert_eq!(text.lines().count(), rows.len() + 4);
        if frame(&table.natural()) <= width {
            prop_assert_eq!(text, table.draw(None, PLAIN));
        }
    }
}
