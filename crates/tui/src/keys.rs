//! What keys do.

use crate::action::Act;
use crate::model::{Effect, Mode, Model, Tab};
use crate::view::layout::tabs;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Columns by which lines are moved sideways.
const SIDEWAYS: usize = 8;

/// The keys and what they do, for the help.
pub(crate) const HELP: [(&str, &str); 22] = [
    ("up down, j k", "select an app or an instance"),
    ("enter, left right", "show or hide the instances of an app"),
    ("tab, 1 2 3 4", "logs, trends, details, events"),
    ("page up, page down", "scroll the lower part"),
    ("home, end", "to its begin; to its end, and follow"),
    ("space", "hold the log, or let it run"),
    ("/", "search the log; n N for the next up and down"),
    ("v", "least level shown: debug, info, warn, error, all"),
    ("< >", "move long lines sideways"),
    ("f", "filter apps by name and namespace"),
    ("o O", "sort by the next column; the other way round"),
    ("r", "restart"),
    ("e", "reload: replace without a gap"),
    ("s", "stop"),
    ("t", "start"),
    ("+ -", "one instance more, one fewer"),
    ("d", "delete"),
    ("", "each of these asks first: y or enter is yes"),
    ("mouse", "select, scroll, choose a tab"),
    ("ctrl-l", "ask the daemon now"),
    ("?", "this help"),
    ("q, ctrl-c", "leave; what runs goes on"),
];

impl Model {
    /// Takes a key.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Option<Effect> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => Some(Effect::Quit),
                KeyCode::Char('l') => Some(Effect::Refresh),
                KeyCode::Char('u') => {
                    self.edit(String::clear);
                    None
                }
                _ => None,
            };
        }
        match &self.mode {
            Mode::Normal => self.command(key.code),
            Mode::Filter(_) | Mode::Search(_) => {
                self.type_in(key.code);
                None
            }
            Mode::Confirm(action) => match key.code {
                KeyCode::Char('y' | 'Y') | KeyCode::Enter => {
                    let action = action.clone();
                    self.mode = Mode::Normal;
                    self.say(format!("{} {} …", action.act.word(), action.name), true);
                    Some(Effect::Act(action))
                }
                KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc => {
                    self.mode = Mode::Normal;
                    None
                }
                _ => None,
            },
            Mode::Help => {
                self.mode = Mode::Normal;
                None
            }
        }
    }

    fn command(&mut self, code: KeyCode) -> Option<Effect> {
        match code {
            KeyCode::Char('q') => return Some(Effect::Quit),
            KeyCode::Esc => self.escape(),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Enter => self.fold(None),
            KeyCode::Left => self.fold(Some(false)),
            KeyCode::Right => self.fold(Some(true)),
            KeyCode::Tab => self.turn(true),
            KeyCode::BackTab => self.turn(false),
            KeyCode::Char(digit @ '1'..='4') => {
                self.turn_to(Tab::ALL[digit as usize - '1' as usize]);
            }
            KeyCode::PageUp => self.scroll(self.page()),
            KeyCode::PageDown => self.scroll(-self.page()),
            KeyCode::Home | KeyCode::Char('g') => self.go_to_begin(),
            KeyCode::End | KeyCode::Char('G') => self.go_to_end(),
            KeyCode::Char(' ' | 'p') => self.logs.pause(),
            KeyCode::Char('v') => self.logs.next_level(),
            KeyCode::Char('>') => self.logs.left += SIDEWAYS,
            KeyCode::Char('<') => self.logs.left = self.logs.left.saturating_sub(SIDEWAYS),
            KeyCode::Char('n') => self.logs.find(true),
            KeyCode::Char('N') => self.logs.find(false),
            KeyCode::Char('/') => {
                self.tab = Tab::Logs;
                self.mode = Mode::Search(self.logs.search.clone());
            }
            KeyCode::Char('f') => self.mode = Mode::Filter(self.shape.filter.clone()),
            KeyCode::Char('o') => self.shape.sort = self.shape.sort.next(),
            KeyCode::Char('O') => self.shape.reverse = !self.shape.reverse,
            KeyCode::Char('r') => self.ask(Act::Restart),
            KeyCode::Char('e') => self.ask(Act::Reload),
            KeyCode::Char('s') => self.ask(Act::Stop),
            KeyCode::Char('t') => self.ask(Act::Start),
            KeyCode::Char('d') => self.ask(Act::Delete),
            KeyCode::Char('+') => self.ask(Act::Scale(1)),
            KeyCode::Char('-') => self.ask(Act::Scale(-1)),
            KeyCode::Char('?' | 'h') => self.mode = Mode::Help,
            _ => {}
        }
        None
    }

    /// Takes back what narrows the view, one thing at a time.
    fn escape(&mut self) {
        if !self.logs.search.is_empty() {
            self.logs.search.clear();
        } else if !self.shape.filter.is_empty() {
            self.shape.filter.clear();
        } else if self.logs.back.is_some() {
            self.logs.follow();
        }
    }

    fn type_in(&mut self, code: KeyCode) {
        match code {
            KeyCode::Char(letter) => self.edit(|text| text.push(letter)),
            KeyCode::Backspace => self.edit(|text| {
                text.pop();
            }),
            KeyCode::Enter => {
                let searched = matches!(self.mode, Mode::Search(_));
                self.mode = Mode::Normal;
                if searched && !self.logs.search.is_empty() && self.logs.found() > 0 {
                    self.logs.find(true);
                }
            }
            KeyCode::Esc => match std::mem::take(&mut self.mode) {
                Mode::Filter(before) => self.shape.filter = before,
                Mode::Search(before) => self.logs.search = before,
                Mode::Normal | Mode::Confirm(_) | Mode::Help => {}
            },
            KeyCode::Down | KeyCode::Up => self.step(if code == KeyCode::Up { -1 } else { 1 }),
            _ => {}
        }
    }

    fn edit(&mut self, change: impl FnOnce(&mut String)) {
        match self.mode {
            Mode::Filter(_) => change(&mut self.shape.filter),
            Mode::Search(_) => change(&mut self.logs.search),
            Mode::Normal | Mode::Confirm(_) | Mode::Help => {}
        }
    }

    fn turn(&mut self, forward: bool) {
        let shown: Vec<Tab> = tabs(&self.areas()).into_iter().map(|(tab, _, _)| tab).collect();
        let at = shown.iter().position(|it| *it == self.shown_tab()).unwrap_or(0);
        // One back is all but one forward.
        let by = if forward { 1 } else { shown.len().saturating_sub(1) };
        if let Some(tab) = shown.get((at + by) % shown.len().max(1)) {
            self.turn_to(*tab);
        }
    }

    /// What the lower part shows: where plots stand beside it, the log in their place.
    pub(crate) fn shown_tab(&self) -> Tab {
        match self.tab {
            Tab::Trends if self.areas().side.is_some() => Tab::Logs,
            tab => tab,
        }
    }

    /// Shows this in the lower part.
    pub(crate) fn turn_to(&mut self, tab: Tab) {
        if self.tab != tab {
            self.tab = tab;
            self.scrolled = 0;
        }
    }

    /// Lines of the lower part.
    pub(crate) fn height(&self) -> usize {
        usize::from(self.areas().pane.height).max(1)
    }

    fn page(&self) -> isize {
        isize::try_from(self.height().saturating_sub(1)).unwrap_or(1)
    }

    /// Scrolls the lower part so many lines up, or down when negative.
    pub(crate) fn scroll(&mut self, lines: isize) {
        let height = self.height();
        match self.shown_tab() {
            Tab::Logs => self.logs.scroll(lines, height),
            Tab::Trends => {}
            Tab::Details | Tab::Events => {
                let most = self.length().saturating_sub(height);
                self.scrolled = self.scrolled.saturating_add_signed(-lines).min(most);
            }
        }
    }

    fn go_to_begin(&mut self) {
        self.scrolled = 0;
        if self.shown_tab() == Tab::Logs {
            self.logs.top(self.height());
        }
    }

    fn go_to_end(&mut self) {
        match self.shown_tab() {
            Tab::Logs => self.logs.follow(),
            Tab::Trends => {}
            Tab::Details | Tab::Events => {
                self.scrolled = self.length().saturating_sub(self.height());
            }
        }
    }

    /// Lines that the lower part has in all.
    fn length(&self) -> usize {
        match self.shown_tab() {
            Tab::Details => crate::details::lines(self).len(),
            Tab::Events => self.happenings.len(),
            Tab::Logs | Tab::Trends => 0,
        }
    }
}
