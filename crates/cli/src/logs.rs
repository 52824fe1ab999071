//! Showing log files and following what is written to them.

pub(crate) mod highlight;
pub(crate) mod line;
pub(crate) mod sources;
pub(crate) mod tail;
