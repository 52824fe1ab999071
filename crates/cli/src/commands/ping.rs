//! `rpm ping`: starts a daemon where none runs.

use super::{Cli, Run};
use crate::connect;
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_proto::{Reply, Request};
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
        match cli.ask(&mut client, &Request::Ping)? {
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
