//! `rpm list`: one row a process. Never starts a daemon.

use super::{Cli, Run, exchange, sysmonit};
use crate::flags::Shows;
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use rpm_proto::ProcessView;

/// The arguments of `rpm list`.
#[derive(Debug, clap::Args)]
pub(crate) struct List {}

impl Run for List {
    const NAME: &'static str = "list";
    const ALIASES: &'static [&'static str] = &["ls", "l", "ps"];
    const ABOUT: &'static str = "Show a row for each process";
    const GROUP: Group = Group::Look;
    const SHOWS: Shows = Shows::TABLES;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut rows = all(cli)?;
        if cli.screen.wish.json {
            cli.order()?.sort(&mut rows);
            return Ok(cli.screen.json(&rows)?);
        }
        cli.draw(rows)?;
        match cli.running()? {
            Some(mut client) => sysmonit::line(cli, &mut client),
            None => Ok(()),
        }
    }
}

/// All processes; none, with a note, where no daemon runs.
pub(super) fn all(cli: &mut Cli) -> Result<Vec<ProcessView>, Stop> {
    if let Some(mut client) = cli.running()? {
        return exchange::views(&mut client);
    }
    if !cli.screen.wish.json {
        cli.screen.note(format!("no daemon runs in {}", cli.home.path()))?;
    }
    Ok(Vec::new())
}
