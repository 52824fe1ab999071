//! `rpm completion`: what a shell needs to complete our words.

use super::{Cli, Run};
use crate::outcome::Outcome;
use crate::verbs::{Group, VERBS, Verb};
use clap::Command;
use clap_complete::Shell;

/// The arguments of `rpm completion`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completion {
    /// The shell
    shell: Shell,
}

impl Run for Completion {
    const NAME: &'static str = "completion";
    const ABOUT: &'static str = "Print what a shell needs to complete these commands";
    const GROUP: Group = Group::Cli;

    fn run(self, cli: &mut Cli) -> Outcome {
        let verbs = VERBS.iter().map(Verb::completed);
        let mut command = Command::new("rpm").disable_help_subcommand(true).subcommands(verbs);
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "rpm", &mut script);
        Ok(cli.screen.data(script)?)
    }
}
