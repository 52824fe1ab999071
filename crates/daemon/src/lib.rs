//! Stub.

pub mod channels;
pub mod logs;
