//! The supervision machine from outside: scenes, and laws over a simulated world.

#![expect(clippy::unwrap_used, reason = "what surprises a test fails it")]

mod describe;
mod laws;
mod scene;
mod table;
mod targets;
mod transcripts;
mod world;
