//! What a fuzzer feeds with bytes: one function for each kind of input that comes from outside.
//!
//! Each panics where the code breaks a promise, beginning with the one that no bytes are a panic.
//! The fuzzer (`fuzz/`) calls them with what it invents; `tests/replay.rs` calls them with what it
//! has found and what is kept in `fuzz/corpus`.

mod bytes;
mod config;
mod journal;
mod keeper;
mod node;
mod pm2;
mod primary;
mod saved;
mod wire;

pub use config::{config_json5, config_toml, config_yaml};
pub use journal::journal;
pub use keeper::keeper_packets;
pub use node::node_lines;
pub use pm2::{pm2_calls, pm2_frames};
pub use primary::node_primary;
pub use saved::saved_dump;
pub use wire::client_frames;

/// A target: takes any bytes.
pub type Target = fn(&[u8]);

/// All targets, by the names of their folders in `fuzz/corpus`.
pub const TARGETS: &[(&str, Target)] = &[
    ("client_frames", client_frames),
    ("config_json5", config_json5),
    ("config_toml", config_toml),
    ("config_yaml", config_yaml),
    ("journal", journal),
    ("keeper_packets", keeper_packets),
    ("node_lines", node_lines),
    ("node_primary", node_primary),
    ("pm2_calls", pm2_calls),
    ("pm2_frames", pm2_frames),
    ("saved_dump", saved_dump),
];
