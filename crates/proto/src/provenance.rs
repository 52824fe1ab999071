//! What code a process runs: the commit that it was started from, and the version of its Node.

use serde::{Deserialize, Serialize};

/// What is known of the code of an instance's last run. The daemon finds it out beside the run, so
/// it comes a moment after the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// The commit; `None` outside of a git repository, without `git`, and with `vizion: false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,
    /// The version of the Node that runs it, without a `v`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_version: Option<String>,
}

impl Provenance {
    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// A commit and its place among others, with the names and the order of PM2's `versioning`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioning {
    /// The system: `git`.
    #[serde(rename = "type")]
    pub system: String,
    /// Where the remote is, without a password; `None` when there is no remote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The commit.
    pub revision: String,
    /// Its message.
    pub comment: String,
    /// Whether the work tree has changes that are in no commit, or files that git does not know.
    pub unstaged: bool,
    /// The branch; `HEAD` when none is checked out.
    pub branch: String,
    /// The names of all remotes.
    pub remotes: Vec<String>,
    /// `origin`, or the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// Whether the remote has the branch, as far as is known here.
    pub branch_exists_on_remote: bool,
    /// Whether the commit is none that the remote's branch has.
    pub ahead: bool,
    /// The commit after it on the remote's branch.
    pub next_rev: Option<String>,
    /// The commit before it.
    pub prev_rev: Option<String>,
    /// When it was made, in UTC.
    pub update_time: String,
    /// Tags of the repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The root of the work tree.
    pub repo_path: String,
}
