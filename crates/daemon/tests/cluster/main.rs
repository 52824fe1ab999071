//! The channels' thread with real Node workers.

mod cases;
mod http;
mod policies;
mod takeover;
mod trouble;
mod world;
