//! Noteworthy happenings, one structured record each: a line of the events file, of the timeline,
//! and what alerts tell.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One happening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happening {
    /// Counts up within a home; a gap means that something was left out.
    pub seq: u64,
    /// When, in ms since 1970.
    pub at: i64,
    /// What, such as `exit`, `online`, `errored`, `reload`, `memory_restart`, `command`,
    /// `daemon_started`; see `docs/events.md`.
    pub kind: String,
    /// How grave it is.
    pub level: Level,
    /// The app, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// What happened, as a sentence.
    pub text: String,
    /// Who asked for it, such as `root: reload api`, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Details by name: `pid`, `code`, `signal`, `memory`, `limit`, `crash` (its report), `apps`
    /// (those it is about, where they are several)…
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
}

impl Happening {
    /// The apps that it is about: the one, or those that a command is about.
    pub fn apps(&self) -> impl Iterator<Item = &str> {
        let several = self.data.get("apps").and_then(Value::as_array);
        self.app
            .as_deref()
            .into_iter()
            .chain(several.into_iter().flatten().filter_map(Value::as_str))
    }

    /// Whether it is about this app, or about several of which this is one.
    pub fn concerns(&self, app: &str) -> bool {
        self.apps().any(|it| it == app)
    }
}

/// How grave a happening is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Info,
    /// An operator should look.
    Warn,
    /// Something is down.
    Error,
}
