//! `rpm flush`: empties log files.

use super::{Cli, Run};
use crate::connect;
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_core::Target;
use rpm_proto::{Reply, Request};
use serde_json::json;

/// The arguments of `rpm flush`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flush {
    /// Name or id; without one, all apps and the daemon's own log
    target: Option<String>,
}

impl Run for Flush {
    const NAME: &'static str = "flush";
    const ABOUT: &'static str = "Empty log files";
    const GROUP: Group = Group::Logs;

    fn run(self, cli: &mut Cli) -> Outcome {
        let target = self.target.filter(|target| target != "all").map(Target);
        report(cli, &Request::Flush { target }, "flushed")
    }
}

/// Asks for something that is done to log files, and says to which it was done. Where no daemon
/// runs nothing is to be done.
pub(super) fn report(cli: &mut Cli, request: &Request, done: &str) -> Outcome {
    let files = match cli.running()? {
        None => Vec::new(),
        Some(mut client) => match cli.ask(&mut client, request)? {
            Reply::Flushed { files } => files,
            Reply::Failed { fault, .. } => return Err(fault.into()),
            _ => return Err(connect::unexpected().into()),
        },
    };
    if cli.screen.wish.json {
        return Ok(cli.screen.json(&json!({ "files": files }))?);
    }
    for file in files {
        cli.screen.say(file)?;
    }
    Ok(cli.screen.say(format!("Logs {done}"))?)
}
