//! Lists of many short items, set in columns as Node does.

use super::{BREAK_LENGTH, COMPACT, units};

/// The entries in rows of several, or as they were where they are too long or too uneven. `rest`
/// counts what is not shown and has a row of its own.
pub(super) fn group(
    entries: Vec<String>,
    rest: Option<String>,
    numeric: bool,
    indentation: usize,
) -> Vec<String> {
    let widths: Vec<usize> = entries.iter().map(|entry| width(entry)).collect();
    let count = entries.len() + usize::from(rest.is_some());
    let columns = columns(&widths, count, indentation);
    let mut rows = if columns <= 1 { entries } else { rows(&entries, &widths, columns, numeric) };
    rows.extend(rest);
    rows
}

/// How many columns come near a square, a character being 2.5 times as high as wide.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "widths of lines, and a count that is at most 15"
)]
fn columns(widths: &[usize], count: usize, indentation: usize) -> usize {
    const SEPARATOR: usize = 2;
    const SHORT: usize = 6;
    const MOST: usize = 15;
    let total = (widths.iter().sum::<usize>() + SEPARATOR * widths.len()) as f64;
    let longest = widths.iter().copied().max().unwrap_or(0);
    let cell = longest + SEPARATOR;
    let even = total / cell as f64 > 5.0 || longest <= SHORT;
    if cell * 3 + indentation >= BREAK_LENGTH || !even {
        return 1;
    }
    let bias = (cell as f64 - total / count as f64).sqrt();
    let biased = (cell as f64 - 3.0 - bias).max(1.0);
    let square = ((2.5 * biased * widths.len() as f64).sqrt() / biased + 0.5).floor() as usize;
    square.min((BREAK_LENGTH - indentation) / cell).min(COMPACT * 4).min(MOST)
}

/// Numbers are set to the right, all else to the left.
fn rows(entries: &[String], widths: &[usize], columns: usize, numeric: bool) -> Vec<String> {
    let column_width =
        |column: usize| widths.iter().skip(column).step_by(columns).copied().max().unwrap_or(0);
    let last = columns - 1;
    let mut rows = Vec::new();
    for (row, widths) in entries.chunks(columns).zip(widths.chunks(columns)) {
        let mut line = String::new();
        for (column, (entry, width)) in row.iter().zip(widths).enumerate() {
            let padding = " ".repeat(column_width(column).saturating_sub(*width));
            let is_last = column == last || column + 1 == row.len();
            match (numeric, is_last) {
                (true, true) => line.extend([&*padding, entry]),
                (true, false) => line.extend([&*padding, entry, ", "]),
                (false, true) => line.push_str(entry),
                (false, false) => line.extend([entry, ", ", &*padding]),
            }
        }
        rows.push(line);
    }
    rows
}

/// Columns of a terminal: what East Asian scripts and pictures take is two.
fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.bytes().filter(|byte| !byte.is_ascii_control()).count();
    }
    let wide = |c: char| {
        matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f9ff)
    };
    units(text) + text.chars().filter(|c| wide(*c) && c.len_utf16() == 1).count()
}
