//! The log thread with real pipes and real files.
#![expect(clippy::unwrap_used, reason = "what surprises a test fails it")]

#[path = "logs/files.rs"]
mod files;
#[path = "logs/followers.rs"]
mod followers;
#[path = "logs/formats.rs"]
mod formats;
#[path = "logs/hung.rs"]
mod hung;
#[path = "logs/rig.rs"]
mod rig;
#[path = "logs/rotated.rs"]
mod rotated;
#[path = "logs/rotated_killed.rs"]
mod rotated_killed;
#[path = "logs/runs.rs"]
mod runs;
#[path = "logs/shared.rs"]
mod shared;
#[path = "logs/torture.rs"]
mod torture;
#[path = "logs/trouble.rs"]
mod trouble;
