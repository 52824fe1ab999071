//! Apps in the foreground: they are started, what they print is printed, and a signal ends it.

use super::kill;
use crate::connect;
use crate::home::Home;
use crate::logs::line::Shaper;
use crate::outcome::{Outcome, Stop};
use crate::runtime::{self, Apps, Inbox, News, Print};
use crate::settings::{Settings, history, rotate};
use rpm_core::spec::Env;
use rpm_core::{AppSpec, Existing, Signal, Target};
use rpm_proto::client::CallError;
use rpm_proto::{ProcessView, Reply, Request, Verb};

/// A daemon that is replaced under way is asked again so often.
const TRIES: u32 = 5;

/// How apps are held in the foreground.
pub(super) struct Foreground<'a> {
    /// Of which daemon; it is started where none runs.
    pub(super) home: &'a Home,
    /// Opened before there were threads.
    pub(super) inbox: Inbox,
    /// How lines are shown.
    pub(super) shaper: Shaper,
    /// Stay when no app runs any more.
    pub(super) stays: bool,
    /// What ends with it.
    pub(super) end: End,
}

/// What ends when the foreground does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The daemon and all that it runs.
    All,
    /// The same, unless the daemon was there before.
    Ours,
    /// The same, and the apps are deleted where the daemon was there before.
    OursAndApps,
}

impl Foreground<'_> {
    /// Runs the apps until a signal asks for the end, or the last of them has ended. `look` sees what
    /// there is after each change.
    pub(super) fn hold(self, apps: &Request, mut look: impl FnMut(&[ProcessView])) -> Outcome {
        let (mut client, is_new) = connect::or_start(self.home)?;
        if is_new {
            let settings = Settings::read(self.home)?;
            rotate::tell(&settings, &mut client)?;
            history::tell(&settings, &mut client)?;
        }
        drop(client);
        let mut printer = Print::begin(self.home, &self.shaper, specs(apps))?;
        let mut see = |views: &[ProcessView]| {
            printer.see(views);
            look(views);
        };
        self.inbox.watch(self.home)?;
        let outcome = match start(self.home, apps) {
            Ok(()) => attend(self.home, &self.inbox, self.stays, &mut see),
            Err(stop) => {
                // What they said before it failed is printed, too.
                if let Ok(processes) = list(self.home) {
                    see(&processes);
                }
                Err(stop)
            }
        };
        // What ran here before, somebody else started.
        if is_new || (outcome.is_ok() && self.end == End::All) {
            end(self.home);
        } else if self.end == End::OursAndApps {
            delete(self.home, apps);
        }
        printer.join();
        match outcome? {
            0 => Ok(()),
            status => Err(Stop::Said(status)),
        }
    }
}

/// Starts the apps. The connection is the last to be made: those that listen are served before it.
fn start(home: &Home, apps: &Request) -> Result<(), Stop> {
    let mut tries = 0;
    loop {
        let mut client = connect::to_running(home)?.ok_or_else(runtime::lost)?;
        match client.call(apps, |_| {}) {
            Ok(Reply::Done { .. }) => return Ok(()),
            Ok(Reply::Failed { fault, .. }) => return Err(fault.into()),
            Ok(_) => return Err(connect::unexpected().into()),
            // Another goes on with what the one that died had taken on, which may be nothing yet.
            Err(CallError::Replaced) if tries < TRIES => {
                if are_there(home, apps)? {
                    return Ok(());
                }
                tries += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether the daemon knows of all of these apps.
fn are_there(home: &Home, apps: &Request) -> Result<bool, Stop> {
    let processes = list(home)?;
    let known = |app: &AppSpec| processes.iter().any(|process| process.name == app.name);
    Ok(specs(apps).iter().all(known))
}

/// Waits for the end: a signal that asks for it, or that of the last app. Returns the exit status.
fn attend(
    home: &Home,
    inbox: &Inbox,
    stays: bool,
    look: &mut impl FnMut(&[ProcessView]),
) -> Result<u8, Stop> {
    let mut apps = Apps::default();
    loop {
        let processes = list(home)?;
        look(&processes);
        apps.look(processes);
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
            // The one that listened may have missed how a supervisor followed another.
            News::Lost if ask(home, &Request::Ping).is_ok() => inbox.watch(home)?,
            News::Lost => return Err(runtime::lost().into()),
        }
    }
}

/// What starts apps in the foreground, as if they had not been there.
pub(super) fn started(base_env: Env, apps: Vec<AppSpec>) -> Request {
    Request::Apply { base_env, apps, existing: Existing::Restart, parallel: None, update_env: true }
}

/// The apps that a request of [`started`] is about.
fn specs(request: &Request) -> &[AppSpec] {
    match request {
        Request::Apply { apps, .. } => apps,
        _ => &[],
    }
}

/// All instances that there are.
fn list(home: &Home) -> Result<Vec<ProcessView>, Stop> {
    match ask(home, &Request::List)? {
        Reply::Processes { processes } => Ok(processes),
        _ => Err(connect::unexpected().into()),
    }
}

/// Asks the daemon, or the one that follows it: for what may be asked once more when nobody knows
/// whether it was done.
fn ask(home: &Home, request: &Request) -> Result<Reply, Stop> {
    let mut tries = 0;
    loop {
        let mut client = connect::to_running(home)?.ok_or_else(runtime::lost)?;
        match client.call(request, |_| {}) {
            Ok(reply) => return Ok(reply),
            Err(CallError::Io(_) | CallError::Replaced) if tries < TRIES => tries += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Deletes the apps that were started.
fn delete(home: &Home, apps: &Request) {
    for app in specs(apps) {
        let (targets, settings) = (vec![Target::from(app.name.as_str())], Vec::new());
        let request =
            Request::Act { verb: Verb::Delete, targets, env: None, settings, parallel: None };
        // One that is gone is as good.
        drop(ask(home, &request));
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
