//! Figures over the last day: of the machine, of apps and of their instances.
//!
//! Readings come every [`SPACING_MS`]. The last ten minutes of them are in memory as they came; each
//! whole minute becomes one record with the mean and the largest value of every series, appended to a
//! file. A question is answered from both, in as many steps as are asked for.
//!
//! # Why files of our own
//!
//! What is kept only grows at its end, is read from its begin to its end, and ages out by the hour. That
//! is a file an hour: nothing is ever rewritten, so nothing has to be mended after a crash, and an old
//! hour is given up by removing its file. Each record has a length and a checksum; reading a file stops
//! at the first record that is not whole. A database would keep pages in memory, write several for
//! each minute, and could end this process when its file is damaged.
//!
//! # Where things are
//!
//! [`Reading`] is what comes in; `minute` makes records of it, `record` turns them to bytes and back,
//! `folder` keeps those in files, `recent` the readings in memory, `plot` divides time into steps.
//! [`History`] joins them. There is no clock in here: readings tell the time.

mod folder;
mod history;
mod minute;
mod plot;
mod reading;
mod recent;
mod record;

pub use history::History;
pub use plot::Question;
pub use reading::{METRICS, Of, Reading, Values};

/// Readings are expected so often, in ms.
pub const SPACING_MS: i64 = 10_000;
/// A record is of so long, in ms.
pub const MINUTE_MS: i64 = 60_000;
/// Older figures are given up, in minutes.
pub const KEPT_MINUTES: i64 = 24 * 60;
