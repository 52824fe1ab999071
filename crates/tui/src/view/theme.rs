//! Colours and signs: of the palette of 16 that each terminal has, or none; letters of the lines and
//! blocks that most have, or of ASCII.

use ratatui::style::{Color, Modifier, Style};
use rpm_core::Status;
use rpm_logbook::Level;

/// How things look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Theme {
    /// Whether there is colour.
    pub(crate) colours: bool,
    /// Whether there is more than ASCII.
    pub(crate) unicode: bool,
}

#[expect(clippy::unused_self, reason = "each look is asked of the theme, whatever it depends on")]
impl Theme {
    fn colour(self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// As it should be.
    pub(crate) fn good(self) -> Style {
        self.colour(Color::Green)
    }

    /// Worth a look.
    pub(crate) fn warn(self) -> Style {
        self.colour(Color::Yellow)
    }

    /// Bad.
    pub(crate) fn bad(self) -> Style {
        self.colour(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Names of columns, headings.
    pub(crate) fn heading(self) -> Style {
        self.colour(Color::Cyan)
    }

    /// What stands out.
    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Of less weight. Dark grey cannot be read on some terminals, so it is the faint form of the
    /// usual colour.
    pub(crate) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The selected row.
    pub(crate) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What was looked for.
    pub(crate) fn found(self) -> Style {
        if self.colours {
            Style::new().fg(Color::Black).bg(Color::Yellow)
        } else {
            Style::new().add_modifier(Modifier::REVERSED)
        }
    }

    /// Plots.
    pub(crate) fn plot(self, number: usize) -> Style {
        let colours = [Color::Green, Color::Blue, Color::Magenta, Color::Yellow];
        self.colour(colours[number % colours.len()])
    }

    /// A share of what there is, from 0 to 1: the fuller the worse.
    pub(crate) fn share(self, share: f64) -> Style {
        match share {
            0.9.. => self.bad(),
            0.75.. => self.warn(),
            _ => self.good(),
        }
    }

    /// Where a process stands.
    pub(crate) fn status(self, status: Status) -> Style {
        match status {
            Status::Online => self.good(),
            Status::Launching | Status::Stopping | Status::Waiting => self.warn(),
            Status::Stopped => self.dim(),
            Status::Errored => self.bad(),
        }
    }

    /// The sign of a status, so that it is seen without colours.
    pub(crate) fn sign(self, status: Status) -> &'static str {
        match (status, self.unicode) {
            (Status::Online, true) => "●",
            (Status::Launching | Status::Stopping | Status::Waiting, true) => "◐",
            (Status::Stopped, true) => "○",
            (Status::Errored, true) => "✗",
            (Status::Online, false) => "*",
            (Status::Launching | Status::Stopping | Status::Waiting, false) => "~",
            (Status::Stopped, false) => "-",
            (Status::Errored, false) => "x",
        }
    }

    /// A line of a log.
    pub(crate) fn level(self, level: Level) -> Style {
        match level {
            Level::Fatal | Level::Error => self.colour(Color::Red),
            Level::Warn => self.warn(),
            Level::Info => Style::new(),
            Level::Debug | Level::Trace => self.dim(),
        }
    }

    /// The letters of plots, from nothing to full.
    pub(crate) fn bars(self) -> [&'static str; 9] {
        if self.unicode {
            [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
        } else {
            [" ", ".", ".", ":", ":", "+", "+", "#", "#"]
        }
    }

    /// One of two signs.
    pub(crate) fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }
}
