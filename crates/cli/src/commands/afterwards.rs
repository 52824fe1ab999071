//! `--attach`: shows what the apps print that a command has just started.

use super::Cli;
use crate::connect;
use crate::logs::feed::Feed;
use crate::logs::follow::{Choice, follow};
use crate::logs::line::{Form, Shaper};
use crate::outcome::{Outcome, Stop};
use rpm_proto::{Client, Request};
use std::collections::BTreeSet;

const ALL: Request = Request::Follow { target: None, out: true, err: true };

/// What is printed from now on; `None` when `--attach` was not given.
pub(super) struct Attached(Option<Client>);

/// Begins to listen, so that no line of what is started is missed. A daemon is started where none
/// runs.
pub(super) fn begin(cli: &mut Cli) -> Result<Attached, Stop> {
    if !cli.flags.control.attach {
        return Ok(Attached(None));
    }
    drop(cli.started()?);
    let mut client = connect::to_running(&cli.home)?;
    if let Some(client) = &mut client {
        client.send(&ALL)?;
    }
    Ok(Attached(client))
}

impl Attached {
    /// Shows the lines of what was touched, until the daemon ends or somebody ends this.
    pub(super) fn follow(self, cli: &mut Cli, outcome: Outcome) -> Outcome {
        outcome?;
        let Some(client) = self.0 else {
            return Ok(());
        };
        let touched: BTreeSet<u32> = cli.affected.iter().map(|it| it.proc.0).collect();
        let form = if cli.screen.wish.json { Form::Json } else { Form::Labelled };
        let mut shaper = Shaper::new(form, None, None, cli.screen.paint());
        follow(cli, Feed::on(client, ALL), &mut shaper, Choice::of(touched))
    }
}
