//! Colour, where there is any.

use anstyle::{AnsiColor, Effects, Style};
use rpm_core::Status;

/// Paints text, or leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    /// Whether there is colour.
    pub(crate) on: bool,
}

impl Paint {
    /// Text in a style.
    pub(crate) fn style(self, style: Style, text: &str) -> String {
        if self.on && style != Style::new() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// Good news.
    pub(crate) fn green(self, text: &str) -> String {
        self.style(colour(AnsiColor::Green), text)
    }

    /// Bad news.
    pub(crate) fn red(self, text: &str) -> String {
        self.style(colour(AnsiColor::Red).effects(Effects::BOLD), text)
    }

    /// What to look at.
    pub(crate) fn yellow(self, text: &str) -> String {
        self.style(colour(AnsiColor::Yellow).effects(Effects::BOLD), text)
    }

    /// Names of columns and fields.
    pub(crate) fn heading(self, text: &str) -> String {
        self.style(HEADING, text)
    }

    /// What is of less weight.
    pub(crate) fn dim(self, text: &str) -> String {
        self.style(Style::new().effects(Effects::DIMMED), text)
    }
}

/// The style of names of columns and fields.
pub(crate) const HEADING: Style = colour(AnsiColor::Cyan).effects(Effects::BOLD);

/// A colour of the terminal's palette.
pub(crate) const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(colour)))
}

/// PM2's colours of a status.
pub(crate) fn of_status(status: Status) -> Style {
    match status {
        Status::Online => colour(AnsiColor::Green),
        Status::Launching => colour(AnsiColor::Blue),
        Status::Stopping | Status::Stopped | Status::Errored | Status::Waiting => {
            colour(AnsiColor::Red)
        }
    }
}
