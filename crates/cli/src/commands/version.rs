//! `rpm version`.

use super::{Cli, Run};
use crate::outcome::Outcome;
use crate::screen::Screen;
use crate::verbs::Group;
use serde_json::json;

/// The arguments of `rpm version`.
#[derive(Debug, clap::Args)]
pub(crate) struct Version {}

impl Run for Version {
    const NAME: &'static str = "version";
    const ABOUT: &'static str = "Print the version";
    const GROUP: Group = Group::Cli;

    fn run(self, cli: &mut Cli) -> Outcome {
        print(&mut cli.screen)
    }
}

/// Prints the version and nothing else.
pub(crate) fn print(screen: &mut Screen) -> Outcome {
    let version = env!("CARGO_PKG_VERSION");
    if screen.wish.json {
        return Ok(screen.json(&json!({ "version": version }))?);
    }
    Ok(screen.data(format!("{version}\n"))?)
}
