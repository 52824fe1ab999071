//! `rpm schema`: the JSON schema of config files, for editors.

use super::{Cli, Run};
use crate::outcome::Outcome;
use crate::verbs::Group;

/// The arguments of `rpm schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Schema {}

impl Run for Schema {
    const NAME: &'static str = "schema";
    const ABOUT: &'static str = "Print the JSON schema of config files, for editors";
    const GROUP: Group = Group::Settings;

    fn run(self, cli: &mut Cli) -> Outcome {
        Ok(cli.screen.json(&rpm_config::schema())?)
    }
}
