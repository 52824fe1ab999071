//! Showing log files and following what is written to them.

pub(crate) mod feed;
pub(crate) mod follow;
pub(crate) mod highlight;
pub(crate) mod line;
pub(crate) mod past;
pub(crate) mod rates;
pub(crate) mod seam;
pub(crate) mod sources;
pub(crate) mod summary;
pub(crate) mod wanted;
