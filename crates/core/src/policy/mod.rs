//! The rules of supervision as pure functions: history in, verdict and history out.

pub(crate) mod backoff;
pub(crate) mod restart;
pub(crate) mod spawn;
