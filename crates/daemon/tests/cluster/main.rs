//! The channels' thread with real Node workers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cases;
mod http;
mod policies;
mod takeover;
mod trouble;
mod world;
