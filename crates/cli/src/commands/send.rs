//! `rpm send`.

use super::targets::nothing_runs;
use super::{Cli, Run};
use crate::connect;
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use rpm_core::Target;
use rpm_proto::{Client, Reply, Request};

/// The arguments of `rpm send`.
#[derive(Debug, clap::Args)]
pub(crate) struct Send {
    /// Id or name of an app in fork mode
    #[arg(value_name = "TARGET")]
    target: String,
    /// The line
    line: String,
}

impl Run for Send {
    const NAME: &'static str = "send";
    const ABOUT: &'static str = "Write a line to an app's standard input";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        let target = [self.target];
        let mut client = cli.running()?.ok_or_else(|| nothing_runs(&target))?;
        let [target] = target.map(Target);
        write(&mut client, target, self.line)
    }
}

/// Writes one line.
pub(super) fn write(client: &mut Client, target: Target, line: String) -> Outcome {
    match client.call(&Request::Write { target, line }, |_| {})? {
        Reply::Sent { .. } => Ok(()),
        Reply::Failed { fault, .. } => Err(fault.into()),
        _ => Err(Stop::from(connect::unexpected())),
    }
}
