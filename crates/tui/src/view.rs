//! Drawing the page: a pure function of the model.

mod chart;
mod dialog;
mod footer;
mod host;
pub(crate) mod layout;
mod list;
mod pane;
mod theme;
pub(crate) mod units;

pub(crate) use theme::Theme;

use crate::model::{Mode, Model};
use ratatui::Frame;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Draws all of it.
pub(crate) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>) {
    let areas = model.areas();
    if areas.is_too_small {
        let line = Line::styled("the terminal is too small", theme.warn());
        frame.render_widget(Paragraph::new(line), frame.area());
        return;
    }
    host::draw(model, theme, frame, areas.host);
    list::draw(model, theme, frame, areas.list);
    pane::draw(model, theme, frame, &areas);
    footer::draw(model, theme, frame, areas.footer);
    match &model.mode {
        Mode::Confirm(action) => dialog::confirm(action, theme, frame),
        Mode::Help => dialog::help(theme, frame),
        Mode::Normal | Mode::Filter(_) | Mode::Search(_) => {}
    }
}
