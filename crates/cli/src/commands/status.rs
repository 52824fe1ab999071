//! `rpm status`: one row an app. Never starts a daemon.

use super::{Cli, Run, list};
use crate::flags::Shows;
use crate::outcome::Outcome;
use crate::render::status;
use crate::verbs::Group;

/// The arguments of `rpm status`.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {}

impl Run for Status {
    const NAME: &'static str = "status";
    const ABOUT: &'static str = "Show a row for each app";
    const GROUP: Group = Group::Look;
    const SHOWS: Shows = Shows::TABLES;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut rows = list::all(cli)?;
        match cli.flags.tables.sort {
            Some(_) => cli.order()?.sort(&mut rows),
            // As they were started, which is how the config file has them.
            None => rows.sort_by_key(|row| row.id),
        }
        let apps = status::group(&rows);
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&apps)?);
        }
        let text = status::draw(&apps, cli.view());
        Ok(cli.screen.answer(text)?)
    }
}
