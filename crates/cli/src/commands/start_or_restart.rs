//! `rpm startOrRestart`.

use super::{Cli, Run, Table};
use crate::flags::Shows;
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_core::Existing;

/// The arguments of `rpm startOrRestart`.
#[derive(Debug, clap::Args)]
pub(crate) struct StartOrRestart {
    /// Config file, or `-` for one on standard input
    #[arg(value_name = "FILE")]
    file: String,
}

impl Run for StartOrRestart {
    const NAME: &'static str = "startOrRestart";
    const ABOUT: &'static str = "Start or restart the apps of a config file";
    const GROUP: Group = Group::Apps;
    const SHOWS: Shows = Shows::CONTROL;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut client = cli.running()?;
        let outcome = cli.apply_config(&mut client, &self.file, Existing::Restart);
        cli.conclude(client.as_mut(), outcome, Table::Shown)
    }
}
