//! `rpm crashes`: the reports of what crashed.

use super::{Cli, Run};
use crate::outcome::{Outcome, Stop};
use crate::render::happenings;
use crate::verbs::Group;
use camino::Utf8PathBuf;
use rpm_chronicle::crashes;
use rpm_proto::{Code, Crash, Fault};
use serde_json::json;
use std::io;

/// The arguments of `rpm crashes`.
#[derive(Debug, clap::Args)]
pub(crate) struct Crashes {
    /// An app, whose last report is shown whole, or the id of a report; without one, a table of all
    target: Option<String>,
    /// Remove the reports instead, all or those of the app
    #[arg(long)]
    clear: bool,
}

impl Run for Crashes {
    const NAME: &'static str = "crashes";
    const ABOUT: &'static str = "Show the reports of crashes, with the last lines before each";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let folder = cli.home.path().join(crashes::FOLDER);
        if self.clear {
            return clear(cli, &folder, self.target);
        }
        let all = crashes::list(&folder).map_err(|error| unreadable(&folder, &error))?;
        match &self.target {
            Some(target) => one(cli, &all, target),
            None => table(cli, &all),
        }
    }
}

fn clear(cli: &mut Cli, folder: &Utf8PathBuf, target: Option<String>) -> Outcome {
    let apps: Vec<String> = target.into_iter().filter(|target| target != "all").collect();
    let removed = crashes::clear(folder, &apps).map_err(|error| unreadable(folder, &error))?;
    if cli.screen.wish.json {
        return Ok(cli.screen.json(&json!({ "removed": removed }))?);
    }
    Ok(cli.screen.say(format!("{removed} reports removed"))?)
}

fn table(cli: &mut Cli, all: &[Crash]) -> Outcome {
    if cli.screen.wish.json {
        return Ok(cli.screen.json(&all)?);
    }
    if all.is_empty() {
        return Ok(cli.screen.note("nothing has crashed")?);
    }
    let text = happenings::crashes(all, cli.screen.look.width, cli.screen.paint());
    Ok(cli.screen.answer(text)?)
}

/// The report of that id, or the last one of that app.
fn one(cli: &mut Cli, all: &[Crash], target: &str) -> Outcome {
    let by_id = all.iter().find(|crash| crash.id == target);
    let found = by_id.or_else(|| {
        let is_its = |crash: &&Crash| crash.app == target || target.parse() == Ok(crash.proc);
        all.iter().rev().find(is_its)
    });
    let Some(crash) = found else {
        let fault = Fault::new(Code::NotFound, format!("there is no report of `{target}`"));
        return Err(fault.help("`rpm crashes` shows all that there are").into());
    };
    if cli.screen.wish.json {
        return Ok(cli.screen.json(crash)?);
    }
    Ok(cli.screen.answer(happenings::crash(crash, cli.screen.paint()))?)
}

fn unreadable(folder: &Utf8PathBuf, error: &io::Error) -> Stop {
    Fault::new(Code::Io, format!("the crash reports in {folder} cannot be read"))
        .because(error.to_string())
        .into()
}
