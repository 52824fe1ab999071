//! What the keeper says of itself: a line on standard error, which is the log of the home.

use std::fmt;
use std::io::{self, Write};

/// Writes one line. When that fails there is nobody to tell.
pub(crate) fn say(words: fmt::Arguments<'_>) {
    drop(writeln!(io::stderr(), "keeper[{}]: {words}", std::process::id()));
}
