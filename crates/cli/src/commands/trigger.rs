//! `rpm trigger`.

use super::targets::nothing_runs;
use super::{Cli, Run};
use crate::connect;
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_core::Target;
use rpm_proto::{Recipient, Reply, Request};
use serde_json::{Value, json};

/// The arguments of `rpm trigger`.
#[derive(Debug, clap::Args)]
pub(crate) struct Trigger {
    /// Name, id, namespace, `all` or `/regex/`
    target: String,
    /// What to do, as the app calls it (`rpm describe` lists them)
    action: String,
    /// What the action is given
    param: Option<String>,
}

impl Run for Trigger {
    const NAME: &'static str = "trigger";
    const ABOUT: &'static str = "Ask apps to do what they offer, and show what they give back";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        let targets = [self.target];
        let mut client = cli.running()?.ok_or_else(|| nothing_runs(&targets))?;
        let [target] = targets.map(Target);
        let request = Request::Trigger { target, action: self.action, param: self.param };
        let mut returned = Vec::new();
        let reply = client.call(&request, |reply| {
            if let Reply::Returned { from, value } = reply {
                returned.push((from, value));
            }
        })?;
        show(cli, &returned)?;
        match reply {
            Reply::Sent { .. } => Ok(()),
            Reply::Failed { fault, .. } => Err(fault.into()),
            _ => Err(connect::unexpected().into()),
        }
    }
}

fn show(cli: &mut Cli, returned: &[(Recipient, Value)]) -> Outcome {
    if cli.screen.wish.json {
        let answers: Vec<Value> = returned
            .iter()
            .map(|(from, value)| json!({ "id": from.id, "name": from.name, "return": value }))
            .collect();
        return Ok(cli.screen.json(&answers)?);
    }
    for (from, value) in returned {
        let text = match value {
            Value::String(text) => text.clone(),
            other => format!("{other:#}"),
        };
        cli.screen.answer(format!("[{}:{}] {text}\n", from.name, from.id))?;
    }
    Ok(())
}
