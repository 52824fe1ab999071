//! `rpm runtime`, also called as `rpm-runtime`, `pm2-runtime` and `pm2-docker`: a container's first
//! process. It runs the apps in the foreground and ends with them.

use super::targets::is_config;
use super::{Cli, Run, kill};
use crate::connect;
use crate::context;
use crate::flags::Shows;
use crate::home::Home;
use crate::logs::line::{Form, Shaper};
use crate::outcome::{Outcome, Stop};
use crate::runtime::{self, Apps, Inbox, News, Print};
use crate::settings::Settings;
use crate::verbs::Group;
use rpm_core::spec::{AppSpec, LogTarget};
use rpm_core::{Existing, Signal, Target};
use rpm_proto::client::CallError;
use rpm_proto::{Client, Code, Fault, Reply, Request};
use std::time::Duration;

/// A daemon that is replaced under way is asked again so often.
const TRIES: u32 = 5;

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
        let (mut client, is_new) = connect::or_start(&cli.home)?;
        let printer = Print::follow(&cli.home, shaper)?;
        inbox.watch(&cli.home)?;
        let outcome = start(&mut client, &apps).and_then(|()| {
            let mut watched = Apps::default();
            attend(&cli.home, &inbox, &mut watched, self.no_auto_exit)
        });
        // What ran here before, somebody else started.
        if is_new || outcome.is_ok() {
            end(&cli.home);
        }
        printer.join();
        match outcome? {
            0 => Ok(()),
            status => Err(Stop::Said(status)),
        }
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
        let target = match &*self.words {
            [start, target] if start == "start" => target,
            [target] => target,
            _ => {
                return Err(Fault::new(Code::Usage, "one config file or script is needed")
                    .help("`rpm runtime ecosystem.config.js`, or `rpm runtime app.js -- --port 1`")
                    .into());
            }
        };
        let base_env = context::shell_env();
        let mut apps = if is_config(target) {
            cli.load(target, &base_env)?
        } else {
            let flags = cli.flags.app.clone().into_flags(cli.args.clone().unwrap_or_default());
            let mut apps =
                vec![rpm_config::from_flags(target, &flags, &context::find()?, &base_env)?];
            Settings::read(&cli.home)?.lend(&mut apps);
            apps
        };
        for app in &mut apps {
            keep_no_files(app);
        }
        Ok(Request::Apply { base_env, apps, existing: Existing::Restart, parallel: None })
    }
}

fn keep_no_files(app: &mut AppSpec) {
    for target in [&mut app.logs.out, &mut app.logs.err] {
        if *target == LogTarget::Default {
            *target = LogTarget::Off;
        }
    }
}

fn start(client: &mut Client, apps: &Request) -> Result<(), Stop> {
    match client.call(apps, |_| {})? {
        Reply::Done { .. } => Ok(()),
        Reply::Failed { fault, .. } => Err(fault.into()),
        _ => Err(connect::unexpected().into()),
    }
}

/// Waits for the end: a signal that asks for it, or that of the last app. Returns the exit status.
fn attend(home: &Home, inbox: &Inbox, apps: &mut Apps, stays: bool) -> Result<u8, Stop> {
    loop {
        match ask(home, &Request::List)? {
            Reply::Processes { processes } => apps.look(processes),
            _ => return Err(connect::unexpected().into()),
        }
        if !stays && let Some(status) = apps.over() {
            return Ok(status);
        }
        match inbox.next() {
            News::Changed => {}
            News::Signal(Signal::TERM | Signal::INT) => return Ok(0),
            News::Signal(signal) => {
                // An app that is gone cannot be told; its end is seen next.
                ask(home, &Request::Signal { targets: vec![Target::from("all")], signal })?;
            }
            News::Lost => return Err(runtime::lost().into()),
        }
    }
}

/// Asks the daemon, or the one that follows it.
fn ask(home: &Home, request: &Request) -> Result<Reply, Stop> {
    let mut tries = 0;
    loop {
        let mut client = connect::to_running(home)?.ok_or_else(runtime::lost)?;
        match client.call(request, |_| {}) {
            Ok(reply) => return Ok(reply),
            Err(CallError::Io(_)) if tries < TRIES => tries += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Stops all that is left, in order, and the daemon.
fn end(home: &Home) {
    // It may have ended by itself; what matters is that nothing is left.
    let Ok(Some(mut client)) = connect::to_running(home) else {
        return;
    };
    if client.call(&Request::Ping, |_| {}).is_err() {
        return;
    }
    let supervisor = client.daemon().map(|hello| hello.pid);
    let ends = supervisor.map(|pid| kill::processes(home, pid)).unwrap_or_default();
    drop(client.call(&Request::Kill, |_| {}));
    drop(client);
    drop(kill::await_end(&ends));
}
