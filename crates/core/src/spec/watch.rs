//! Whether an app is restarted when its files change, and which of them count.

use serde::{Deserialize, Serialize};

/// How an app's files are watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WatchOptions {
    /// Watch at all.
    pub on: bool,
    /// What is watched, from the app's working directory; the whole of that when empty. `*` and its
    /// kind stand for several.
    pub paths: Vec<String>,
    /// What of it does not count; `None` for names that begin with a dot, and `node_modules`.
    pub ignore: Option<Vec<String>>,
    /// Only files with these extensions count; all when empty.
    pub extensions: Vec<String>,
    /// The wait between a change and what follows from it, in ms.
    pub delay_ms: u64,
    /// Also what symbolic links lead to.
    pub follow_links: bool,
    /// How many folders deep, 0 for the watched one alone; `None` for all.
    pub depth: Option<u32>,
    /// Look each so many ms rather than be told by the kernel, for file systems that tell nothing.
    pub poll_ms: Option<u64>,
    /// Reload what can be reloaded rather than restart it.
    pub reload: bool,
}

impl WatchOptions {
    /// Whether nothing was asked for.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            on: false,
            paths: Vec::new(),
            ignore: None,
            extensions: Vec::new(),
            delay_ms: 0,
            follow_links: true,
            depth: None,
            poll_ms: None,
            reload: false,
        }
    }
}
