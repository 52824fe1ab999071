//! Plots of letters.

use super::Theme;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// A plot of one line.
pub(crate) fn spark(values: &[Option<f32>], width: usize, least: f32, theme: Theme) -> String {
    let top = top(values, least);
    let bars = theme.bars();
    let missing = width.saturating_sub(values.len());
    let values = &values[values.len().saturating_sub(width)..];
    let letters = values.iter().map(|value| match value {
        None => " ",
        Some(value) => bars[level(*value, top, 8).max(1)],
    });
    " ".repeat(missing) + &letters.collect::<String>()
}

/// A plot of several lines, the highest first, on a scale up to at least `least`.
pub(crate) fn plot(
    values: &[Option<f32>],
    (width, height): (usize, usize),
    least: f32,
    style: Style,
    theme: Theme,
) -> Vec<Line<'static>> {
    let top = top(values, least);
    let bars = theme.bars();
    let missing = width.saturating_sub(values.len());
    let values = &values[values.len().saturating_sub(width)..];
    let levels: Vec<Option<usize>> =
        values.iter().map(|value| value.map(|value| level(value, top, height * 8))).collect();
    let lines = (0..height).rev().map(|row| {
        let letters = levels.iter().map(|level| match level {
            None => " ",
            // The lowest line shows that there was a value, however small.
            Some(level) if row == 0 => bars[(*level).clamp(1, 8)],
            Some(level) => bars[level.saturating_sub(row * 8).min(8)],
        });
        let text = " ".repeat(missing) + &letters.collect::<String>();
        Line::from(Span::styled(text, style))
    });
    lines.collect()
}

/// The end of the scale: the next of 1, 2 and 5 and their tenfolds from the largest value on, in
/// units of `least`, and never less than that.
pub(crate) fn top(values: &[Option<f32>], least: f32) -> f32 {
    let largest = values.iter().flatten().copied().fold(0.0, f32::max) / least;
    let mut top = 1.0;
    while top < largest && top < f32::MAX / 10.0 {
        let next = [2.0, 5.0, 10.0].map(|step| top * step);
        top = next.into_iter().find(|next| *next >= largest).unwrap_or(next[2]);
    }
    top * least
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a few dozen levels"
)]
fn level(value: f32, top: f32, levels: usize) -> usize {
    let share = if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 };
    (share * levels as f32).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEME: Theme = Theme { colours: false, unicode: true };

    #[test]
    fn the_newest_value_is_on_the_right() {
        let values = [Some(0.0), None, Some(50.0), Some(100.0)];
        assert_eq!(spark(&values, 6, 100.0, THEME), "  ▁ ▄█");
        assert_eq!(spark(&values, 2, 200.0, THEME), "▂▄");
        assert_eq!(spark(&values, 4, 100.0, Theme { unicode: false, ..THEME }), ". :#");
    }

    #[test]
    fn scales_end_at_round_numbers() {
        let shown = |value, least| top(&[None, Some(value)], least).to_string();
        let tops = [0.0, 1.0, 1.4, 3.0, 7.0, 658.0].map(|value| shown(value, 1.0));
        assert_eq!(tops, ["1", "1", "2", "5", "10", "1000"]);
        assert_eq!(shown(160.0, 100.0), "200");
        assert!(top(&[Some(f32::INFINITY)], 1.0).is_finite());
    }

    #[test]
    fn higher_values_reach_higher_lines() {
        let values = [Some(10.0), Some(60.0), Some(100.0)];
        let lines = plot(&values, (4, 2), 100.0, Style::new(), THEME);
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["  ▂█", " ▂██"]);
    }
}
