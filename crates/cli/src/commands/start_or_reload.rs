//! `rpm startOrReload`.

use super::{Cli, Run, Table};
use crate::flags::Shows;
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_core::Existing;

/// The arguments of `rpm startOrReload`.
#[derive(Debug, clap::Args)]
pub(crate) struct StartOrReload {
    /// Config file, or `-` for one on standard input
    #[arg(value_name = "FILE")]
    file: String,
}

impl Run for StartOrReload {
    const NAME: &'static str = "startOrReload";
    const ALIASES: &'static [&'static str] = &["startOrGracefulReload"];
    const ABOUT: &'static str = "Start or reload the apps of a config file";
    const GROUP: Group = Group::Apps;
    const SHOWS: Shows = Shows::CONTROL;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut client = cli.running()?;
        let outcome = cli.apply_config(&mut client, &self.file, Existing::Reload);
        cli.conclude(client.as_mut(), outcome, Table::Shown)
    }
}
