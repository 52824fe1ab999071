//! Flags that stand before or after any verb, in PM2's spellings.
//!
//! PM2 takes each of them with each verb, and scripts lean on that. So every verb takes them all;
//! its help shows those that mean something to it.

mod app;
mod common;
mod control;
mod unheeded;

pub(crate) use app::AppFlags;
pub(crate) use common::{Common, Tables};
pub(crate) use control::Control;
pub(crate) use unheeded::Unheeded;

use clap::{Args, Command};

/// Which flags the help of a verb shows, besides those of all verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shows {
    app: bool,
    control: bool,
    tables: bool,
}

impl Shows {
    /// No others.
    pub(crate) const COMMON: Self = Self {
        app: false,
        control: false,
        tables: false,
    };
    /// Those about tables.
    pub(crate) const TABLES: Self = Self {
        tables: true,
        ..Self::COMMON
    };
    /// Those that say how running apps are treated.
    pub(crate) const CONTROL: Self = Self {
        control: true,
        ..Self::COMMON
    };
    /// All.
    pub(crate) const ALL: Self = Self {
        app: true,
        control: true,
        tables: true,
    };
}

/// All of them, as one verb got them.
#[derive(Debug, clap::Args)]
pub(crate) struct AllFlags {
    #[command(flatten)]
    pub(crate) app: AppFlags,
    #[command(flatten)]
    pub(crate) control: Control,
    #[command(flatten)]
    pub(crate) tables: Tables,
    #[command(flatten)]
    pub(crate) unheeded: Unheeded,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Adds all flags to a verb.
pub(crate) fn declare(command: Command, shows: Shows) -> Command {
    let command = command.next_help_heading("App");
    let command = hide_new(command, AppFlags::augment_args, !shows.app);
    let command = command.next_help_heading("Running apps");
    let command = hide_new(command, Control::augment_args, !shows.control);
    let command = command.next_help_heading("Tables");
    let command = hide_new(command, Tables::augment_args, !shows.tables);
    let command = hide_new(command, Unheeded::augment_args, true);
    Common::augment_args(command.next_help_heading("All commands"))
}

fn hide_new(command: Command, add: fn(Command) -> Command, hide: bool) -> Command {
    if !hide {
        return add(command);
    }
    let before: Vec<clap::Id> = command
        .get_arguments()
        .map(|arg| arg.get_id().clone())
        .collect();
    add(command).mut_args(|arg| {
        if before.contains(arg.get_id()) {
            arg
        } else {
            arg.hide(true)
        }
    })
}
