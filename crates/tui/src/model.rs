//! The state of the page. Pure: an event and the time make it another one, and ask for effects.

use crate::action::{Act, Action};
use crate::logs::Logs;
use crate::rows::{self, Key, Row, Shape};
use crate::trends::Trends;
use crossterm::event::{KeyEvent, MouseEvent};
use jiff::tz::TimeZone;
use ratatui::layout::Size;
use rpm_proto::{Crash, Detail, Happening, LogLine, Observed, Series};
use std::collections::VecDeque;

/// Happenings kept.
const HAPPENINGS_MAX: usize = 500;
/// A message is shown so long, in ms.
const MESSAGE_MS: i64 = 6000;

/// What comes to the page.
#[derive(Debug)]
pub(crate) enum Event {
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal has this size.
    Resize(Size),
    /// The daemon was asked what is to be seen.
    Seen(Box<Observed>),
    /// What the daemon has kept from before.
    History(Vec<Series>),
    /// There is no daemon to be asked, and why.
    Away(String),
    /// What is known of the selection with this number.
    Known(u64, Box<Known>),
    /// That selection is not followed any more, though nobody asked for that.
    Lost(u64),
    /// Lines of that selection.
    Lines(u64, Vec<LogLine>),
    /// Lines of that selection were left out.
    Missed(u64, u64),
    /// Something happened.
    Happenings(Vec<Happening>),
    /// What was asked for is done, or why it is not.
    Done(String, Result<(), String>),
    /// Time has passed.
    Tick,
}

/// What is known of what is selected.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Each process with everything.
    pub(crate) details: Vec<Detail>,
    /// The last lines of its logs.
    pub(crate) lines: Vec<LogLine>,
    /// Its crashes, the newest at the end.
    pub(crate) crashes: Vec<Crash>,
}

/// What the page asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Find out about these processes, and follow them; for the selection with this number.
    Look(u64, String, Vec<u32>),
    /// Find out about them again: one of them has another run.
    Know(u64, String, Vec<u32>),
    /// Do it.
    Act(Action),
    /// Ask the daemon now.
    Refresh,
    /// The end.
    Quit,
}

/// What the lower part shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Log lines.
    #[default]
    Logs,
    /// Plots.
    Trends,
    /// What is known.
    Details,
    /// What happened.
    Events,
}

impl Tab {
    /// All, in their order.
    pub(crate) const ALL: [Self; 4] = [Self::Logs, Self::Trends, Self::Details, Self::Events];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Logs => "Logs",
            Self::Trends => "Trends",
            Self::Details => "Details",
            Self::Events => "Events",
        }
    }
}

/// What keys mean now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Each key is a command.
    #[default]
    Normal,
    /// Keys go into the filter; what it was before is kept.
    Filter(String),
    /// Keys go into what is looked for.
    Search(String),
    /// An act waits for a yes.
    Confirm(Action),
    /// The keys are explained.
    Help,
}

/// The page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// The time, in ms since 1970.
    pub(crate) now: i64,
    /// Where the user is; UTC where that is not known.
    pub(crate) zone: Option<TimeZone>,
    /// The terminal's size.
    pub(crate) size: Size,
    /// What was seen last.
    pub(crate) seen: Option<Observed>,
    /// Why there is no daemon.
    pub(crate) away: Option<String>,
    /// Figures over time.
    pub(crate) trends: Trends,
    /// How the list is shown.
    pub(crate) shape: Shape,
    /// The selected row.
    pub(crate) selected: Option<Key>,
    /// Where it was last: what is there is selected when it goes.
    cursor: usize,
    /// The first row that is shown.
    pub(crate) top: usize,
    /// What the lower part shows.
    pub(crate) tab: Tab,
    /// What keys mean.
    pub(crate) mode: Mode,
    /// The lines of what is selected.
    pub(crate) logs: Logs,
    /// Everything known of it.
    pub(crate) details: Vec<Detail>,
    /// Its crashes.
    pub(crate) crashes: Vec<Crash>,
    /// What happened, the newest at the end.
    pub(crate) happenings: VecDeque<Happening>,
    /// Lines by which details or events are scrolled.
    pub(crate) scrolled: usize,
    /// What was done last, whether that is well, and until when it is shown.
    pub(crate) message: Option<(String, bool, i64)>,
    /// Numbers selections, so that news of an older one is known.
    selection: u64,
    /// Which processes were looked at.
    looked_at: Vec<u32>,
    /// In which runs they were then: each with its process and the number of its restarts.
    runs: Vec<(u32, u32)>,
}

impl Model {
    /// A page of this size that knows nothing yet, at `now`.
    pub(crate) fn new(size: Size, now: i64) -> Self {
        Self { now, size, ..Self::default() }
    }

    /// Takes an event that came at `now`, in ms since 1970.
    pub(crate) fn update(&mut self, event: Event, now: i64) -> Vec<Effect> {
        self.now = now;
        if self.message.as_ref().is_some_and(|(_, _, until)| *until < now) {
            self.message = None;
        }
        let mut effects = Vec::new();
        match event {
            Event::Key(key) => effects.extend(self.key(key)),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Resize(size) => self.size = size,
            Event::Seen(seen) => {
                if self.away.take().is_some() {
                    self.say("the daemon is back".to_owned(), true);
                    self.looked_at.clear();
                }
                self.trends.take(&seen);
                self.seen = Some(*seen);
            }
            Event::History(series) => self.trends.fill(&series, now),
            Event::Away(why) => self.away = Some(why),
            Event::Known(selection, known) if selection == self.selection => {
                (self.details, self.crashes) = (known.details, known.crashes);
                self.logs.extend(known.lines);
            }
            Event::Lines(selection, lines) if selection == self.selection => {
                self.logs.extend(lines);
            }
            Event::Missed(selection, lines) if selection == self.selection => {
                self.logs.missed += lines;
            }
            Event::Lost(selection) if selection == self.selection => self.looked_at.clear(),
            Event::Lost(_)
            | Event::Known(..)
            | Event::Lines(..)
            | Event::Missed(..)
            | Event::Tick => {}
            Event::Happenings(happenings) => {
                self.happenings.extend(happenings);
                while self.happenings.len() > HAPPENINGS_MAX {
                    self.happenings.pop_front();
                }
            }
            Event::Done(what, result) => {
                match result {
                    Ok(()) => self.say(what, true),
                    Err(why) => self.say(why, false),
                }
                self.looked_at.clear();
                effects.push(Effect::Refresh);
            }
        }
        self.settle();
        effects.extend(self.look());
        effects
    }

    /// The rows of the list.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        self.seen.as_ref().map(|seen| rows::rows(seen, &self.shape)).unwrap_or_default()
    }

    /// The selected row and its place.
    pub(crate) fn row(&self) -> Option<(usize, Row<'_>)> {
        let key = self.selected.as_ref()?;
        self.rows().into_iter().enumerate().find(|(_, row)| row.key == *key)
    }

    /// Selects the row at this place, or the nearest there is.
    pub(crate) fn select(&mut self, at: usize) {
        let keys: Vec<Key> = self.rows().into_iter().map(|row| row.key).collect();
        self.cursor = at.min(keys.len().saturating_sub(1));
        self.selected = keys.into_iter().nth(self.cursor);
    }

    /// Moves the selection.
    pub(crate) fn step(&mut self, rows: isize) {
        self.select(self.cursor.saturating_add_signed(rows));
    }

    /// Shows or hides the instances of the selected app.
    pub(crate) fn fold(&mut self, open: Option<bool>) {
        let Some((_, row)) = self.row() else {
            return;
        };
        let name = row.name().to_owned();
        let is_open = !self.shape.closed.contains(&name);
        if open.unwrap_or(!is_open) {
            self.shape.closed.remove(&name);
        } else if row.open.is_some() || matches!(row.key, Key::Instance(_)) {
            self.shape.closed.insert(name.clone());
            self.selected = Some(Key::App(name));
        }
    }

    /// Asks whether to do something to what is selected.
    pub(crate) fn ask(&mut self, act: Act) {
        let Some((_, row)) = self.row() else {
            return;
        };
        let name = row.name().to_owned();
        let scales = matches!(act, Act::Scale(_));
        let ids = match (&row.key, scales, &self.seen) {
            // Only whole apps are scaled.
            (Key::Instance(_), true, Some(seen)) => {
                let all = seen.processes.iter().filter(|it| it.view.name == name);
                all.map(|it| it.view.id).collect()
            }
            _ => row.members.iter().map(|it| it.view.id).collect::<Vec<u32>>(),
        };
        if act == Act::Scale(-1) && ids.len() < 2 {
            self.say(format!("{name} has one instance: delete it (d) to have none"), false);
            return;
        }
        let is_app = scales || matches!(row.key, Key::App(_));
        self.mode = Mode::Confirm(Action { act, name, ids, is_app });
    }

    /// Shows a message for a while.
    pub(crate) fn say(&mut self, text: String, is_well: bool) {
        self.message = Some((text, is_well, self.now + MESSAGE_MS));
    }

    /// Keeps the selection on a row that there is, and that in view.
    fn settle(&mut self) {
        match self.row().map(|(at, _)| at) {
            Some(at) => self.cursor = at,
            None => self.select(self.cursor),
        }
        let rows = self.rows().len();
        let height = usize::from(self.areas().list.height.saturating_sub(1)).max(1);
        self.top = self.top.clamp((self.cursor + 1).saturating_sub(height), self.cursor);
        self.top = self.top.min(rows.saturating_sub(height));
    }

    /// What has to be found out when other processes are selected than those that are known.
    fn look(&mut self) -> Option<Effect> {
        let (_, row) = self.row()?;
        let name = row.name().to_owned();
        let ids: Vec<u32> = row.members.iter().map(|it| it.view.id).collect();
        let runs = row.members.iter().map(|it| (it.view.pid, it.view.restarts)).collect();
        let is_new_run = self.runs != runs;
        self.runs = runs;
        if ids == self.looked_at {
            return is_new_run.then_some(Effect::Know(self.selection, name, ids));
        }
        self.looked_at.clone_from(&ids);
        self.selection += 1;
        self.logs.clear();
        self.details.clear();
        self.crashes.clear();
        if self.tab == Tab::Details {
            self.scrolled = 0;
        }
        Some(Effect::Look(self.selection, name, ids))
    }
}
