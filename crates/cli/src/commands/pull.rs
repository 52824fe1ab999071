//! `rpm pull`, `rpm backward`, `rpm forward`: another commit in an app's folder, and the app reloaded.

use super::targets::nothing_runs;
use super::{Cli, Run, Table, exchange};
use crate::outcome::{Outcome, Stop};
use crate::repository::Repository;
use crate::verbs::Group;
use rpm_core::Signal;
use rpm_core::spec::AppSpec;
use rpm_proto::{Code, Fault, Verb};
use rpm_sys::{clock, pidfd, poll, tree};
use serde_json::Value;
use std::io;
use std::process::{Command, ExitStatus};

/// A command of `post_update` that is not done by then, in ms, hangs.
const LIMIT_MS: u64 = 60_000;

/// The arguments of `rpm pull`.
#[derive(Debug, clap::Args)]
pub(crate) struct Pull {
    /// Name or id of the app
    #[arg(value_name = "NAME")]
    target: String,
    /// Go to this commit; without it, to the newest of the branch
    commit: Option<String>,
}

/// The arguments of `rpm backward`.
#[derive(Debug, clap::Args)]
pub(crate) struct Backward {
    /// Name or id of the app
    #[arg(value_name = "NAME")]
    target: String,
}

/// The arguments of `rpm forward`.
#[derive(Debug, clap::Args)]
pub(crate) struct Forward {
    /// Name or id of the app
    #[arg(value_name = "NAME")]
    target: String,
}

impl Run for Pull {
    const NAME: &'static str = "pull";
    const ABOUT: &'static str = "Update an app's git repository, and reload the app";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        let commit = self.commit.as_deref();
        cli.move_to(&self.target, |repository| match commit {
            Some(commit) => repository.named(commit).map(Some),
            None => repository.newest(),
        })
    }
}

impl Run for Backward {
    const NAME: &'static str = "backward";
    const ABOUT: &'static str = "Go one commit back in an app's git repository, and reload the app";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        cli.move_to(&self.target, Repository::previous)
    }
}

impl Run for Forward {
    const NAME: &'static str = "forward";
    const ABOUT: &'static str = "Go one commit forth again, and reload the app";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        cli.move_to(&self.target, Repository::next)
    }
}

impl Cli {
    /// Moves an app's repository to the commit that `choose` finds, runs the app's `post_update`, and
    /// reloads the app. When one of the commands fails, the repository goes back to where it was.
    fn move_to(
        &mut self,
        name: &str,
        choose: impl FnOnce(&Repository) -> Result<Option<String>, Fault>,
    ) -> Outcome {
        let targets = [name.to_owned()];
        let mut client = self.running()?.ok_or_else(|| nothing_runs(&targets))?;
        let details = exchange::details(&mut client, Some(name))?;
        let Some(spec) = details.first().map(|detail| &detail.spec) else {
            return Err(nothing_runs(&targets).into());
        };
        let Some(repository) = Repository::of(spec)? else {
            return Ok(self.screen.say(format!("{} is in no git repository", spec.cwd))?);
        };
        let before = repository.head()?;
        let Some(commit) = choose(&repository)?.filter(|commit| *commit != before) else {
            return Ok(self.screen.say(format!("{name} stays at {}", short(&before)))?);
        };
        repository.reset(&commit)?;
        self.screen.say(format!("{name}: {} → {}", short(&before), short(&commit)))?;
        if let Err(stop) = self.after_update(spec) {
            repository.reset(&before)?;
            return Err(stop);
        }
        let outcome = self.act_on(&mut client, Verb::Reload, &targets);
        self.conclude(Some(&mut client), outcome, Table::Shown)
    }

    /// Runs the commands that an app wants after an update, in its folder.
    fn after_update(&mut self, spec: &AppSpec) -> Result<(), Stop> {
        let written = spec.extra.get("post_update").map(|text| serde_json::from_str(text));
        let commands: Vec<String> = match written {
            Some(Ok(Value::String(line))) => vec![line],
            Some(Ok(list)) => serde_json::from_value(list).unwrap_or_default(),
            _ => Vec::new(),
        };
        for line in commands {
            self.screen.say(format!("> {line}"))?;
            let limit_ms = limit_ms(spec);
            let why = match run_within(&line, spec, limit_ms) {
                Ok(Some(status)) if status.success() => continue,
                Ok(Some(status)) => status.to_string(),
                Ok(None) => format!("it was not done within {limit_ms} ms (`exec_timeout`)"),
                Err(error) => error.to_string(),
            };
            let fault = Fault::new(Code::Io, format!("`{line}` of `post_update` failed"));
            return Err(fault.because(why).help("the repository is back where it was").into());
        }
        Ok(())
    }
}

/// How long a command of `post_update` may take: `exec_timeout`.
fn limit_ms(spec: &AppSpec) -> u64 {
    let written = spec.extra.get("exec_timeout").and_then(|text| serde_json::from_str(text).ok());
    let limit = match written {
        Some(Value::String(text)) => rpm_config::duration_ms(&text),
        Some(value) => value.as_u64(),
        None => None,
    };
    limit.unwrap_or(LIMIT_MS)
}

/// Runs a line in the app's folder; `None` when it took too long, and is ended with what it started.
fn run_within(line: &str, spec: &AppSpec, limit_ms: u64) -> io::Result<Option<ExitStatus>> {
    let mut child = Command::new("sh").args(["-c", line]).current_dir(&spec.cwd).spawn()?;
    let pidfd = pidfd::open(child.id())?;
    let until_ms = clock::monotonic_ms().saturating_add(limit_ms);
    loop {
        let left_ms = until_ms.saturating_sub(clock::monotonic_ms());
        // A signal to this process may end the wait early.
        if poll::wait_for(&pidfd, false, Some(left_ms))? {
            return child.wait().map(Some);
        }
        if left_ms == 0 {
            tree::kill_tree(child.id(), &pidfd, Signal::KILL.0)?;
            child.wait()?;
            return Ok(None);
        }
    }
}

fn short(commit: &str) -> &str {
    commit.get(..9).unwrap_or(commit)
}
