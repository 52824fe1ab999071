//! `rpm reloadLogs`: opens log files anew, after another program has moved them.

use super::{Cli, Run, flush};
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_proto::Request;

/// The arguments of `rpm reloadLogs`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReloadLogs {}

impl Run for ReloadLogs {
    const NAME: &'static str = "reloadLogs";
    const ABOUT: &'static str = "Open log files anew, after another program has moved them";
    const GROUP: Group = Group::Logs;

    fn run(self, cli: &mut Cli) -> Outcome {
        flush::report(cli, &Request::ReopenLogs, "reloaded")
    }
}
