//! What the mouse does.

use crate::model::{Mode, Model, Tab};
use crate::view::layout::tab_at;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// Lines by which the wheel scrolls.
const WHEEL: isize = 3;

impl Model {
    /// Takes a movement or a click.
    pub(crate) fn mouse(&mut self, mouse: MouseEvent) {
        if self.mode != Mode::Normal {
            return;
        }
        let at = Position::new(mouse.column, mouse.row);
        let areas = self.areas();
        let in_list = areas.list.contains(at);
        match mouse.kind {
            MouseEventKind::ScrollUp if in_list => self.step(-1),
            MouseEventKind::ScrollDown if in_list => self.step(1),
            MouseEventKind::ScrollUp => self.scroll(WHEEL),
            MouseEventKind::ScrollDown => self.scroll(-WHEEL),
            MouseEventKind::Down(MouseButton::Left) if areas.tabs.contains(at) => {
                if let Some(tab) = tab_at(at.x - areas.tabs.x, &areas) {
                    self.turn_to(tab);
                }
            }
            MouseEventKind::Down(MouseButton::Left) if in_list && at.y > areas.list.y => {
                let row = self.top + usize::from(at.y - areas.list.y - 1);
                if row < self.rows().len() {
                    let again = self.row().is_some_and(|(selected, _)| selected == row);
                    self.select(row);
                    if again {
                        self.fold(None);
                    }
                }
            }
            MouseEventKind::Down(MouseButton::Left)
                if areas.pane.contains(at) && self.shown_tab() == Tab::Logs =>
            {
                self.logs.pause();
            }
            _ => {}
        }
    }
}
