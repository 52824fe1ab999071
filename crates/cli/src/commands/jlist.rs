//! `rpm jlist`: PM2's JSON, with nothing else on standard output. Never starts a daemon.

use super::{Cli, Run, exchange};
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use serde_json::Value;

/// The arguments of `rpm jlist`.
#[derive(Debug, clap::Args)]
pub(crate) struct Jlist {}

impl Run for Jlist {
    const NAME: &'static str = "jlist";
    const ABOUT: &'static str = "Print all processes as PM2's JSON";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let text = serde_json::to_vec(&records(cli)?).map_err(std::io::Error::from)?;
        Ok(cli.screen.data(text)?)
    }
}

/// PM2's records of all processes, by id.
pub(super) fn records(cli: &mut Cli) -> Result<Vec<Value>, Stop> {
    let Some(mut client) = cli.running()? else {
        return Ok(Vec::new());
    };
    let mut details = exchange::details(&mut client, None)?;
    details.sort_by_key(|detail| detail.view.id);
    Ok(details.iter().map(rpm_pm2::jlist::record).collect())
}
