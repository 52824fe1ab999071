//! What the verbs about settings have in common.

use super::{Cli, exchange};
use crate::files;
use crate::outcome::Outcome;
use crate::settings::{Settings, history, lines, rotate};
use camino::Utf8Path;
use rpm_core::Target;
use rpm_proto::{Client, Code, Fault, Request, Verb};
use serde_json::Value;
use std::process::Command;

/// Shows the settings of a group, or all.
pub(super) fn show(cli: &mut Cli, group: Option<&str>) -> Outcome {
    let settings = Settings::read(&cli.home)?;
    if cli.screen.wish.json {
        let all = || Value::Object(settings.values().clone());
        let value = group.map_or_else(all, |group| settings.values()[group].clone());
        return Ok(cli.screen.json(&value)?);
    }
    let text: String =
        lines(settings.values(), group).into_iter().map(|line| line + "\n").collect();
    Ok(cli.screen.answer(text)?)
}

/// Restarts apps that run under these names, with their settings in their environment.
pub(super) fn spread<'a>(cli: &mut Cli, groups: impl Iterator<Item = &'a str>) -> Outcome {
    let settings = Settings::read(&cli.home)?;
    let Some(mut client) = cli.running()? else {
        return Ok(());
    };
    let names: Vec<String> =
        exchange::views(&mut client)?.into_iter().map(|view| view.name).collect();
    for group in groups.filter(|group| names.iter().any(|name| name == group)) {
        let request = Request::Act {
            verb: Verb::Restart,
            targets: vec![Target(group.to_owned())],
            env: Some(settings.variables(group)),
            parallel: None,
            settings: Vec::new(),
        };
        cli.change(&mut client, &request)?;
    }
    Ok(())
}

/// Tells a daemon that runs of the settings that are its own.
pub(super) fn tell(cli: &mut Cli) -> Outcome {
    match cli.running()? {
        Some(mut client) => tell_daemon(cli, &mut client),
        None => Ok(()),
    }
}

/// Tells this daemon of the settings that are its own, and the user what of them cannot be.
pub(super) fn tell_daemon(cli: &mut Cli, client: &mut Client) -> Outcome {
    let settings = Settings::read(&cli.home)?;
    let wrong = rotate::tell(&settings, client)?;
    for wrong in wrong.into_iter().chain(history::tell(&settings, client)?) {
        cli.screen.warn(wrong)?;
    }
    Ok(())
}

/// Lets the user edit the file. What is no JSON afterwards is not taken.
pub(super) fn edit(cli: &mut Cli) -> Outcome {
    let path = cli.home.settings();
    cli.home.create()?;
    let settings = Settings::read(&cli.home)?;
    let draft = path.with_file_name(format!("module_conf.{}.json", std::process::id()));
    files::replace(&draft, settings.text().as_bytes(), 0o600)?;
    let outcome = edited(&draft)
        .and_then(|bytes| Settings::change(&cli.home, |settings| settings.replace(&bytes)));
    match outcome {
        Ok(()) => {
            // A copy that stays does no harm.
            drop(std::fs::remove_file(&draft));
            tell(cli)?;
            cli.screen.say(format!("{path} was edited; restart the apps that it is about"))?;
            Ok(())
        }
        Err(fault) => Err(fault.help(format!("what was written is in {draft}")).into()),
    }
}

fn edited(draft: &Utf8Path) -> Result<Vec<u8>, Fault> {
    let chosen = ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok());
    let editor = chosen.unwrap_or_else(|| "vi".to_owned());
    let failed =
        |why: String| Fault::new(Code::Io, format!("editing with `{editor}` failed")).because(why);
    let words = shlex::split(&editor).filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| failed("it is no command".to_owned()))?;
    let status = Command::new(&words[0]).args(&words[1..]).arg(draft).status();
    match status {
        Ok(status) if status.success() => {
            std::fs::read(draft).map_err(|error| failed(error.to_string()))
        }
        Ok(status) => Err(failed(format!("it ended with {status}"))),
        Err(error) => Err(failed(error.to_string())),
    }
}
