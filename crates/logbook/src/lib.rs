//! Reading log files: the current one of a log and those that were put aside, plain or compressed,
//! as one long file; the time and the level of each line; filters; and many logs in time order.
//!
//! It knows files only. A [`Log`] names one log; a [`Scan`] reads it forwards through a [`Filter`],
//! [`last`](last()) from its end, [`Merge`] reads many in the order of their times, and [`Content`] is
//! the bytes of one as they are.

mod backward;
mod content;
mod fields;
mod filter;
mod judge;
mod last;
mod level;
mod lines;
mod merge;
mod moment;
mod scan;
mod seek;
#[cfg(test)]
mod tests;
mod volumes;

pub use content::Content;
pub use filter::{Filter, Pattern};
pub use judge::{Judge, Seen};
pub use last::{Entry, Tail, last};
pub use level::Level;
pub use merge::{Merge, in_order, latest};
pub use scan::Scan;

use std::path::PathBuf;

/// A log: a file that is written to, and beside it those that were put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The file that is written to; it need not exist.
    pub path: PathBuf,
    /// The format of the stamps before its lines (PM2's `log_date_format`), where it has some.
    pub stamp: Option<String>,
    /// The level of a line that tells none.
    pub level: Level,
    /// How many bytes of the file that is written to are read; all that it has, where it is `None`.
    pub end: Option<u64>,
    /// Whether files that were put aside are read as well.
    pub aside: bool,
}

impl Log {
    /// A log whose lines have no stamps of ours, and are no errors where they do not say so.
    pub fn plain(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), stamp: None, level: Level::Info, end: None, aside: true }
    }
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("reading {} failed", path.display())]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// The system's word.
    #[source]
    pub source: std::io::Error,
}
