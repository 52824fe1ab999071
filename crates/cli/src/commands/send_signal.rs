//! `rpm sendSignal`.

use super::targets::nothing_runs;
use super::{Cli, Run, Table};
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_core::{Signal, Target};
use rpm_proto::{Code, Fault, Request};

/// The arguments of `rpm sendSignal`.
#[derive(Debug, clap::Args)]
pub(crate) struct SendSignal {
    /// Name or number of the signal
    signal: String,
    /// Name, id, namespace, `all` or `/regex/`
    target: String,
}

impl Run for SendSignal {
    const NAME: &'static str = "sendSignal";
    const ABOUT: &'static str = "Send a signal to apps";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        let signal: Signal =
            self.signal.parse().map_err(|_: rpm_core::signal::UnknownSignal| {
                Fault::new(Code::Usage, format!("`{}` is not a signal", self.signal))
                    .help("use a name like SIGTERM, or a number from 1 to 64")
            })?;
        let targets = [self.target];
        let mut client = cli.running()?.ok_or_else(|| nothing_runs(&targets))?;
        let targets = targets.map(Target).to_vec();
        let outcome = cli.change(&mut client, &Request::Signal { targets, signal });
        cli.conclude(Some(&mut client), outcome, Table::Shown)
    }
}
