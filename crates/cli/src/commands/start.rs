//! `rpm start`: a config file, a script, or what is known and down.

use super::foreground::{self, End, Foreground};
use super::targets::{default_config, env_without_config, is_config, nothing_runs};
use super::{Cli, Run, Table, afterwards, exchange, init};
use crate::context;
use crate::flags::Shows;
use crate::logs::line::{Form, Shaper};
use crate::outcome::{Outcome, Stop};
use crate::runtime::Inbox;
use crate::verbs::Group;
use rpm_core::Existing;
use rpm_pm2::stamp::Stamp;
use rpm_proto::{Client, Code, Fault, ProcessView, Request, Verb};
use std::path::Path;

/// The arguments of `rpm start`.
#[derive(Debug, clap::Args)]
pub(crate) struct Start {
    /// Config file, script, command, `-` for a config on standard input; or name, id, namespace or
    /// `all` of what is known. Without one, the ecosystem file of this folder. `--write` keeps the
    /// flags of a script as a config file
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

impl Run for Start {
    const NAME: &'static str = "start";
    const ABOUT: &'static str = "Start a config file, a script, or what is stopped";
    const GROUP: Group = Group::Apps;
    const SHOWS: Shows = Shows::ALL;
    const TAKES_APP_ARGS: bool = true;

    fn run(mut self, cli: &mut Cli) -> Outcome {
        self.take_back(cli);
        if self.targets.is_empty() {
            self.targets.push(default_config()?);
        }
        if cli.flags.control.env.is_some() && !self.targets.iter().any(|it| is_config(it)) {
            return Err(env_without_config().into());
        }
        if cli.flags.control.write {
            self.write_config(cli)?;
        }
        if cli.flags.control.no_daemon {
            return self.in_foreground(cli);
        }
        let attached = afterwards::begin(cli)?;
        let mut client = cli.running()?;
        let mut outcome = Ok(());
        for target in &self.targets {
            outcome = start(cli, &mut client, target);
            if outcome.is_err() {
                break;
            }
        }
        let outcome = cli.conclude(client.as_mut(), outcome, Table::Shown);
        drop(client);
        attached.follow(cli, outcome)
    }
}

impl Start {
    /// Words that belong here and that a flag took.
    fn take_back(&mut self, cli: &mut Cli) {
        let exists = |word: &str| Path::new(word).exists();
        let named = !self.targets.is_empty();
        self.targets.extend(cli.flags.app.give_back(named, exists));
    }

    /// `--write`: the app as a config file. One that exists may hold what somebody wrote, and stays.
    fn write_config(&self, cli: &mut Cli) -> Outcome {
        let [target] = self.targets.as_slice() else {
            return Err(Fault::new(Code::Usage, "`--write` takes one script").into());
        };
        if is_config(target) {
            let fault = Fault::new(Code::Usage, format!("`--write`: {target} is a config file"));
            return Err(fault.help("it says what to start already").into());
        }
        let flags = cli.flags.app.clone().into_flags(cli.args.clone().unwrap_or_default());
        let context = context::find()?;
        let app = rpm_config::from_flags(target, &flags, &context, &context::shell_env())?;
        let text = serde_json::to_string_pretty(&rpm_config::written(target, &flags)?);
        let text = text.map_err(std::io::Error::from)?;
        let path = context.cwd.join(format!("{}-pm2.json", app.name.replace('/', "-")));
        init::write(&path, &format!("{text}\n"), false)?;
        Ok(cli.screen.say(format!("Writing configuration to {path}"))?)
    }

    /// `--no-daemon`: a signal ends it, and the apps in order. A daemon that was there before stays.
    fn in_foreground(&self, cli: &mut Cli) -> Outcome {
        // Before any thread is there: they all inherit that signals are not for them.
        let inbox = Inbox::open()?;
        let base_env = context::shell_env();
        let mut apps = Vec::new();
        for target in &self.targets {
            apps.extend(cli.described(target, &base_env)?);
        }
        let form = if cli.screen.wish.json { Form::Json } else { Form::Labelled };
        let shaper = Shaper::new(form, Some(Stamp::new("HH:mm:ss")), None, cli.screen.paint());
        let request = foreground::started(base_env, apps);
        Foreground { home: &cli.home, inbox, shaper, stays: true, end: End::Ours }
            .hold(&request, |_| {})
    }
}

fn start(cli: &mut Cli, client: &mut Option<Client>, target: &str) -> Outcome {
    if is_config(target) {
        return cli.apply_config(client, target, Existing::Restart);
    }
    if let Some(client) = client
        && is_known(client, target)?
    {
        return cli.act_on(client, Verb::Start, &[target.to_owned()]);
    }
    if client.is_none() && target == "all" {
        return Err(nothing_runs(&[target.to_owned()]).into());
    }
    let base_env = context::shell_env();
    let apps = cli.described(target, &base_env)?;
    let force = cli.flags.control.force;
    let existing = if force { Existing::Duplicate } else { Existing::Refuse };
    cli.apply(
        client,
        &Request::Apply { base_env, apps, existing, parallel: None, update_env: true },
    )
}

/// Whether the target is something that the daemon knows, not a file to run. A bare number always
/// is: nobody means a file by it that is not there.
fn is_known(client: &mut Client, target: &str) -> Result<bool, Stop> {
    let path = Path::new(target);
    if target == "all" {
        return Ok(true);
    }
    if target.starts_with('/') && target.ends_with('/') && target.len() > 2 {
        return Ok(!path.exists());
    }
    if target.contains('/') || (path.extension().is_some() && path.exists()) {
        return Ok(false);
    }
    let is_id = target.parse::<u32>().is_ok();
    let is_named = |view: &ProcessView| view.name == target || view.namespace == target;
    Ok((is_id && !path.exists()) || exchange::views(client)?.iter().any(is_named))
}
