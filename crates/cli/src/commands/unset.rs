//! `rpm unset`: removes a setting, those of an app, or all.

use super::{Cli, Run, settings};
use crate::outcome::Outcome;
use crate::settings::{Key, Settings};
use crate::verbs::Group;

/// The arguments of `rpm unset`.
#[derive(Debug, clap::Args)]
pub(crate) struct Unset {
    /// `APP:NAME`, an app, or `all`
    key: String,
}

impl Run for Unset {
    const NAME: &'static str = "unset";
    const ABOUT: &'static str = "Remove a setting, those of an app, or `all`";
    const GROUP: Group = Group::Settings;

    fn run(self, cli: &mut Cli) -> Outcome {
        let key = Key::read(&self.key)?;
        Settings::change(&cli.home, |settings| {
            if self.key == "all" {
                settings.clear();
            } else {
                settings.unset(&key);
            }
            Ok(())
        })?;
        settings::tell(cli)?;
        settings::show(cli, None)
    }
}
