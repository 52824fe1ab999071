//! `rpm save`: writes the list that `resurrect` starts.

use super::targets::nothing_runs;
use super::{Cli, Run};
use crate::connect;
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_proto::{Code, Reply, Request};
use serde_json::json;

/// The arguments of `rpm save`.
#[derive(Debug, clap::Args)]
pub(crate) struct Save {}

impl Run for Save {
    const NAME: &'static str = "save";
    const ALIASES: &'static [&'static str] = &["dump"];
    const ABOUT: &'static str = "Save the list; `--force` saves an empty one too";
    const GROUP: Group = Group::Daemon;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut client = cli.running()?.ok_or_else(|| nothing_runs(&[]))?;
        let force = cli.flags.control.force || std::env::var_os("FORCE").is_some();
        match cli.ask(&mut client, &Request::Save { force })? {
            Reply::Saved { path, processes } if cli.screen.wish.json => {
                Ok(cli.screen.json(&json!({ "path": path, "processes": processes }))?)
            }
            Reply::Saved { path, .. } => {
                Ok(cli.screen.say(format!("Successfully saved in {path}"))?)
            }
            // As in PM2, saving nothing is no error: scripts save at their end.
            Reply::Failed { fault, .. } if fault.code == Code::NotFound => {
                let help = fault.help.map(|help| format!("; {help}")).unwrap_or_default();
                Ok(cli.screen.warn(format!("{}{help}", fault.what))?)
            }
            Reply::Failed { fault, .. } => Err(fault.into()),
            _ => Err(connect::unexpected().into()),
        }
    }
}
