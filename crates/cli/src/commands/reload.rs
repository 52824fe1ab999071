//! `rpm reload`.

use super::{Cli, Run, Table};
use crate::flags::Shows;
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_proto::Verb;

/// The arguments of `rpm reload`.
#[derive(Debug, clap::Args)]
pub(crate) struct Reload {
    /// Name, id, namespace, `all`, `/regex/` or config file
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
}

impl Run for Reload {
    const NAME: &'static str = "reload";
    const ABOUT: &'static str = "Replace instances without a gap, where they are cluster workers";
    const GROUP: Group = Group::Apps;
    const SHOWS: Shows = Shows::ALL;
    const TAKES_APP_ARGS: bool = true;

    fn run(self, cli: &mut Cli) -> Outcome {
        cli.act(Verb::Reload, &self.targets, Table::Hidden)
    }
}
