//! What a user can name: `all`, a name, a namespace, an id, `/regex/`, a file.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A target as typed. What it means depends on the table: see
/// [`crate::supervisor::Supervisor::resolve`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Target(pub String);

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
