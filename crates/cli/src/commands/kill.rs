//! `rpm kill`: stops all apps, then the daemon. Comes back when nothing of it is left.

use super::{Cli, Run};
use crate::connect;
use crate::home::Home;
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use rpm_proto::client::CallError;
use rpm_proto::{Client, Code, Fault, Reply, Request};
use rpm_sys::{clock, pidfd, poll};
use serde_json::json;
use std::os::fd::OwnedFd;

/// How long what was asked to end is waited for.
const WAIT_MS: u64 = 10_000;
const SIGTERM: i32 = 15;

/// The arguments of `rpm kill`.
#[derive(Debug, clap::Args)]
pub(crate) struct Kill {}

impl Run for Kill {
    const NAME: &'static str = "kill";
    const ABOUT: &'static str = "Stop all apps and the daemon";
    const GROUP: Group = Group::Daemon;

    fn run(self, cli: &mut Cli) -> Outcome {
        let Some(mut client) = cli.running()? else {
            return say_gone(cli);
        };
        let ends = match client.call(&Request::Ping, |_| {}) {
            Ok(_) => {
                let pid = client.daemon().map(|hello| hello.pid);
                let ends = pid.map(|pid| processes(&cli.home, pid)).unwrap_or_default();
                stop(cli, &mut client)?;
                ends
            }
            // Of another version: its words are not known, but signals are.
            Err(CallError::Version(hello)) => {
                let ends = processes(&cli.home, hello.pid);
                signal(&ends)?;
                ends
            }
            Err(error) => return Err(error.into()),
        };
        drop(client);
        await_end(&ends)?;
        say_gone(cli)
    }
}

fn stop(cli: &mut Cli, client: &mut Client) -> Outcome {
    match cli.ask(client, &Request::Kill) {
        Ok(Reply::Done { affected }) => {
            cli.affected.extend(affected);
            Ok(())
        }
        Ok(Reply::Failed { fault, affected }) => {
            cli.affected.extend(affected);
            Err(fault.into())
        }
        Ok(_) => Err(connect::unexpected().into()),
        Err(stop) => Err(stop),
    }
}

/// The supervisor and its keeper; each becomes readable when it has ended.
pub(super) fn processes(home: &Home, supervisor: u32) -> Vec<OwnedFd> {
    // One that cannot be opened has ended.
    [Some(supervisor), home.keeper()]
        .into_iter()
        .flatten()
        .filter_map(|pid| pidfd::open(pid).ok())
        .collect()
}

fn signal(supervisor_first: &[OwnedFd]) -> Result<(), Stop> {
    let Some(supervisor) = supervisor_first.first() else {
        return Ok(());
    };
    pidfd::send_signal(supervisor, SIGTERM).map_err(|error| {
        Fault::new(Code::Denied, "the daemon could not be told to end")
            .because(error.to_string())
            .into()
    })
}

/// Waits until they have ended.
pub(super) fn await_end(ends: &[OwnedFd]) -> Outcome {
    let until_ms = clock::monotonic_ms() + WAIT_MS;
    for end in ends {
        loop {
            let left_ms = until_ms.saturating_sub(clock::monotonic_ms());
            if poll::wait_for(end, false, Some(left_ms))? {
                break;
            }
            if left_ms == 0 {
                return Err(Fault::new(Code::StopFailed, "the daemon did not end")
                    .because(format!("it was told to, {} s ago", WAIT_MS / 1000))
                    .help("`rpm.log` in the home says what it waits for")
                    .into());
            }
        }
    }
    Ok(())
}

fn say_gone(cli: &mut Cli) -> Outcome {
    if cli.screen.wish.json {
        return Ok(cli.screen.json(&json!({ "affected": cli.affected }))?);
    }
    for line in ["Modules Stopped", "All Applications Stopped", "PM2 Daemon Stopped"] {
        cli.screen.say(format!("[v] {line}"))?;
    }
    Ok(())
}
