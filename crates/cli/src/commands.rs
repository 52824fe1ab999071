//! One file a verb, and what they have in common.

pub(crate) mod absent;
mod afterwards;
pub(crate) mod alerts;
pub(crate) mod attach;
pub(crate) mod cleardump;
pub(crate) mod completion;
pub(crate) mod conf;
pub(crate) mod crashes;
pub(crate) mod delete;
pub(crate) mod deploy;
pub(crate) mod describe;
pub(crate) mod dev;
pub(crate) mod env;
pub(crate) mod events;
pub(crate) mod examples;
mod exchange;
pub(crate) mod flush;
mod foreground;
pub(crate) mod get;
pub(crate) mod help;
pub(crate) mod id;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod install;
pub(crate) mod jlist;
pub(crate) mod kill;
pub(crate) mod list;
pub(crate) mod logs;
mod modules;
pub(crate) mod monit;
pub(crate) mod multiset;
pub(crate) mod pid;
pub(crate) mod ping;
pub(crate) mod prettylist;
pub(crate) mod pull;
pub(crate) mod reload;
pub(crate) mod reload_logs;
pub(crate) mod report;
pub(crate) mod reset;
pub(crate) mod restart;
pub(crate) mod resurrect;
pub(crate) mod runtime;
pub(crate) mod save;
pub(crate) mod scale;
pub(crate) mod schema;
pub(crate) mod send;
pub(crate) mod send_signal;
pub(crate) mod serve;
pub(crate) mod set;
mod settings;
pub(crate) mod shim;
pub(crate) mod slist;
pub(crate) mod start;
pub(crate) mod start_or_reload;
pub(crate) mod start_or_restart;
pub(crate) mod startup;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod sysmonit;
mod targets;
pub(crate) mod trigger;
pub(crate) mod uninstall;
pub(crate) mod unset;
pub(crate) mod unstartup;
pub(crate) mod update;
pub(crate) mod version;
pub(crate) mod web;
mod words;

pub(crate) use exchange::Table;

use crate::flags::{AllFlags, Shows};
use crate::home::Home;
use crate::outcome::Outcome;
use crate::screen::Screen;
use crate::verbs::Group;
use rpm_core::Affected;

/// A verb: its arguments, and what it does.
pub(crate) trait Run: clap::Args {
    /// Its name.
    const NAME: &'static str;
    /// Its other names.
    const ALIASES: &'static [&'static str] = &[];
    /// What it does, in a line.
    const ABOUT: &'static str;
    /// Under which heading it is listed.
    const GROUP: Group;
    /// The flags that its help shows.
    const SHOWS: Shows = Shows::COMMON;
    /// Whether what follows `--` is for the app.
    const TAKES_APP_ARGS: bool = false;

    /// Does it.
    fn run(self, cli: &mut Cli) -> Outcome;
}

/// What a verb works with.
pub(crate) struct Cli {
    /// Where the daemon is.
    pub(crate) home: Home,
    /// Where words go.
    pub(crate) screen: Screen,
    /// Flags that each verb has.
    pub(crate) flags: AllFlags,
    /// What follows `--`.
    pub(crate) args: Option<Vec<String>>,
    /// The names of flags that were given and that describe an app.
    pub(crate) app_flags: Vec<String>,
    /// What was touched so far.
    pub(crate) affected: Vec<Affected>,
}

impl Cli {
    /// A verb's surroundings; nothing is touched yet.
    pub(crate) fn new(
        home: Home,
        screen: Screen,
        flags: AllFlags,
        args: Option<Vec<String>>,
        app_flags: Vec<String>,
    ) -> Self {
        Self { home, screen, flags, args, app_flags, affected: Vec::new() }
    }
}
