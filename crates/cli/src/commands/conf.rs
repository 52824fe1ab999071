//! `rpm conf`: shows all settings.

use super::{Cli, Run, settings};
use crate::outcome::Outcome;
use crate::verbs::Group;

/// The arguments of `rpm conf`.
#[derive(Debug, clap::Args)]
pub(crate) struct Conf {
    /// As in PM2, all are shown whatever is named
    #[arg(hide = true, allow_hyphen_values = true)]
    ignored: Vec<String>,
}

impl Run for Conf {
    const NAME: &'static str = "conf";
    const ALIASES: &'static [&'static str] = &["config"];
    const ABOUT: &'static str = "Show all settings";
    const GROUP: Group = Group::Settings;

    fn run(self, cli: &mut Cli) -> Outcome {
        drop(self.ignored);
        settings::show(cli, None)
    }
}
