//! Flags that stand before or after any verb, in PM2's spellings.
//!
//! PM2 takes each of them with each verb, and scripts lean on that. So every verb takes them all;
//! its help shows those that mean something to it.

mod app;
mod boot;
mod common;
mod control;
mod unheeded;

pub(crate) use app::AppFlags;
pub(crate) use boot::Boot;
pub(crate) use common::{Common, Tables};
pub(crate) use control::Control;
pub(crate) use unheeded::Unheeded;

use clap::{Args, Command};

/// Which flags the help of a verb shows, besides those of all verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each group of flags is shown or not")]
pub(crate) struct Shows {
    app: bool,
    control: bool,
    tables: bool,
    boot: bool,
}

impl Shows {
    /// No others.
    pub(crate) const COMMON: Self = Self { app: false, control: false, tables: false, boot: false };
    /// Those about tables.
    pub(crate) const TABLES: Self = Self { tables: true, ..Self::COMMON };
    /// Those that say how running apps are treated.
    pub(crate) const CONTROL: Self = Self { control: true, ..Self::COMMON };
    /// Those about the service that starts everything at boot.
    pub(crate) const BOOT: Self = Self { boot: true, ..Self::COMMON };
    /// All that are about apps.
    pub(crate) const ALL: Self = Self { app: true, control: true, tables: true, ..Self::COMMON };
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
    pub(crate) boot: Boot,
    #[command(flatten)]
    pub(crate) unheeded: Unheeded,
    #[command(flatten)]
    pub(crate) common: Common,
}

type Add = fn(Command) -> Command;

/// Adds all flags to a verb.
pub(crate) fn declare(command: Command, shows: Shows) -> Command {
    add(
        command,
        shows,
        |command, add, is_shown| {
            if is_shown { add(command) } else { hidden(command, add) }
        },
    )
}

/// Adds the flags that are shown, for the shells' completion.
pub(crate) fn declare_shown(command: Command, shows: Shows) -> Command {
    add(command, shows, |command, add, is_shown| if is_shown { add(command) } else { command })
}

fn add(command: Command, shows: Shows, group: fn(Command, Add, bool) -> Command) -> Command {
    let command = command.next_help_heading("App");
    let command = group(command, AppFlags::augment_args, shows.app);
    let command = command.next_help_heading("Running apps");
    let command = group(command, Control::augment_args, shows.control);
    let command = command.next_help_heading("Tables");
    let command = group(command, Tables::augment_args, shows.tables);
    let command = command.next_help_heading("Service");
    let command = group(command, Boot::augment_args, shows.boot);
    let command = group(command, Unheeded::augment_args, false);
    group(command.next_help_heading("All commands"), Common::augment_args, true)
}

fn hidden(command: Command, add: Add) -> Command {
    let before: Vec<clap::Id> = command.get_arguments().map(|arg| arg.get_id().clone()).collect();
    add(command).mut_args(|arg| if before.contains(arg.get_id()) { arg } else { arg.hide(true) })
}
