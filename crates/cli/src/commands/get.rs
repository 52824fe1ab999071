//! `rpm get`: shows a setting, those of an app, or all.

use super::{Cli, Run, settings};
use crate::outcome::{Outcome, Stop};
use crate::settings::{Key, Settings, value_text};
use crate::verbs::Group;

/// The arguments of `rpm get`.
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// `APP:NAME`, an app, or `all`
    key: Option<String>,
}

impl Run for Get {
    const NAME: &'static str = "get";
    const ABOUT: &'static str = "Show a setting; none of that name ends with status 1";
    const GROUP: Group = Group::Settings;

    fn run(self, cli: &mut Cli) -> Outcome {
        match self.key.as_deref() {
            None | Some("all") => settings::show(cli, None),
            Some(key) => show(cli, &Key::read(key)?),
        }
    }
}

/// Shows what is under a key. As in PM2, a script learns from the status alone that nothing is.
pub(super) fn show(cli: &mut Cli, key: &Key) -> Outcome {
    let settings = Settings::read(&cli.home)?;
    let value = settings.get(key).ok_or(Stop::Said(1))?;
    if cli.screen.wish.json {
        return Ok(cli.screen.json(value)?);
    }
    match (key.parts(), value) {
        ([group], serde_json::Value::Object(_)) => settings::show(cli, Some(group)),
        ([group, name, ..], value) => {
            let text = value_text(value);
            Ok(cli.screen.answer(format!("Value for module {group} key {name}: {text}\n"))?)
        }
        (_, value) => Ok(cli.screen.answer(format!("{}\n", value_text(value)))?),
    }
}
