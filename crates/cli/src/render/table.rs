//! Tables as PM2 draws them, never wider than they may be.

use super::style::{HEADING, Paint};
use anstyle::Style;
use unicode_width::UnicodeWidthStr;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

/// A column: its name, and how narrow it may become.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: &'static str,
    /// So many characters of its cells are kept when room is short.
    pub(crate) least: usize,
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Its columns; `None` draws no heading.
    pub(crate) columns: Vec<Column>,
    /// Its rows, each with a cell for each column.
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Whether the names of the columns are shown.
    pub(crate) headed: bool,
}

impl Cell {
    /// A plain cell.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: plain(&text.into()), style: Style::new() }
    }

    /// A cell in a style.
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { style, ..Self::new(text) }
    }
}

impl Column {
    /// A column whose cells are never cut.
    pub(crate) const fn whole(name: &'static str) -> Self {
        Self { name, least: usize::MAX }
    }

    /// A column whose cells may be cut to `least` characters.
    pub(crate) const fn cut(name: &'static str, least: usize) -> Self {
        Self { name, least }
    }
}

impl Table {
    /// Whether it can be drawn in `width` columns without cutting what should stay whole.
    pub(crate) fn fits(&self, width: Option<usize>) -> bool {
        let Some(width) = width else { return true };
        frame(&self.least()) <= width
    }

    /// The table as text; where there is a `width`, no line is wider.
    pub(crate) fn draw(&self, width: Option<usize>, paint: Paint) -> String {
        let widths = self.widths(width);
        let mut text = rule(&widths, ['┌', '┬', '┐']);
        if self.headed {
            let names: Vec<Cell> =
                self.columns.iter().map(|column| Cell::styled(column.name, HEADING)).collect();
            text.push_str(&row(&names, &widths, paint));
            text.push_str(&rule(&widths, ['├', '┼', '┤']));
        }
        for cells in &self.rows {
            text.push_str(&row(cells, &widths, paint));
        }
        text.push_str(&rule(&widths, ['└', '┴', '┘']));
        text
    }

    fn natural(&self) -> Vec<usize> {
        let of_column = |(at, column): (usize, &Column)| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            let widest = cells.map(|cell| cell.text.width()).max().unwrap_or(0);
            if self.headed { widest.max(column.name.width()) } else { widest }
        };
        self.columns.iter().enumerate().map(of_column).collect()
    }

    fn least(&self) -> Vec<usize> {
        let columns = self.columns.iter().zip(self.natural());
        columns.map(|(column, natural)| natural.min(column.least)).collect()
    }

    /// Takes room from the widest column that has some to give, then from all.
    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let mut widths = self.natural();
        let Some(width) = width else { return widths };
        for floors in [self.least(), vec![1; widths.len()]] {
            while frame(&widths) > width {
                let widest = (0..widths.len())
                    .filter(|at| widths[*at] > floors[*at])
                    .max_by_key(|at| widths[*at]);
                let Some(widest) = widest else { break };
                widths[widest] -= 1;
            }
        }
        while frame(&widths) > width && widths.pop().is_some() {}
        widths
    }
}

/// The width of a table with columns of these widths: a line before each, one behind the last, and
/// a space on each side of a cell.
fn frame(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + widths.len() * 3 + 1
}

fn rule(widths: &[usize], [left, middle, right]: [char; 3]) -> String {
    let lines: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
    format!("{left}{}{right}\n", lines.join(&String::from(middle)))
}

fn row(cells: &[Cell], widths: &[usize], paint: Paint) -> String {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        let shown = cut(&cell.text, *width);
        let pad = " ".repeat(width.saturating_sub(shown.width()));
        text.push_str("│ ");
        text.push_str(&paint.style(cell.style, &shown));
        text.push_str(&pad);
        text.push(' ');
    }
    text.push_str("│\n");
    text
}

/// The text in at most `width` columns; `…` stands for what is cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for char in text.chars() {
        kept.push(char);
        // The whole is measured: a character may change the width of the one before it.
        if kept.width() >= width {
            kept.pop();
            break;
        }
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// Without what would move the cursor: a name comes from a file, and a table must stay one.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '·' } else { char }).collect()
}

#[cfg(test)]
mod tests;
