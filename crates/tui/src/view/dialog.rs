//! What stands above the page: a question, or the help.

use super::Theme;
use super::list::fit;
use crate::action::Action;
use crate::keys::HELP;
use crate::text::plain;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

/// Columns of the keys in the help.
const KEYS: usize = 19;

pub(super) fn confirm(action: &Action, theme: Theme, frame: &mut Frame<'_>) {
    let mut lines = vec![Line::styled(plain(&action.question()), theme.strong())];
    if let Some(warning) = action.warning() {
        lines.push(Line::styled(warning, theme.warn()));
    }
    lines.push(Line::default());
    lines.push(Line::from(vec![
        Span::styled(" y ", theme.selected()),
        Span::raw(" yes   "),
        Span::styled(" n ", theme.selected()),
        Span::raw(" no"),
    ]));
    show(lines, " Sure? ", theme, frame);
}

pub(super) fn help(theme: Theme, frame: &mut Frame<'_>) {
    let lines = HELP.map(|(keys, what)| {
        Line::from(vec![Span::styled(fit(keys, KEYS, false), theme.heading()), Span::raw(what)])
    });
    show(lines.to_vec(), " Keys ", theme, frame);
}

fn show(lines: Vec<Line<'static>>, title: &'static str, theme: Theme, frame: &mut Frame<'_>) {
    let screen = frame.area();
    let width = lines.iter().map(Line::width).max().unwrap_or(0) + 4;
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(screen.width);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(screen.height);
    let area = Rect::new((screen.width - width) / 2, (screen.height - height) / 2, width, height);
    let ascii = ratatui::symbols::border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    };
    let block = Block::bordered().title(title).border_style(theme.heading());
    let block = if theme.unicode {
        block.border_type(BorderType::Rounded)
    } else {
        block.border_set(ascii)
    };
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..block.inner(area) };
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(lines), inner);
}
