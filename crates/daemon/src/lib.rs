//! Stub.

pub mod channels;
