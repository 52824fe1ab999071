//! What people look at. Pure: values in, text out.

pub(crate) mod details;
pub(crate) mod happenings;
pub(crate) mod host;
pub(crate) mod order;
pub(crate) mod processes;
pub(crate) mod report;
pub(crate) mod status;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod units;
