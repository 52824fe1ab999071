//! `rpm attach`: an app's output on the terminal, and the terminal's lines to its input.

use super::send::write;
use super::targets::nothing_runs;
use super::{Cli, Run, exchange};
use crate::connect;
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_core::{ProcId, Target};
use rpm_proto::{Client, Code, Fault, Reply, Request};
use std::io::{BufRead, Write, stderr, stdin, stdout};

/// The arguments of `rpm attach`.
#[derive(Debug, clap::Args)]
pub(crate) struct Attach {
    /// Id or name of an app in fork mode
    target: String,
}

impl Run for Attach {
    const NAME: &'static str = "attach";
    const ABOUT: &'static str = "Show an app's output and write lines to its standard input";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        let target = [self.target];
        let mut client = cli.running()?.ok_or_else(|| nothing_runs(&target))?;
        let [target] = target;
        let found = exchange::details(&mut client, Some(&target))?;
        let [detail] = &*found else {
            let what = format!("`{target}` is {} processes", found.len());
            return Err(Fault::new(Code::BadTarget, what).help("name one by its id").into());
        };
        let exactly = Target::id(ProcId(detail.view.id));
        if let Some(mut follower) = connect::to_running(&cli.home)? {
            let target = Some(Target(detail.view.id.to_string()));
            follower.send(&Request::Follow { target, out: true, err: true })?;
            // It ends with the process, when there are no more lines to be sent.
            std::thread::spawn(move || show(follower));
        }
        for line in stdin().lock().lines() {
            write(&mut client, exactly.clone(), line?)?;
        }
        Ok(())
    }
}

/// Prints what comes, as it is.
fn show(mut follower: Client) {
    while let Ok(reply) = follower.next() {
        let Reply::Log(mut line) = reply else {
            continue;
        };
        line.bytes.push(b'\n');
        let written = match line.stream {
            rpm_proto::Stream::Out => stdout().write_all(&line.bytes),
            rpm_proto::Stream::Err => stderr().write_all(&line.bytes),
        };
        if written.is_err() {
            return;
        }
    }
}
