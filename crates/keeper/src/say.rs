//! What the keeper says of itself: a line on standard error, which is the log of the home.

use crate::aside;
use std::fmt;
use std::io::{self, Write};

/// Writes one line, aside. When that fails there is nobody to tell.
pub(crate) fn say(words: fmt::Arguments<'_>) {
    let line = format!("keeper[{}]: {words}\n", std::process::id());
    aside::run(move || {
        let dropped = aside::dropped();
        if dropped > 0 {
            let id = std::process::id();
            drop(writeln!(io::stderr(), "keeper[{id}]: {dropped} words were dropped before this"));
        }
        drop(io::stderr().write_all(line.as_bytes()));
    });
}
