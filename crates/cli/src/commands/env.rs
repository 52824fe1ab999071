//! `rpm env`: the environment of a process.

use super::targets::nothing_runs;
use super::{Cli, Run, exchange};
use crate::outcome::Outcome;
use crate::verbs::Group;

/// What the process was told about itself and is no variable of the user's; PM2 hides it too.
const HIDDEN: [&str; 26] = [
    "name",
    "exec_mode",
    "args",
    "pm_cwd",
    "exec_interpreter",
    "pm_exec_path",
    "node_args",
    "pm_out_log_path",
    "pm_err_log_path",
    "pm_log_path",
    "pm_pid_path",
    "pm_id",
    "status",
    "pm_uptime",
    "created_at",
    "windowsHide",
    "username",
    "merge_logs",
    "instance_var",
    "restart_time",
    "pmx",
    "watch",
    "vizion",
    "vizion_running",
    "automation",
    "instances",
];
const ALSO_HIDDEN: [&str; 3] = ["autostart", "autorestart", "treekill"];

/// The arguments of `rpm env`.
#[derive(Debug, clap::Args)]
pub(crate) struct Env {
    /// Id or name
    target: String,
}

impl Run for Env {
    const NAME: &'static str = "env";
    const ABOUT: &'static str = "Show the environment of a process";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let targets = [self.target];
        let mut client = cli.running()?.ok_or_else(|| nothing_runs(&targets))?;
        let details = exchange::details(&mut client, Some(&targets[0]))?;
        let Some(detail) = details.into_iter().next() else {
            return Err(nothing_runs(&targets).into());
        };
        let own = &detail.spec.env;
        let mut env = detail.env;
        env.retain(|name, _| {
            let hidden = HIDDEN.contains(&name.as_str()) || ALSO_HIDDEN.contains(&name.as_str());
            own.contains_key(name) || !hidden
        });
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&env)?);
        }
        for (name, value) in &env {
            cli.screen.answer(format!("{name}: {value}\n"))?;
        }
        Ok(())
    }
}
