//! `rpm set`: changes a setting of an app or module.

use super::{Cli, Run, get, settings};
use crate::outcome::Outcome;
use crate::settings::{Key, Settings, history, rotate};
use crate::verbs::Group;

/// The arguments of `rpm set`.
#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// `APP:NAME` for a setting of an app, or a name alone. Without one, an editor opens
    key: Option<String>,
    /// Its value; the setting is shown when left out
    #[arg(allow_hyphen_values = true)]
    value: Option<String>,
}

impl Run for Set {
    const NAME: &'static str = "set";
    const ABOUT: &'static str = "Change a setting of an app, which is restarted with it";
    const GROUP: Group = Group::Settings;

    fn run(self, cli: &mut Cli) -> Outcome {
        let Some(key) = self.key else {
            return settings::edit(cli);
        };
        let key = Key::read(&key)?;
        let Some(value) = self.value else {
            return get::show(cli, &key);
        };
        rotate::check(&key, &value)?;
        history::check(&key, &value)?;
        Settings::change(&cli.home, |settings| settings.set(&key, value))?;
        settings::tell(cli)?;
        cli.screen.say("Setting changed")?;
        settings::spread(cli, key.group().into_iter())?;
        settings::show(cli, key.group())
    }
}
