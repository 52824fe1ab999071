//! What has happened, as it is kept on the disk: a file of events, a line of JSON each, and a file
//! for each crash.
//!
//! The daemon writes ([`events::Log`], [`crashes::keep`]); whoever shows it reads the files, also when
//! no daemon runs ([`events::latest`], [`crashes::list`]). Both are bounded: the oldest go first.

pub mod crashes;
pub mod events;
