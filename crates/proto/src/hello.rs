//! Who is speaking.

use serde::{Deserialize, Serialize};

/// The version of this wire. A change that an older side would misread raises it.
pub const PROTOCOL: u32 = 1;

/// First frame of either side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Version of the speaker's wire, [`PROTOCOL`].
    pub protocol: u32,
    /// Version of the speaker's program.
    pub version: String,
    /// Process id of the speaker (for the daemon, of the supervisor).
    pub pid: u32,
}

impl Hello {
    /// This program's hello.
    pub fn ours() -> Self {
        Self {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
        }
    }
}
