//! `rpm restart`.

use super::{Cli, Run, Table, afterwards};
use crate::flags::Shows;
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_proto::Verb;

/// The arguments of `rpm restart`.
#[derive(Debug, clap::Args)]
pub(crate) struct Restart {
    /// Name, id, namespace, `all`, `/regex/` or config file
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
}

impl Run for Restart {
    const NAME: &'static str = "restart";
    const ABOUT: &'static str = "Stop and start apps";
    const GROUP: Group = Group::Apps;
    const SHOWS: Shows = Shows::ALL;
    const TAKES_APP_ARGS: bool = true;

    fn run(self, cli: &mut Cli) -> Outcome {
        let attached = afterwards::begin(cli)?;
        let outcome = cli.act(Verb::Restart, &self.targets, Table::Shown);
        attached.follow(cli, outcome)
    }
}
