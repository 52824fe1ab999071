//! `rpm alerts`: who is told of what happens.

use super::{Cli, Run};
use crate::files;
use crate::outcome::{Outcome, Stop};
use crate::render::table::{Cell, Column, Table};
use crate::verbs::Group;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_alerts::message::Message;
use rpm_alerts::{Hook, Hooks, HooksError, Outcome as Delivered, To, deliver, hooks};
use rpm_proto::{Code, Fault, Happening, Level, Reply, Request};
use serde_json::json;
use std::error::Error;
use std::fs::File;

/// The arguments of `rpm alerts`.
#[derive(Debug, clap::Args)]
pub(crate) struct Alerts {
    /// What to do; without it, those that are set up are shown
    #[arg(value_enum)]
    action: Option<Action>,
    /// `add`: `webhook URL`, `slack URL`, `discord URL` or `command 'COMMAND'`; `remove` and `test`:
    /// the number of one, or `all`
    #[arg(value_name = "WORDS")]
    words: Vec<String>,
    /// Tell only of these kinds of events, such as `crash,errored`
    #[arg(long = "kind", value_name = "KINDS", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Tell of what is at least so grave: `info`, `warn` or `error`
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    level: String,
    /// Tell only of these apps, and of the daemon
    #[arg(long = "app", value_name = "APPS", value_delimiter = ',')]
    apps: Vec<String>,
    /// Send so many messages a minute at most, and the number of those left out
    #[arg(long, value_name = "N", default_value_t = hooks::PER_MINUTE)]
    per_minute: u32,
    /// Sign what is posted to a webhook with this secret; `RPM_ALERT_SECRET` keeps it out of `ps`
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,
    /// Trust an https receiver by the authorities in this PEM file, instead of those of the web
    #[arg(long, value_name = "FILE")]
    ca: Option<Utf8PathBuf>,
}

/// What `rpm alerts` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Action {
    /// Show them.
    List,
    /// Add one.
    Add,
    /// Remove one.
    Remove,
    /// Send a message to see that it arrives.
    Test,
}

impl Run for Alerts {
    const NAME: &'static str = "alerts";
    const ALIASES: &'static [&'static str] = &["alert"];
    const ABOUT: &'static str = "Set up who is told of crashes: webhooks, chats, commands";
    const GROUP: Group = Group::Settings;

    fn run(self, cli: &mut Cli) -> Outcome {
        match self.action.unwrap_or(Action::List) {
            Action::List => list(cli),
            Action::Add => self.add(cli),
            Action::Remove => remove(cli, &self.words),
            Action::Test => test(cli, &self.words),
        }
    }
}

impl Alerts {
    fn add(self, cli: &mut Cli) -> Outcome {
        let to = self.to()?;
        let ca = self.ca.as_deref().map(|file| authority(file, &to)).transpose()?;
        let level = super::events::level(&self.level)?;
        if self.per_minute == 0 {
            return Err(usage("`--per-minute 0` would tell nothing").help("at least 1").into());
        }
        let (kinds, apps, per_minute) = (self.kinds, self.apps, self.per_minute);
        let id = change(cli, |all| {
            if all.hooks.len() >= hooks::HOOKS_MAX {
                let what = format!("there are {} already", hooks::HOOKS_MAX);
                return Err(usage(what).help("`rpm alerts remove` some"));
            }
            let id = all.free_id();
            let to = to.clone();
            all.hooks.push(Hook { id, to, kinds, level, apps, per_minute, ca });
            Ok(id)
        })?;
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&json!({ "id": id }))?);
        }
        cli.screen.say(format!(
            "{} {} is told from now on (number {id})",
            to.kind(),
            to.shown()
        ))?;
        Ok(cli.screen.say(format!("`rpm alerts test {id}` sends it a message"))?)
    }

    fn to(&self) -> Result<To, Fault> {
        const FORMS: &str =
            "write `webhook URL`, `slack URL`, `discord URL` or `command 'COMMAND'`";
        let [kind, value] = &*self.words else {
            return Err(usage("`rpm alerts add` takes two words").help(FORMS));
        };
        let secret = self.secret.clone().or_else(|| std::env::var("RPM_ALERT_SECRET").ok());
        let secret = secret.filter(|secret| !secret.is_empty());
        let value = value.clone();
        let to = match kind.as_str() {
            "webhook" => To::Webhook { url: value, secret },
            "slack" => To::Slack { url: value },
            "discord" => To::Discord { url: value },
            "command" => To::Command { run: value },
            _ => return Err(usage(format!("`{kind}` cannot be told anything")).help(FORMS)),
        };
        if self.secret.is_some() && !matches!(to, To::Webhook { .. }) {
            return Err(usage("only what is posted to a webhook is signed"));
        }
        to.check().map_err(|why| usage(format!("`{kind}` cannot be told so")).because(why))?;
        Ok(to)
    }
}

/// The file of authorities as the daemon finds it, from wherever it was named.
fn authority(file: &Utf8Path, to: &To) -> Result<String, Fault> {
    if !to.is_https() {
        return Err(usage("only a receiver with an `https://` address has a certificate")
            .help("`--ca` goes with such an address"));
    }
    let unread = |why: String| {
        Fault::new(Code::Usage, format!("no authorities are in {file}"))
            .because(why)
            .help("`--ca` names a file with one or more `-----BEGIN CERTIFICATE-----`")
    };
    let path = file.canonicalize_utf8().map_err(|error| unread(error.to_string()))?;
    deliver::authorities(path.as_str()).map_err(unread)?;
    Ok(path.into_string())
}

fn list(cli: &mut Cli) -> Outcome {
    let all = read(cli)?.hooks;
    if cli.screen.wish.json {
        let shown = all.iter().map(|hook| {
            json!({
                "id": hook.id, "kind": hook.to.kind(), "to": hook.to.shown(), "level": hook.level,
                "kinds": hook.kinds, "apps": hook.apps, "per_minute": hook.per_minute,
                "ca": hook.ca,
            })
        });
        return Ok(cli.screen.json(&shown.collect::<Vec<_>>())?);
    }
    if all.is_empty() {
        return Ok(cli.screen.note("nobody is told; `rpm alerts add --help` shows how")?);
    }
    let columns =
        ["id", "kind", "to", "level", "kinds", "apps", "a minute"].map(|name| match name {
            "to" | "kinds" | "apps" => Column::cut(name, 8),
            name => Column::whole(name),
        });
    let or_all = |words: &[String]| if words.is_empty() { "all".into() } else { words.join(",") };
    let rows = all.iter().map(|hook| {
        let level = match hook.level {
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        vec![
            Cell::new(hook.id.to_string()),
            Cell::new(hook.to.kind()),
            Cell::new(hook.to.shown()),
            Cell::new(level),
            Cell::new(or_all(&hook.kinds)),
            Cell::new(or_all(&hook.apps)),
            Cell::new(hook.per_minute.to_string()),
        ]
    });
    let table = Table { columns: columns.to_vec(), rows: rows.collect(), headed: true };
    Ok(cli.screen.answer(table.draw(cli.screen.look.width, cli.screen.paint()))?)
}

fn remove(cli: &mut Cli, words: &[String]) -> Outcome {
    let removed = change(cli, |all| {
        let gone = chosen(all, words, "remove")?;
        all.hooks.retain(|hook| !gone.contains(&hook.id));
        Ok(gone.len())
    })?;
    if cli.screen.wish.json {
        return Ok(cli.screen.json(&json!({ "removed": removed }))?);
    }
    Ok(cli.screen.say(format!("{removed} removed"))?)
}

/// Sends a message from here, so that what goes wrong is seen at once.
fn test(cli: &mut Cli, words: &[String]) -> Outcome {
    let all = read(cli)?;
    let all_of_them = [String::from("all")];
    let chosen = chosen(&all, if words.is_empty() { &all_of_them } else { words }, "test")?;
    let mut failures = Vec::new();
    for hook in all.hooks.iter().filter(|hook| chosen.contains(&hook.id)) {
        let name = format!("{} ({} {})", hook.id, hook.to.kind(), hook.to.shown());
        match deliver::deliver(&sample(hook)) {
            Delivered::Delivered => cli.screen.say(format!("{name} has taken it"))?,
            Delivered::Later(why) | Delivered::Refused(why) => {
                failures.push(format!("{name}: {why}"));
            }
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    let mut fault = Fault::new(Code::Other, "a message did not arrive");
    if failures.iter().any(|why| why.contains("certificate")) {
        let help = "`rpm alerts add … --ca FILE` trusts an authority of your own";
        fault = fault.help(help);
    }
    Err(failures.into_iter().fold(fault, Fault::because).into())
}

fn sample(hook: &Hook) -> Message {
    Message {
        to: hook.to.clone(),
        host: rpm_sys::host::name(),
        happening: Happening {
            seq: 0,
            at: rpm_proto::now(),
            kind: "test".to_owned(),
            level: Level::Info,
            app: None,
            id: None,
            text: "a test of `rpm alerts`: this is how you will be told".to_owned(),
            by: None,
            data: serde_json::Map::new(),
        },
        left_out: 0,
        attempt: 1,
        ca: hook.ca.clone(),
    }
}

/// The numbers that the words name.
fn chosen(all: &Hooks, words: &[String], verb: &str) -> Result<Vec<u32>, Fault> {
    let [word] = words else {
        return Err(usage(format!("`rpm alerts {verb}` takes one number, or `all`")));
    };
    if word == "all" {
        return Ok(all.hooks.iter().map(|hook| hook.id).collect());
    }
    let found = all.hooks.iter().find(|hook| word.parse() == Ok(hook.id));
    found.map(|hook| vec![hook.id]).ok_or_else(|| {
        Fault::new(Code::NotFound, format!("there is no number `{word}`"))
            .help("`rpm alerts` shows those that there are")
    })
}

fn read(cli: &Cli) -> Result<Hooks, Fault> {
    Hooks::read(cli.home.path()).map_err(|error| unread(cli, &error))
}

/// Changes those of a home and tells the daemon. Commands that do so at once wait for each other.
fn change<T>(
    cli: &mut Cli,
    change: impl FnOnce(&mut Hooks) -> Result<T, Fault>,
) -> Result<T, Stop> {
    cli.home.create()?;
    let folder = cli.home.path().to_owned();
    // Released when it goes out of scope.
    let lock = File::open(&folder).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.map_err(|error| {
        Fault::new(Code::Io, format!("{folder} cannot be locked")).because(error.to_string())
    })?;
    let mut all = read(cli)?;
    let result = change(&mut all)?;
    files::replace(&folder.join(hooks::FILE), all.text().as_bytes(), 0o600)?;
    if let Some(mut client) = cli.running()? {
        match client.call(&Request::ReadAlerts, |_| {})? {
            Reply::Alerts { .. } => {}
            Reply::Failed { fault, .. } => return Err(fault.into()),
            _ => return Err(crate::connect::unexpected().into()),
        }
    }
    Ok(result)
}

fn unread(cli: &Cli, error: &HooksError) -> Fault {
    let path = cli.home.path().join(hooks::FILE);
    let fault = Fault::new(Code::Io, error.to_string()).help(format!("mend or remove {path}"));
    match error.source() {
        Some(why) => fault.because(why.to_string()),
        None => fault,
    }
}

fn usage(what: impl Into<String>) -> Fault {
    Fault::new(Code::Usage, what)
}
