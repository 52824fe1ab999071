//! The last line: what was done, what is typed, or which keys there are.

use super::Theme;
use crate::model::{Mode, Model};
use crate::text::plain;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// Keys and what they do, the most needed first.
const KEYS: [(&str, &str); 14] = [
    ("?", "help"),
    ("q", "quit"),
    ("tab", "view"),
    ("r", "restart"),
    ("e", "reload"),
    ("s", "stop"),
    ("t", "start"),
    ("+-", "scale"),
    ("d", "delete"),
    ("/", "search"),
    ("space", "hold"),
    ("f", "filter"),
    ("o", "sort"),
    ("v", "level"),
];

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let line = match (&model.mode, &model.message) {
        (Mode::Filter(_), _) => typed("filter by name and namespace", &model.shape.filter, theme),
        (Mode::Search(_), _) => typed("search", &model.logs.search, theme),
        (_, Some((text, is_well, _))) => {
            let style = if *is_well { theme.good() } else { theme.bad() };
            Line::styled(format!(" {}", plain(text)), style)
        }
        (Mode::Normal | Mode::Confirm(_) | Mode::Help, None) => keys(model, theme, area.width),
    };
    frame.render_widget(Paragraph::new(line), area);
}

fn typed(what: &str, text: &str, theme: Theme) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!(" {what}: "), theme.heading()),
        Span::raw(plain(text)),
        Span::styled(" ", theme.selected()),
        Span::styled("  enter keeps it, esc does not", theme.dim()),
    ])
}

fn keys(model: &Model, theme: Theme, width: u16) -> Line<'static> {
    let mut spans = Vec::new();
    let mut left = usize::from(width);
    if !model.shape.filter.is_empty() {
        let text = format!(" only `{}` (esc) ", plain(&model.shape.filter));
        left = left.saturating_sub(text.chars().count());
        spans.push(Span::styled(text, theme.warn()));
    }
    for (key, what) in KEYS {
        let needed = key.len() + what.len() + 3;
        if needed > left {
            break;
        }
        left -= needed;
        spans.push(Span::styled(format!(" {key}"), theme.strong()));
        spans.push(Span::styled(format!(" {what} "), theme.dim()));
    }
    Line::from(spans)
}
