//! `rpm slist`: the machine in PM2's words, as Node would show it. Never starts a daemon.

use super::{Cli, Run, sysmonit};
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_pm2::system;
use serde_json::{Map, Value};

/// The arguments of `rpm slist`.
#[derive(Debug, clap::Args)]
pub(crate) struct Slist {
    /// As a tree
    #[arg(short, long)]
    tree: bool,
}

impl Run for Slist {
    const NAME: &'static str = "slist";
    const ALIASES: &'static [&'static str] = &["sysinfos"];
    const ABOUT: &'static str = "Print figures of the machine as PM2 names them";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let host = sysmonit::measured(cli)?;
        let metrics = host.map(|host| system::metrics(&host)).unwrap_or_default();
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&metrics)?);
        }
        let text = if self.tree {
            tree(&metrics)
        } else {
            format!("{}\n", rpm_pm2::inspect::inspect(&Value::Object(metrics)))
        };
        Ok(cli.screen.data(text)?)
    }
}

/// One branch for each figure.
fn tree(metrics: &Map<String, Value>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (at, (name, metric)) in metrics.iter().enumerate() {
        let is_last = at + 1 == metrics.len();
        lines.push(format!("{} {name}", fork(is_last)));
        let stem = if is_last { "   " } else { "│  " };
        let facts: Vec<(&String, &Value)> = metric.as_object().into_iter().flatten().collect();
        for (at, (key, value)) in facts.iter().enumerate() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            lines.push(format!("{stem}{} {key}: {value}", fork(at + 1 == facts.len())));
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn fork(is_last: bool) -> &'static str {
    if is_last { "└─" } else { "├─" }
}
