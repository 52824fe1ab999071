//! What is where, by the size of the terminal. The mouse asks the same.

use crate::model::{Model, Tab};
use ratatui::layout::Rect;

/// Below this nothing can be shown that would be of use.
const WIDTH_MIN: u16 = 40;
const HEIGHT_MIN: u16 = 10;
/// From this width on there is room for plots beside the lower part.
const WIDE: u16 = 120;
/// Lines that the lower part has at least.
const PANE_MIN: u16 = 5;

/// What is where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Areas {
    /// Nothing fits.
    pub(crate) is_too_small: bool,
    /// The machine.
    pub(crate) host: Rect,
    /// The names of columns, and rows.
    pub(crate) list: Rect,
    /// The names of what the lower part can show.
    pub(crate) tabs: Rect,
    /// The lower part.
    pub(crate) pane: Rect,
    /// Plots beside it, where there is room.
    pub(crate) side: Option<Rect>,
    /// Keys, or a message.
    pub(crate) footer: Rect,
}

impl Model {
    /// What is where.
    pub(crate) fn areas(&self) -> Areas {
        let (width, height) = (self.size.width, self.size.height);
        if width < WIDTH_MIN || height < HEIGHT_MIN {
            return Areas { is_too_small: true, ..Areas::default() };
        }
        let rows = u16::try_from(self.rows().len()).unwrap_or(u16::MAX).max(1);
        let free = height - 3;
        // The list has as many lines as it needs, as long as the rest keeps almost half of them.
        let most = (free * 11 / 20).min(free - PANE_MIN).max(2);
        let list = rows.saturating_add(1).min(most);
        let top = 1 + list;
        let below = height - top - 2;
        let (left, side) = if width >= WIDE {
            let side = width * 2 / 5;
            let side = Rect::new(width - side, top + 1, side, below);
            (width - side.width - 1, Some(side))
        } else {
            (width, None)
        };
        Areas {
            is_too_small: false,
            host: Rect::new(0, 0, width, 1),
            list: Rect::new(0, 1, width, list),
            tabs: Rect::new(0, top, width, 1),
            pane: Rect::new(0, top + 1, left, below),
            side,
            footer: Rect::new(0, height - 1, width, 1),
        }
    }
}

/// The tabs and the columns where their names begin and end. Where plots stand beside, they need
/// none.
pub(crate) fn tabs(areas: &Areas) -> Vec<(Tab, u16, u16)> {
    let mut at = 1;
    let shown = Tab::ALL.into_iter().filter(|tab| *tab != Tab::Trends || areas.side.is_none());
    shown
        .map(|tab| {
            let width = u16::try_from(tab.name().len()).unwrap_or(0) + 2;
            let begin = at;
            at += width + 1;
            (tab, begin, begin + width)
        })
        .collect()
}

/// The tab whose name is in this column.
pub(crate) fn tab_at(column: u16, areas: &Areas) -> Option<Tab> {
    let found = tabs(areas).into_iter().find(|(_, begin, end)| (*begin..*end).contains(&column));
    found.map(|(tab, _, _)| tab)
}
