//! `rpm pid`: the pids of an app. Never starts a daemon.

use super::{Cli, Run, exchange};
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;

/// The arguments of `rpm pid`.
#[derive(Debug, clap::Args)]
pub(crate) struct Pid {
    /// Name or id; without one, all apps
    target: Option<String>,
}

impl Run for Pid {
    const NAME: &'static str = "pid";
    const ABOUT: &'static str = "Print the pids of an app, one a line";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let pids = find(self.target.as_deref(), cli)?;
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&pids)?);
        }
        let lines: Vec<String> = pids.iter().map(u32::to_string).collect();
        Ok(cli.screen.answer(lines.join("\n") + "\n")?)
    }
}

fn find(target: Option<&str>, cli: &mut Cli) -> Result<Vec<u32>, Stop> {
    let Some(mut client) = cli.running()? else {
        return Ok(Vec::new());
    };
    let rows = exchange::views(&mut client)?;
    let Some(target) = target else {
        return Ok(rows.iter().map(|row| row.pid).filter(|pid| *pid != 0).collect());
    };
    let is_named = rows.iter().any(|row| row.name == target);
    let is_meant = |name: &str, id: u32| {
        if is_named { name == target } else { target.parse() == Ok(id) }
    };
    Ok(rows
        .iter()
        .filter(|row| is_meant(&row.name, row.id) && row.pid != 0)
        .map(|row| row.pid)
        .collect())
}
