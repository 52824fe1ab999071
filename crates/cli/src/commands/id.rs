//! `rpm id`: the ids of an app. Never starts a daemon.

use super::{Cli, Run, exchange};
use crate::outcome::Outcome;
use crate::verbs::Group;
use serde_json::Value;

/// The arguments of `rpm id`.
#[derive(Debug, clap::Args)]
pub(crate) struct Id {
    /// The app's name
    #[arg(value_name = "NAME")]
    app: String,
}

impl Run for Id {
    const NAME: &'static str = "id";
    const ABOUT: &'static str = "Print the ids of an app, such as `[ 0, 1 ]`";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let rows = match cli.running()? {
            Some(mut client) => exchange::views(&mut client)?,
            None => Vec::new(),
        };
        let ids: Vec<u32> =
            rows.iter().filter(|row| row.name == self.app).map(|row| row.id).collect();
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&ids)?);
        }
        let text = rpm_pm2::inspect::inspect(&Value::from(ids));
        Ok(cli.screen.answer(format!("{text}\n"))?)
    }
}
