//! `rpm reset`.

use super::{Cli, Run, Table};
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_proto::Verb;

/// The arguments of `rpm reset`.
#[derive(Debug, clap::Args)]
pub(crate) struct Reset {
    /// Name, id, namespace, `all` or `/regex/`
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
}

impl Run for Reset {
    const NAME: &'static str = "reset";
    const ABOUT: &'static str = "Set the counters of restarts to 0";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        cli.act(Verb::Reset, &self.targets, Table::Shown)
    }
}
