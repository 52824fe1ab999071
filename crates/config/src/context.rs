//! What surrounds the user's words. Nothing in this crate reads the process's own environment; so
//! the same words in the same surroundings mean the same.

use camino::Utf8PathBuf;
use rpm_core::AppSpec;
use rpm_core::spec::Env;

/// Where the user is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The working directory, absolute.
    pub cwd: Utf8PathBuf,
    /// `$HOME`, for `~`.
    pub home: Utf8PathBuf,
    /// `$PATH`, for interpreters and commands.
    pub path: String,
    /// The user's name.
    pub user: String,
    /// The user's number: only root can run an app as somebody else.
    pub uid: u32,
    /// This program, which serves static files when it is called with
    /// [`STATIC_SERVER`](crate::STATIC_SERVER).
    pub program: Utf8PathBuf,
    /// How many CPUs `instances: "max"` means.
    pub cpus: u32,
}

/// What of a config file is wanted.
#[derive(Clone, Debug)]
pub struct Selection<'a> {
    /// The environment to take (`--env NAME` takes `env_NAME`).
    pub env: Option<String>,
    /// The apps to take (`--only`), by the names written in the file; all when empty.
    pub only: Vec<String>,
    /// The namespace of apps that name none.
    pub namespace: Option<String>,
    /// The shell's environment, in which a config that is a program runs.
    pub base_env: &'a Env,
}

/// What a config file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// Its apps, in its order, each with an empty `base_env`.
    pub apps: Vec<AppSpec>,
    /// What the user should know, each a lower-case fragment.
    pub warnings: Vec<String>,
}
