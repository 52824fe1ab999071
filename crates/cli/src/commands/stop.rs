//! `rpm stop`.

use super::{Cli, Run, Table};
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_proto::Verb;

/// The arguments of `rpm stop`.
#[derive(Debug, clap::Args)]
pub(crate) struct Stop {
    /// Name, id, namespace, `all`, `/regex/` or config file
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
}

impl Run for Stop {
    const NAME: &'static str = "stop";
    const ABOUT: &'static str = "Stop apps; they stay in the list";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        cli.act(Verb::Stop, &self.targets, Table::Shown)
    }
}
