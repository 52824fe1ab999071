//! `rpm delete`.

use super::{Cli, Run, Table};
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_proto::Verb;

/// The arguments of `rpm delete`.
#[derive(Debug, clap::Args)]
pub(crate) struct Delete {
    /// Name, id, namespace, `all`, `/regex/` or config file
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
}

impl Run for Delete {
    const NAME: &'static str = "delete";
    const ALIASES: &'static [&'static str] = &["del"];
    const ABOUT: &'static str = "Stop apps and forget them";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        cli.act(Verb::Delete, &self.targets, Table::Shown)
    }
}
