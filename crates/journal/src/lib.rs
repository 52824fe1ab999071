//! A table of parts, kept on the disk as a journal of what changed.
//!
//! The table is a map from keys to bytes ([`Parts`]). Each change of it ([`Delta`]) is one record
//! with a number and a checksum, appended and synced before [`Journal::commit`] returns. A new file
//! begins with a record of the whole table, so every prefix of a journal is a table that existed.
//! [`replay()`] reads one back; it stops at the first record that is not whole.
//!
//! This crate does not know what the parts mean. All that it asks of the system goes through
//! [`Disk`], so that its tests can cut the power between any two steps.

mod disk;
mod file;
mod journal;
mod parts;
mod record;
mod replay;

pub use disk::Disk;
pub use file::Folder;
pub use journal::{ASIDE, CommitError, Figures, Journal, NAME};
pub use parts::{Delta, Parts};
pub use record::{Boot, LAYOUT};
pub use replay::{Replayed, Unreadable, replay};

#[cfg(test)]
mod tests;
