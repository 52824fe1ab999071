//! `rpm ping`: starts a daemon where none runs.

use super::{Cli, Run};
use crate::connect;
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use rpm_proto::{Code, Reply, Request};
use serde_json::json;

/// The arguments of `rpm ping`.
#[derive(Debug, clap::Args)]
pub(crate) struct Ping {}

impl Run for Ping {
    const NAME: &'static str = "ping";
    const ABOUT: &'static str = "See whether the daemon answers; starts it where none runs";
    const GROUP: Group = Group::Daemon;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut client = cli.started()?;
        let mut answer = cli.ask(&mut client, &Request::Ping);
        let hung_up =
            |stop: &Stop| matches!(stop, Stop::Fault(it) if it.code == Code::DaemonSilent);
        if answer.as_ref().is_err_and(hung_up) {
            // It died, and nobody follows it but whom we start.
            client = cli.started()?;
            answer = cli.ask(&mut client, &Request::Ping);
        }
        match answer? {
            Reply::Pong if cli.screen.wish.json => {
                let (version, pid) = client.daemon().map(|it| (&it.version, it.pid)).unzip();
                Ok(cli.screen.json(&json!({ "msg": "pong", "version": version, "pid": pid }))?)
            }
            Reply::Pong => Ok(cli.screen.answer("{ msg: 'pong' }\n")?),
            Reply::Failed { fault, .. } => Err(fault.into()),
            _ => Err(connect::unexpected().into()),
        }
    }
}
