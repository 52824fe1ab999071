//! Journals on a disk that loses what was not synced.

mod bytes;
mod crashes;
mod folder;
mod rng;
mod sim;
