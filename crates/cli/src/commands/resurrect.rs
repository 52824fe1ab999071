//! `rpm resurrect`: starts the saved list.

use super::{Cli, Run, Table};
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_proto::Request;

/// The arguments of `rpm resurrect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Resurrect {}

impl Run for Resurrect {
    const NAME: &'static str = "resurrect";
    const ABOUT: &'static str = "Start the saved list";
    const GROUP: Group = Group::Daemon;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut client = cli.started()?;
        cli.screen.say(format!("Restoring processes located in {}", cli.home.dump()))?;
        let outcome = cli.change(&mut client, &Request::Resurrect);
        cli.conclude(Some(&mut client), outcome, Table::Shown)
    }
}
