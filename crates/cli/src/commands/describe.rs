//! `rpm describe`: all that is known of a process.

use super::targets::nothing_runs;
use super::{Cli, Run, exchange};
use crate::outcome::Outcome;
use crate::render::details;
use crate::verbs::Group;

/// The arguments of `rpm describe`.
#[derive(Debug, clap::Args)]
pub(crate) struct Describe {
    /// Name, id, namespace, `all` or `/regex/`
    target: String,
}

impl Run for Describe {
    const NAME: &'static str = "describe";
    const ALIASES: &'static [&'static str] = &["show", "desc", "info"];
    const ABOUT: &'static str = "Show all that is known of a process";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let targets = [self.target];
        let mut client = cli.running()?.ok_or_else(|| nothing_runs(&targets))?;
        let details = exchange::details(&mut client, Some(&targets[0]))?;
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&details)?);
        }
        let text = details::draw(&details, cli.view());
        Ok(cli.screen.answer(text)?)
    }
}
