//! What a user can name: `all`, a name, a namespace, an id, `#3`, `/regex/`, a file.

use crate::id::ProcId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A target as typed. What it means depends on the table: see
/// [`crate::supervisor::Supervisor::resolve`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Target(pub String);

impl Target {
    /// The instance of that id, whatever is called like its number.
    pub fn id(proc: ProcId) -> Self {
        Self(format!("#{}", proc.0))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&str> for Target {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
