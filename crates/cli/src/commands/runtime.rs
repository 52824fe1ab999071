//! `rpm runtime`, also called as `rpm-runtime`, `pm2-runtime` and `pm2-docker`: a container's first
//! process. It runs the apps in the foreground and ends with them.

use super::foreground::{self, End, Foreground};
use super::{Cli, Run};
use crate::context;
use crate::flags::Shows;
use crate::logs::line::{Form, Shaper};
use crate::outcome::{Outcome, Stop};
use crate::runtime::Inbox;
use crate::verbs::Group;
use rpm_core::spec::{AppSpec, LogTarget};
use rpm_proto::{Code, Fault, Request};
use std::time::Duration;

/// The arguments of `rpm runtime`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Runtime {
    /// Config file, script or command; `start` before it is taken as PM2 takes it
    #[arg(value_name = "[start] TARGET", required = true)]
    words: Vec<String>,
    /// Stay when no app runs any more
    #[arg(long)]
    no_auto_exit: bool,
    /// Lines as they were written; so it is when nothing is said
    #[arg(long)]
    raw: bool,
    /// `0|name | line`
    #[arg(long)]
    formatted: bool,
    /// `timestamp=… app=… id=… type=… message=…`
    #[arg(long)]
    format: bool,
    /// Wait so many seconds first
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    delay: u64,
}

impl Run for Runtime {
    const NAME: &'static str = "runtime";
    const ABOUT: &'static str = "Run apps in the foreground, as a container's first process";
    const GROUP: Group = Group::Apps;
    const SHOWS: Shows = Shows::ALL;
    const TAKES_APP_ARGS: bool = true;

    fn run(self, cli: &mut Cli) -> Outcome {
        // Before any thread is there: they all inherit that signals are not for them.
        let inbox = Inbox::open()?;
        if self.delay > 0 && inbox.is_told_to_end_within(Duration::from_secs(self.delay)) {
            return Ok(());
        }
        let apps = self.apps(cli)?;
        let shaper = Shaper::new(self.form(cli), None, None, cli.screen.paint());
        let stays = self.no_auto_exit;
        Foreground { home: &cli.home, inbox, shaper, stays, end: End::All }.hold(&apps, |_| {})
    }
}

impl Runtime {
    fn form(&self, cli: &Cli) -> Form {
        match (cli.screen.wish.json, self.formatted, self.format) {
            (true, _, _) => Form::Json,
            (_, _, true) => Form::Pairs,
            (_, true, _) => Form::Labelled,
            _ => Form::Raw,
        }
    }

    /// What is to run. Its logs are the container's: no files, unless some are named.
    fn apps(&self, cli: &mut Cli) -> Result<Request, Stop> {
        let base_env = context::shell_env();
        let mut apps = cli.described(target_of(&self.words, "runtime")?, &base_env)?;
        for app in &mut apps {
            keep_no_files(app);
        }
        Ok(foreground::started(base_env, apps))
    }
}

fn keep_no_files(app: &mut AppSpec) {
    for target in [&mut app.logs.out, &mut app.logs.err] {
        if *target == LogTarget::Default {
            *target = LogTarget::Off;
        }
    }
}

/// The one target, behind PM2's word `start` or without it.
pub(super) fn target_of<'a>(words: &'a [String], verb: &str) -> Result<&'a str, Fault> {
    match words {
        [start, target] if start == "start" => Ok(target),
        [target] => Ok(target),
        _ => Err(Fault::new(Code::Usage, "one config file or script is needed")
            .help(format!("`rpm {verb} ecosystem.config.js`, or `rpm {verb} app.js -- --port 1`"))),
    }
}
