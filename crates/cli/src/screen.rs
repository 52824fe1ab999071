//! Where words go: data to standard output, talk to standard error, and how either looks.
//!
//! People at a terminal get plain sentences and colour. Scripts get what they look for in PM2's
//! output: `[PM2] `, `[PM2][WARN] ` and `[PM2][ERROR] ` before each line.

use crate::render::style::Paint;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// The two outputs and how to write to them.
pub(crate) struct Screen {
    out: io::Stdout,
    err: io::Stderr,
    /// How each looks.
    pub(crate) look: Look,
    /// What the user asked for.
    pub(crate) wish: Wish,
}

/// What is known of the outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Standard output is a terminal.
    pub(crate) out_terminal: bool,
    /// Standard error is a terminal.
    pub(crate) err_terminal: bool,
    /// Columns of standard output; `None` where there is no limit.
    pub(crate) width: Option<usize>,
    /// Columns of standard error.
    pub(crate) err_width: usize,
    /// Colour is wanted, on a terminal.
    pub(crate) colour: bool,
}

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Nothing but data.
    pub(crate) silent: bool,
    /// JSON in place of words.
    pub(crate) json: bool,
}

/// What a terminal that does not say how wide it is most likely is.
const USUAL_WIDTH: usize = 80;

impl Look {
    /// The process's own outputs. `NO_COLOR` and `TERM=dumb` turn colours off, `COLUMNS` sets the
    /// width.
    pub(crate) fn of_process() -> Self {
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let columns = columns.filter(|columns| *columns > 0);
        let out_terminal = io::stdout().is_terminal();
        let err_terminal = io::stderr().is_terminal();
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let of_terminal = terminal_size::terminal_size()
            .map_or(USUAL_WIDTH, |(terminal_size::Width(width), _)| usize::from(width));
        Self {
            out_terminal,
            err_terminal,
            width: columns.or_else(|| out_terminal.then_some(of_terminal)),
            err_width: columns.unwrap_or(of_terminal),
            colour: !set("NO_COLOR") && !dumb,
        }
    }
}

impl Screen {
    /// The process's own outputs.
    pub(crate) fn of_process(look: Look, wish: Wish) -> Self {
        Self { out: io::stdout(), err: io::stderr(), look, wish }
    }

    /// How standard output is painted.
    pub(crate) fn paint(&self) -> Paint {
        Paint { on: self.look.colour && self.look.out_terminal }
    }

    /// How standard error is painted.
    pub(crate) fn err_paint(&self) -> Paint {
        Paint { on: self.look.colour && self.look.err_terminal }
    }

    /// Whether words are wanted at all.
    pub(crate) fn talks(&self) -> bool {
        !self.wish.silent && !self.wish.json
    }

    /// Writes what was asked for, whether words are wanted or not.
    pub(crate) fn data(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.out.write_all(bytes.as_ref())?;
        self.out.flush()
    }

    /// Writes a JSON value and a newline.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(value)?;
        text.push(b'\n');
        self.data(text)
    }

    /// Writes a table or other answer in words.
    pub(crate) fn answer(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        if self.talks() { self.data(text.as_ref()) } else { Ok(()) }
    }

    /// Says one line about what was done.
    pub(crate) fn say(&mut self, text: impl Display) -> io::Result<()> {
        let lead = if self.look.out_terminal { "" } else { "[PM2] " };
        self.answer(format!("{lead}{text}\n"))
    }

    /// Warns.
    pub(crate) fn warn(&mut self, text: impl Display) -> io::Result<()> {
        let lead = if self.look.err_terminal {
            self.err_paint().yellow("warning:")
        } else {
            "[PM2][WARN]".to_owned()
        };
        self.note(format!("{lead} {text}"))
    }

    /// Says one line beside the answer.
    pub(crate) fn note(&mut self, text: impl Display) -> io::Result<()> {
        if self.wish.silent { Ok(()) } else { self.err_raw(format!("{text}\n")) }
    }

    /// Writes to standard error, whether words are wanted or not.
    pub(crate) fn err_raw(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.err.write_all(bytes.as_ref())?;
        self.err.flush()
    }
}
