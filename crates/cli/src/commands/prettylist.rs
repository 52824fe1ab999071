//! `rpm prettylist`: the same as [`super::jlist`], as Node would show it. Never starts a daemon.

use super::jlist::records;
use super::{Cli, Run};
use crate::outcome::Outcome;
use crate::verbs::Group;
use serde_json::Value;

/// The arguments of `rpm prettylist`.
#[derive(Debug, clap::Args)]
pub(crate) struct Prettylist {}

impl Run for Prettylist {
    const NAME: &'static str = "prettylist";
    const ABOUT: &'static str = "Print the same as Node would show it";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let text = rpm_pm2::inspect::inspect(&Value::Array(records(cli)?));
        Ok(cli.screen.data(format!("{text}\n"))?)
    }
}
