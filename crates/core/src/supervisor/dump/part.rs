//! The parts of the table, and their keys.

use crate::id::ProcId;
use crate::spec::{AppSpec, Env};
use crate::supervisor::instance::Instance;
use crate::supervisor::reload::Rollout;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A piece of the table that is written by itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Part<'a>(pub(super) Content<'a>);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "most parts are instances, and few live at a time")]
pub(super) enum Content<'a> {
    Head(Head),
    Env(Cow<'a, Env>),
    /// A spec without its base environment, which is that of the number.
    Spec {
        env: u64,
        spec: Box<AppSpec>,
    },
    Instance {
        uses: Uses,
        instance: Cow<'a, Instance>,
    },
    Rollout(Cow<'a, Rollout>),
}

/// What there is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) next_proc: u32,
    pub(super) last_generation: u64,
    pub(super) shutting_down: bool,
}

/// The numbers of an instance's specs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Uses {
    pub(super) own: u64,
    pub(super) offered: Option<u64>,
    pub(super) current: Option<u64>,
    pub(super) beside: Option<u64>,
}

impl Uses {
    /// Each number that is there.
    pub(super) fn all(self) -> impl Iterator<Item = u64> {
        [Some(self.own), self.offered, self.current, self.beside].into_iter().flatten()
    }
}

/// What a part is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Head,
    Env(u64),
    Spec(u64),
    Instance(ProcId),
    Rollout(String),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => f.write_str("head"),
            Self::Env(id) => write!(f, "env/{id}"),
            Self::Spec(id) => write!(f, "spec/{id}"),
            Self::Instance(proc) => write!(f, "instance/{}", proc.0),
            Self::Rollout(app) => write!(f, "rollout/{app}"),
        }
    }
}

impl Key {
    /// Reads what [`fmt::Display`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "head" {
            return Some(Self::Head);
        }
        let (kind, name) = text.split_once('/')?;
        match kind {
            "env" => Some(Self::Env(name.parse().ok()?)),
            "spec" => Some(Self::Spec(name.parse().ok()?)),
            "instance" => Some(Self::Instance(ProcId(name.parse().ok()?))),
            "rollout" => Some(Self::Rollout(name.to_owned())),
            _ => None,
        }
    }
}
