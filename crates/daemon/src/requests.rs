//! Requests of clients, answered from the table or handed to the core as commands.

use crate::answer::Asked;
use crate::driver::{Ask, Driver};
use crate::store::Store;
use crate::survivors::Survivors;
use crate::world::Over;
use crate::{clock, dump, gather, unended, view};
use camino::Utf8PathBuf;
use rpm_core::spec::{AppSpec, Env, Setting};
use rpm_core::{Command, Event, Existing, Generation, InstanceView, ProcId, Target};
use rpm_keeper::wire::ToKeeper;
use rpm_proto::{Code, Detail, Fault, Reply, Request, Verb};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use tokio::sync::oneshot;

impl Driver {
    /// Takes one request; its reply comes now or when it has happened.
    pub(crate) fn ask(&mut self, ask: Ask) {
        let Ask { request, binary, by, reply } = ask;
        self.note(&request, &by);
        match request {
            // Sessions stream all but the first themselves, and let the last be noted here.
            Request::Ping
            | Request::Follow { .. }
            | Request::Watch
            | Request::Happenings
            | Request::Trigger { .. } => tell(reply, Reply::Pong),
            Request::Tell { target, message } => tell(reply, self.tell_apps(&target, &message)),
            Request::Write { target, line } => tell(reply, self.write_line(&target, &line)),
            Request::TakenUp => {
                let Survivors { adopted, ended } = self.world.taken_up;
                tell(reply, Reply::TakenUp { adopted, ended });
            }
            Request::List => {
                let processes = self.processes();
                tell(reply, Reply::Processes { processes });
            }
            Request::Inspect { target } => {
                let answer = match self.selected(target.as_ref()) {
                    Ok(procs) => Reply::Details { details: self.details(&procs) },
                    Err(fault) => Reply::Failed { fault, affected: Vec::new() },
                };
                tell(reply, answer);
            }
            Request::Report => {
                let report = Box::new(self.report());
                tell(reply, Reply::Report { report });
            }
            Request::Host => tell(reply, self.host()),
            Request::Observe => tell(reply, self.observed()),
            Request::KeepHistory { on } => self.keep_history(on, reply),
            Request::History { of, metrics, from, until, points } => {
                let span = (from, until);
                self.recall_history(gather::Asked { of, metrics, span, points }, reply);
            }
            Request::Flush { target } => self.flush(target.as_ref(), reply),
            Request::ReopenLogs => {
                self.world.reopen_logs();
                tell(reply, Reply::Flushed { files: Vec::new() });
            }
            Request::Rotate { options } => self.rotate(options, reply),
            Request::ReadAlerts => {
                let answer = match self.world.chronicle.read_alerts() {
                    Ok(hooks) => Reply::Alerts { hooks },
                    Err(error) => Reply::Failed { fault: unread(&error), affected: Vec::new() },
                };
                tell(reply, answer);
            }
            Request::Save { force } => self.save(force, reply),
            Request::Resurrect => self.resurrect(reply),
            Request::Import { path } => match dump::load_file(path.as_str().into()) {
                Ok(apps) => self.start_missing(apps, reply),
                Err(fault) => tell(reply, Reply::Failed { fault, affected: Vec::new() }),
            },
            Request::Update { .. } => self.hand_over(binary),
            Request::Apply { .. }
            | Request::Act { .. }
            | Request::Scale { .. }
            | Request::Adjust { .. }
            | Request::Signal { .. }
            | Request::Kill => {
                let (asked, command) = command(self.with_their_env(request));
                self.command(asked, command, reply);
            }
        }
    }

    /// SIGTERM and SIGINT: as `rpm kill`, with nobody to tell.
    pub(crate) fn shut_down(&mut self) {
        let (reply, _nobody) = oneshot::channel();
        self.command(Asked::Stop, Command::Shutdown, reply);
    }

    /// Ends in favour of `binary`. Nobody is told: the client sees that the connection ends.
    fn hand_over(&mut self, binary: Option<OwnedFd>) {
        if let Some(binary) = binary {
            self.world.link.send(ToKeeper::Upgrade { binary });
            self.world.over = Some(Over::Replaced);
        }
    }

    /// An app that exists keeps the shell's variables it was started with, unless others are asked
    /// for: who restarts it from another shell does not mean to take them away.
    fn with_their_env(&self, mut request: Request) -> Request {
        if let Request::Apply { apps, existing, update_env: false, .. } = &mut request
            && matches!(existing, Existing::Restart | Existing::Reload)
        {
            for app in apps {
                let theirs = self.supervisor.instances().find(|it| it.spec.name == app.name);
                app.base_env = theirs.map(|it| Arc::clone(&it.spec.base_env)).unwrap_or_default();
            }
        }
        request
    }

    fn command(&mut self, asked: Asked, command: Command, reply: oneshot::Sender<Reply>) {
        if command == Command::Shutdown {
            self.world.bus.publish(rpm_pm2::bus::killed());
        }
        let id = self.world.expect(asked, reply);
        self.events.push_back(Event::Command { id, command });
    }

    fn processes(&mut self) -> Vec<rpm_proto::ProcessView> {
        self.world.samples.refresh(clock::now().mono, &self.world.subjects());
        let samples = &self.world.samples;
        self.supervisor
            .instances()
            .map(|instance| view::process(&instance, samples.of(generation_of(&instance))))
            .collect()
    }

    pub(crate) fn details(&mut self, procs: &[ProcId]) -> Vec<Detail> {
        self.world.samples.refresh(clock::now().mono, &self.world.subjects());
        procs.iter().filter_map(|proc| self.detail(*proc)).collect()
    }

    pub(crate) fn detail(&self, proc: ProcId) -> Option<Detail> {
        let instance = self.supervisor.instance(proc)?;
        let generation = generation_of(&instance);
        let paths = self.world.paths(instance.spec, proc);
        let launch = self.world.launch_of(
            instance.spec,
            &paths,
            (proc, generation),
            (instance.slot, instance.restarts),
        );
        let mut unenforced = self.world.confinement.refusals(&instance.spec.limits);
        if let Some(why) = self.watching.trouble(&instance.spec.name).filter(|_| instance.watches) {
            unenforced.push(format!("watch: {why}"));
        }
        let sample = self.world.samples.of(generation);
        let told = self.world.told.get(&generation).cloned().unwrap_or_default();
        let provenance = self.world.provenance.of(proc);
        Some(view::detail(&instance, sample, paths, launch.env, unenforced, (told, provenance)))
    }

    fn selected(&self, target: Option<&Target>) -> Result<Vec<ProcId>, Fault> {
        match target {
            None => Ok(self.supervisor.instances().map(|instance| instance.proc).collect()),
            Some(target) => self.supervisor.resolve(target).map_err(crate::answer::refused),
        }
    }

    fn flush(&self, target: Option<&Target>, reply: oneshot::Sender<Reply>) {
        // As in PM2, emptying the logs of nothing is no error.
        let procs = self.selected(target).unwrap_or_default();
        let mut files: Vec<Utf8PathBuf> = Vec::new();
        for proc in procs {
            let Some(instance) = self.supervisor.instance(proc) else {
                continue;
            };
            let paths = self.world.paths(instance.spec, proc);
            files.extend([paths.out, paths.err, paths.combined].into_iter().flatten());
        }
        if target.is_none() {
            files.push(self.world.home.log());
        }
        files.sort();
        files.dedup();
        let logs = self.world.logs.clone();
        tokio::task::spawn_local(async move {
            let files = logs.flush(files).await.into_iter().map(String::from).collect();
            tell(reply, Reply::Flushed { files });
        });
    }

    fn save(&mut self, force: bool, reply: oneshot::Sender<Reply>) {
        let saved = self.supervisor.instances().filter(|entry| entry.spec.is_saved());
        let procs: Vec<ProcId> = saved.map(|entry| entry.proc).collect();
        if procs.is_empty() && !force {
            let fault = Fault::new(Code::NotFound, "there is nothing to save")
                .help("`rpm save --force` saves the empty list");
            return tell(reply, Reply::Failed { fault, affected: Vec::new() });
        }
        let details = self.details(&procs);
        let (home, store) = (self.world.home.clone(), self.world.store.clone());
        tokio::task::spawn_local(async move {
            let saved = dump::save(&home, &store, &details).await;
            if matches!(saved, Reply::Saved { .. }) {
                // From now on the saved list is what is to be restored.
                forget(&store, home.unended()).await;
            }
            tell(reply, saved);
        });
    }

    /// Starts what did not end well, or else the saved list.
    fn resurrect(&mut self, reply: oneshot::Sender<Reply>) {
        if self.world.restored && self.supervisor.instances().next().is_some() {
            return tell(reply, Reply::Done { affected: Vec::new() });
        }
        let unended = unended::load(&self.world.home);
        let (apps, reply) = match (unended, reply) {
            (Some(apps), reply) => (apps, self.taken_up(reply)),
            (None, reply) => match dump::load(&self.world.home) {
                Ok(apps) => (apps, reply),
                Err(fault) => return tell(reply, Reply::Failed { fault, affected: Vec::new() }),
            },
        };
        self.start_missing(apps, reply);
    }

    /// Starts those whose name is not in the table.
    fn start_missing(&mut self, apps: Vec<AppSpec>, reply: oneshot::Sender<Reply>) {
        let apps = dump::missing(apps, self.supervisor.instances());
        if apps.is_empty() {
            return tell(reply, Reply::Done { affected: Vec::new() });
        }
        let existing = Existing::Duplicate;
        let command = Command::Apply { apps, existing, parallel: None };
        self.command(Asked::Start, command, reply);
    }

    /// Forgets what did not end well, once it is recorded that it runs again.
    fn taken_up(&self, reply: oneshot::Sender<Reply>) -> oneshot::Sender<Reply> {
        let (ours, answer) = oneshot::channel();
        let (path, store) = (self.world.home.unended(), self.world.store.clone());
        tokio::task::spawn_local(async move {
            let Ok(answer) = answer.await else {
                return;
            };
            let recorded = match &answer {
                Reply::Failed { fault, .. } => fault.code != Code::Io,
                _ => true,
            };
            if recorded {
                forget(&store, path).await;
            }
            tell(reply, answer);
        });
        ours
    }
}

/// Why those who are to be told are not known.
fn unread(error: &rpm_alerts::HooksError) -> Fault {
    let fault = Fault::new(Code::Io, error.to_string());
    match std::error::Error::source(error) {
        Some(why) => fault.because(why.to_string()),
        None => fault,
    }
}

/// Forgets what did not end well. What stays by mistake is only restored again.
async fn forget(store: &Store, path: Utf8PathBuf) {
    if let Err(error) = store.remove(path.clone()).await {
        tracing::warn!(%path, %error, "could not remove it");
    }
}

fn command(request: Request) -> (Asked, Command) {
    match request {
        Request::Apply { base_env, apps, existing, parallel, .. } => {
            let asked = if existing == Existing::Reload { Asked::Reload } else { Asked::Start };
            (asked, Command::Apply { apps: with_base(base_env, apps), existing, parallel })
        }
        Request::Act { verb, targets, env, settings, parallel } => {
            act(verb, targets, (env, settings), parallel)
        }
        Request::Scale { name, to } => (Asked::Start, Command::Scale { name, to }),
        Request::Adjust { targets, settings } => {
            (Asked::Other, Command::Adjust { targets, settings })
        }
        Request::Signal { targets, signal } => (Asked::Other, Command::Signal { targets, signal }),
        _ => (Asked::Stop, Command::Shutdown),
    }
}

fn act(
    verb: Verb,
    targets: Vec<Target>,
    (env, settings): (Option<Env>, Vec<Setting>),
    parallel: Option<u32>,
) -> (Asked, Command) {
    match verb {
        Verb::Start => (Asked::Start, Command::Start { targets, env, settings }),
        Verb::Restart => (Asked::Start, Command::Restart { targets, env, settings }),
        Verb::Reload => (Asked::Reload, Command::Reload { targets, env, settings, parallel }),
        Verb::Stop => (Asked::Stop, Command::Stop { targets, settings }),
        Verb::Delete => (Asked::Stop, Command::Delete { targets }),
        Verb::Reset => (Asked::Other, Command::Reset { targets }),
    }
}

/// The apps of one start share the environment they were started from; but for those that have one.
fn with_base(base_env: Env, mut apps: Vec<AppSpec>) -> Vec<AppSpec> {
    let base_env = Arc::new(base_env);
    for app in apps.iter_mut().filter(|app| app.base_env.is_empty()) {
        app.base_env = Arc::clone(&base_env);
    }
    apps
}

/// The run of an instance; none has the number 0.
pub(crate) fn generation_of(instance: &InstanceView<'_>) -> Generation {
    instance.generation.unwrap_or_default()
}

/// The client may have hung up.
fn tell(to: oneshot::Sender<Reply>, reply: Reply) {
    drop(to.send(reply));
}
