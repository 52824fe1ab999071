//! `rpm report`: what a bug report needs, without secrets. Never starts a daemon, and does without
//! one.

use super::{Cli, Run};
use crate::connect;
use crate::logs::past::last_lines;
use crate::outcome::Outcome;
use crate::render::report::{self, Shown};
use crate::role::chain;
use crate::system;
use crate::verbs::Group;
use rpm_proto::{Reply, Request, redact};

/// So many lines of the daemon's log are shown.
const LOG_LINES: usize = 20;

/// The arguments of `rpm report`.
#[derive(Debug, clap::Args)]
pub(crate) struct Report {}

impl Run for Report {
    const NAME: &'static str = "report";
    const ABOUT: &'static str = "Show what a bug report needs, without secrets";
    const GROUP: Group = Group::Daemon;

    fn run(self, cli: &mut Cli) -> Outcome {
        let (daemon, silence) = match daemon(cli) {
            Ok(Some(daemon)) => (Some(daemon), None),
            Ok(None) => (None, Some("it does not run".to_owned())),
            Err(why) => (None, Some(why)),
        };
        let shown = Shown { system: system::look(), daemon, silence, log: log(cli) };
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&shown)?);
        }
        let text = report::draw(&shown, cli.view());
        Ok(cli.screen.answer(text)?)
    }
}

/// What the daemon says of itself, or why it does not: a report is for days when things are broken.
fn daemon(cli: &Cli) -> Result<Option<Box<rpm_proto::report::Report>>, String> {
    let Some(mut client) = connect::to_running(&cli.home).map_err(|fault| fault.to_string())?
    else {
        return Ok(None);
    };
    match client.call(&Request::Report, |_| {}) {
        Ok(Reply::Report { report }) => Ok(Some(report)),
        Ok(Reply::Failed { fault, .. }) => Err(fault.to_string()),
        Ok(_) => Err(connect::unexpected().to_string()),
        Err(error) => Err(connect::fault_of(error).to_string()),
    }
}

fn log(cli: &Cli) -> Vec<String> {
    match last_lines(cli.home.log().as_std_path(), LOG_LINES) {
        Ok(lines) => {
            lines.iter().map(|line| redact::text(&String::from_utf8_lossy(line))).collect()
        }
        Err(error) => vec![chain(&error)],
    }
}
