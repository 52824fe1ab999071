//! `rpm cleardump`: empties the saved list.

use super::{Cli, Run};
use crate::files;
use crate::outcome::Outcome;
use crate::verbs::Group;
use serde_json::json;

/// The arguments of `rpm cleardump`.
#[derive(Debug, clap::Args)]
pub(crate) struct Cleardump {}

impl Run for Cleardump {
    const NAME: &'static str = "cleardump";
    const ABOUT: &'static str = "Empty the saved list; what runs goes on";
    const GROUP: Group = Group::Daemon;

    fn run(self, cli: &mut Cli) -> Outcome {
        cli.home.create()?;
        let path = cli.home.dump();
        files::replace(&path, b"[]", 0o600)?;
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&json!({ "path": path }))?);
        }
        Ok(cli.screen.say(format!("Successfully created {path}"))?)
    }
}
