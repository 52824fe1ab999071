//! What targets mean: config files, standard input, or what the daemon knows.

use super::{Cli, Table, exchange};
use crate::context;
use crate::outcome::{Outcome, Stop};
use crate::settings::Settings;
use rpm_config::{Loaded, Selection};
use rpm_core::spec::{AppSpec, Env, Setting};
use rpm_core::{Existing, Target};
use rpm_proto::{Client, Code, Fault, Request, Verb};
use std::io::Read;

/// The config files that `start` without a target looks for, in this order.
const DEFAULTS: [&str; 8] = [
    "ecosystem.config.js",
    "ecosystem.config.cjs",
    "ecosystem.config.mjs",
    "ecosystem.json",
    "ecosystem.json5",
    "ecosystem.yaml",
    "ecosystem.yml",
    "ecosystem.toml",
];
/// Flags that are for a start alone: the number of instances is changed by `scale`.
const FIXED: [&str; 4] = ["--instances", "--execute-command", "--uid", "--gid"];
/// A config on standard input may be so long.
const STDIN_MAX: u64 = 16 * 1024 * 1024;

/// Whether the target is a config: a file by its name, or `-` for standard input.
pub(super) fn is_config(target: &str) -> bool {
    target == "-" || rpm_config::is_config_file(target)
}

/// The config file that is meant when none is named.
pub(super) fn default_config() -> Result<String, Fault> {
    let found = DEFAULTS.iter().find(|name| std::path::Path::new(name).exists());
    found.map(|name| (*name).to_owned()).ok_or_else(|| {
        Fault::new(Code::ConfigMissing, "there is no ecosystem.config.js here")
            .help("name a config file or a script: `rpm start app.js`")
    })
}

impl Cli {
    /// The apps of a config that `--only`, `--env` and `--namespace` leave. Warns of what is odd.
    pub(super) fn load(&mut self, target: &str, base_env: &Env) -> Result<Vec<AppSpec>, Stop> {
        let context = context::find()?;
        let selection = Selection {
            env: self.flags.control.env.clone(),
            only: self.flags.control.only(),
            namespace: self.flags.app.namespace.clone(),
            base_env,
        };
        let Loaded { mut apps, warnings } = if target == "-" {
            rpm_config::load_json(&read_stdin()?, "standard input", &context, &selection)?
        } else {
            rpm_config::load_file(target.into(), &context, &selection)?
        };
        for warning in warnings {
            self.screen.warn(warning)?;
        }
        Settings::read(&self.home)?.lend(&mut apps);
        Ok(apps)
    }

    /// Makes the apps of a config run. Nothing is started for a config that cannot be read, the
    /// daemon neither.
    pub(super) fn apply_config(
        &mut self,
        client: &mut Option<Client>,
        target: &str,
        existing: Existing,
    ) -> Outcome {
        let base_env = context::shell_env();
        let apps = self.load(target, &base_env)?;
        let parallel = self.flags.control.parallel;
        let update_env = self.flags.control.update_env;
        self.apply(client, &Request::Apply { base_env, apps, existing, parallel, update_env })
    }

    /// The apps that a target describes: a config, or a script with the flags and arguments.
    pub(super) fn described(&mut self, target: &str, base_env: &Env) -> Result<Vec<AppSpec>, Stop> {
        if is_config(target) {
            return self.load(target, base_env);
        }
        let args = self.args.clone().unwrap_or_default();
        let flags = self.flags.app.clone().into_flags(args);
        let mut apps = vec![rpm_config::from_flags(target, &flags, &context::find()?, base_env)?];
        Settings::read(&self.home)?.lend(&mut apps);
        Ok(apps)
    }

    /// Asks for something to be started, by a daemon that is started where none runs.
    pub(super) fn apply(&mut self, client: &mut Option<Client>, request: &Request) -> Outcome {
        let client = match client {
            Some(client) => client,
            None => client.insert(self.started()?),
        };
        self.change(client, request)
    }

    /// Does `verb` to what the targets name, in their order; those that are no config files in one
    /// request, so that an unknown one among them leaves all as they are.
    pub(super) fn act(&mut self, verb: Verb, targets: &[String], table: Table) -> Outcome {
        let any_config = targets.iter().any(|target| is_config(target));
        if self.flags.control.env.is_some() && !any_config {
            return Err(env_without_config().into());
        }
        let mut client = self.running()?;
        let mut outcome = Ok(());
        for group in targets.chunk_by(|a, b| !is_config(a) && !is_config(b)) {
            outcome = match (group, &mut client) {
                ([config], client) if is_config(config) => self.act_on_config(client, verb, config),
                (_, Some(client)) => self.act_on(client, verb, group),
                (_, None) => Err(nothing_runs(group).into()),
            };
            if outcome.is_err() {
                break;
            }
        }
        self.conclude(client.as_mut(), outcome, table)
    }

    /// Does `verb` to what the daemon knows by these names.
    pub(super) fn act_on(
        &mut self,
        client: &mut Client,
        verb: Verb,
        targets: &[String],
    ) -> Outcome {
        let settings = self.settings(verb)?;
        let targets = targets.iter().map(|target| Target(file_or_word(target))).collect();
        let env = self.flags.control.update_env.then(context::env_to_merge);
        let parallel = self.flags.control.parallel;
        self.change(client, &Request::Act { verb, targets, env, settings, parallel })
    }

    fn act_on_config(&mut self, client: &mut Option<Client>, verb: Verb, config: &str) -> Outcome {
        match (verb, client) {
            (Verb::Start | Verb::Restart, client) => {
                self.apply_config(client, config, Existing::Restart)
            }
            (Verb::Reload, client) => self.apply_config(client, config, Existing::Reload),
            (Verb::Stop | Verb::Delete | Verb::Reset, Some(client)) => {
                let names = self.known_of(client, config)?;
                self.act_on(client, verb, &names)
            }
            (Verb::Stop | Verb::Delete | Verb::Reset, None) => {
                self.load(config, &context::shell_env())?;
                Err(nothing_runs(&[config.to_owned()]).into())
            }
        }
    }

    /// The apps of a config that the daemon knows.
    fn known_of(&mut self, client: &mut Client, config: &str) -> Result<Vec<String>, Stop> {
        let apps = self.load(config, &context::shell_env())?;
        let known = exchange::views(client)?;
        let mut names: Vec<String> = apps.into_iter().map(|app| app.name).collect();
        names.retain(|name| known.iter().any(|view| view.name == *name));
        if names.is_empty() {
            let fault = Fault::new(Code::NotFound, format!("no app of {config} is known"));
            return Err(fault.help("`rpm list` shows what there is").into());
        }
        Ok(names)
    }

    /// What the flags and the words after `--` change of apps that exist; those that change nothing
    /// are warned of.
    fn settings(&mut self, verb: Verb) -> Result<Vec<Setting>, Stop> {
        let starts = matches!(verb, Verb::Start | Verb::Restart | Verb::Reload);
        let stays = |flag: &&String| match (verb, flag.as_str()) {
            (Verb::Stop, "--watch") => false,
            (_, flag) => !starts || FIXED.contains(&flag),
        };
        let ignored: Vec<&String> = self.app_flags.iter().filter(stays).collect();
        if !ignored.is_empty() {
            let flags = ignored.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            self.screen.warn(format!("{flags}: only for what is started new; ignored"))?;
        }
        let flags = self.flags.app.clone().into_flags(Vec::new());
        if verb == Verb::Stop {
            return Ok(flags.watch.map(|_| Setting::Watch(false)).into_iter().collect());
        }
        if !starts {
            return Ok(Vec::new());
        }
        Ok(rpm_config::settings(&flags, self.args.as_deref(), &context::find()?)?)
    }
}

/// A file of this folder by its whole path, by which the daemon knows the apps that run it.
fn file_or_word(target: &str) -> String {
    let is_file = target.contains(['.', '/']) && std::path::Path::new(target).is_file();
    let path = is_file.then(|| camino::absolute_utf8(target).ok()).flatten();
    path.map_or_else(|| target.to_owned(), String::from)
}

/// The fault of a command that needs a daemon.
pub(super) fn nothing_runs(targets: &[String]) -> Fault {
    let what = match targets {
        [] => "no daemon runs".to_owned(),
        targets => format!("no process found for `{}`", targets.join(" ")),
    };
    Fault::new(Code::NotFound, what)
        .because("nothing has been started")
        .help("`rpm start` starts apps, `rpm resurrect` those of the saved list")
}

/// The fault of `--env` where there is no config to take variables from.
pub(super) fn env_without_config() -> Fault {
    Fault::new(Code::Usage, "`--env` needs a config file")
        .because("the names of environments are written there")
        .help("name the file: `rpm restart ecosystem.json --env production`")
}

fn read_stdin() -> Result<String, Fault> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(STDIN_MAX + 1).read_to_string(&mut text);
    match read {
        Ok(_) if text.len() as u64 <= STDIN_MAX => Ok(text),
        Ok(_) => {
            Err(Fault::new(Code::Io, format!("standard input has more than {STDIN_MAX} bytes")))
        }
        Err(error) => {
            Err(Fault::new(Code::Io, "reading standard input failed").because(error.to_string()))
        }
    }
}
