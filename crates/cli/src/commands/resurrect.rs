//! `rpm resurrect`: starts the saved list.

use super::{Cli, Run, Table};
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use rpm_proto::{Code, Request};

/// The arguments of `rpm resurrect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Resurrect {}

impl Run for Resurrect {
    const NAME: &'static str = "resurrect";
    const ABOUT: &'static str = "Start the saved list";
    const GROUP: Group = Group::Daemon;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut client = cli.started()?;
        cli.screen.say(format!("Restoring processes located in {}", cli.home.dump()))?;
        let outcome = match cli.change(&mut client, &Request::Resurrect) {
            // The unit of a machine that boots for the first time is no failure.
            Err(Stop::Fault(fault)) if fault.code == Code::NoDump => {
                cli.screen.warn(format!("{fault}: `rpm save` writes the list that is restored"))?;
                Ok(())
            }
            outcome => outcome,
        };
        cli.conclude(Some(&mut client), outcome, Table::Shown)
    }
}
