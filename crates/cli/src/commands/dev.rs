//! `rpm dev`, also called as `pm2-dev`: runs an app while it is being written. It is restarted when
//! its files change, its output is shown, and all of it ends with the command.

use super::foreground::{self, End, Foreground};
use super::runtime::target_of;
use super::{Cli, Run};
use crate::context;
use crate::flags::Shows;
use crate::home::Home;
use crate::logs::line::{Form, Shaper};
use crate::outcome::Outcome;
use crate::runtime::Inbox;
use crate::verbs::Group;
use rpm_core::Status;
use rpm_core::spec::{AppSpec, Env};
use rpm_pm2::stamp::Stamp;
use rpm_proto::ProcessView;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

/// What has ended is started again after so long, in ms.
const DELAY_MS: u64 = 1000;

/// The arguments of `rpm dev`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Dev {
    /// Config file, script or command; `start` before it is taken as PM2 takes it
    #[arg(value_name = "[start] TARGET", required = true)]
    words: Vec<String>,
    /// Lines as they were written
    #[arg(long)]
    raw: bool,
    /// Time before each line
    #[arg(long)]
    timestamp: bool,
    /// Files that are not watched, with commas between them; nor is `node_modules`
    #[arg(long, value_name = "PATHS")]
    ignore: Option<String>,
    /// Run this each time that the app is up
    #[arg(long, value_name = "COMMAND")]
    post_exec: Option<String>,
    /// Do not show what `--post-exec` prints
    #[arg(long)]
    silent_exec: bool,
    /// End when the app does
    #[arg(long)]
    auto_exit: bool,
    #[arg(long, hide = true)]
    test_mode: bool,
}

impl Run for Dev {
    const NAME: &'static str = "dev";
    const ABOUT: &'static str = "Run an app while it is written: watch its files, show its output";
    const GROUP: Group = Group::Apps;
    const SHOWS: Shows = Shows::ALL;
    const TAKES_APP_ARGS: bool = true;

    fn run(self, cli: &mut Cli) -> Outcome {
        // Before any thread is there: they all inherit that signals are not for them.
        let inbox = Inbox::open()?;
        let base_env = context::shell_env();
        let mut apps = cli.described(target_of(&self.words, "dev")?, &base_env)?;
        for app in &mut apps {
            self.prepare(app);
        }
        let names: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
        let names = names.join(", ");
        cli.screen.say(format!("[rundev] watching {names}; Ctrl-C ends it"))?;
        let form = if self.raw { Form::Raw } else { Form::Labelled };
        let stamp = self.timestamp.then(|| Stamp::new("HH:mm:ss"));
        let shaper = Shaper::new(form, stamp, None, cli.screen.paint());
        let home = Home::at(format!("{}-dev", cli.home.path()).into());
        let (stays, end) = (!self.auto_exit, End::OursAndApps);
        let mut seen = Seen::default();
        let after_start = AfterStart { line: self.post_exec, silent: self.silent_exec, base_env };
        let apps = apps.into_iter().collect();
        let base_env = after_start.base_env.clone();
        let request = foreground::started(base_env, apps);
        Foreground { home: &home, inbox, shaper, stays, end }
            .hold(&request, |views| seen.look(views, &after_start))
    }
}

impl Dev {
    fn prepare(&self, app: &mut AppSpec) {
        app.watch.on = true;
        if let Some(ignore) = &self.ignore {
            let words = ignore.split(',').filter(|word| !word.is_empty()).map(str::to_owned);
            app.watch.ignore = Some(words.chain(["node_modules".to_owned()]).collect());
        }
        app.restart.autorestart = !self.auto_exit;
        app.restart.delay_ms = DELAY_MS;
    }
}

/// What is done when an app is up.
struct AfterStart {
    line: Option<String>,
    silent: bool,
    base_env: Env,
}

/// The runs that were seen, by instance.
#[derive(Default)]
struct Seen(BTreeMap<u32, u32>);

impl Seen {
    fn look(&mut self, views: &[ProcessView], after: &AfterStart) {
        for view in views.iter().filter(|view| view.status == Status::Online) {
            let before = self.0.insert(view.id, view.pid);
            if before == Some(view.pid) {
                continue;
            }
            if before.is_some() {
                // Nobody may read it any more; the app goes on all the same.
                drop(writeln!(std::io::stdout(), "[rundev] App {} restarted", view.name));
            }
            after.run();
        }
    }
}

impl AfterStart {
    fn run(&self) {
        let Some(line) = &self.line else {
            return;
        };
        let output = || if self.silent { Stdio::null() } else { Stdio::inherit() };
        let mut command = Command::new("sh");
        command.args(["-c", line]).env_clear().envs(&self.base_env).stdin(Stdio::null());
        // It is reaped as all children of this process are.
        if let Err(error) = command.stdout(output()).stderr(output()).spawn() {
            drop(writeln!(std::io::stderr(), "[rundev] running `{line}` failed: {error}"));
        }
    }
}
