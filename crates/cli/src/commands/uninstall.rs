//! `rpm uninstall`: removes a module. Its settings stay, as in PM2.

use super::modules::installed;
use super::{Cli, Run, Table, exchange};
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_core::Target;
use rpm_proto::{Code, Fault, Request, Verb};

/// The arguments of `rpm uninstall`.
#[derive(Debug, clap::Args)]
pub(crate) struct Uninstall {
    /// The module, or `all`
    module: String,
}

impl Run for Uninstall {
    const NAME: &'static str = "uninstall";
    const ALIASES: &'static [&'static str] = &["module:uninstall"];
    const ABOUT: &'static str = "Remove a module; its settings stay";
    const GROUP: Group = Group::Settings;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut names = installed(&cli.home.modules());
        if self.module != "all" {
            names.retain(|name| *name == self.module);
        }
        let mut client = cli.running()?;
        let views = client.as_mut().map(exchange::views).transpose()?.unwrap_or_default();
        let mut running: Vec<String> =
            views.into_iter().filter(|view| view.module).map(|view| view.name).collect();
        running.dedup();
        let is_meant = |of: &str| {
            let rest = of.strip_prefix(&self.module);
            self.module == "all"
                || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        running.retain(|name| is_meant(name));
        if names.is_empty() && running.is_empty() && self.module != "all" {
            let what = format!("no module `{}` is installed", self.module);
            return Err(Fault::new(Code::NotFound, what).into());
        }
        if let (Some(client), false) = (client.as_mut(), running.is_empty()) {
            let request = Request::Act {
                verb: Verb::Delete,
                targets: running.into_iter().map(Target).collect(),
                env: None,
                parallel: None,
                settings: Vec::new(),
            };
            cli.change(client, &request)?;
        }
        for name in names {
            let folder = cli.home.modules().join(&name);
            std::fs::remove_dir_all(&folder).map_err(|error| {
                Fault::new(Code::Io, format!("removing {folder} failed")).because(error.to_string())
            })?;
            cli.screen.say(format!("{name} uninstalled"))?;
        }
        cli.conclude(client.as_mut(), Ok(()), Table::Shown)
    }
}
