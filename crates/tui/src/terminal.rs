//! The terminal: taken for the page, and given back as it was, however the page ends.

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use std::io::{self, Write, stdout};
use std::sync::Once;

/// The terminal while the page has it.
pub(crate) struct Taken(());

impl Taken {
    /// Takes it.
    pub(crate) fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            // A message of a panic is lost on the other screen.
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                drop(give_back());
                before(panic);
            }));
        });
        enable_raw_mode()?;
        let taken = Self(());
        execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, Hide)?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // Where it is gone there is nothing to be given back.
        drop(give_back());
    }
}

fn give_back() -> io::Result<()> {
    disable_raw_mode()?;
    execute!(stdout(), DisableMouseCapture, LeaveAlternateScreen, Show)?;
    stdout().flush()
}
