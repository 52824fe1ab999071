//! The core's actions, carried out.

use crate::channels::{Kind, Runtime, WorkerSpec};
use crate::clock;
use crate::launch::{self, CHANNEL_FD, Launch, Place};
use crate::logs::{Format, Sink};
use crate::sweep;
use crate::world::{Run, World, tag};
use rpm_core::event::SpawnError;
use rpm_core::spec::{AppSpec, ExecMode};
use rpm_core::{Action, Event, Generation, Notice, ProcId, Scope, Signal};
use rpm_keeper::launch::LaunchSpec;
use rpm_keeper::wire::ToKeeper;
use rpm_pm2::names::{self, Paths};
use rpm_proto::Stream;
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// A run to be started.
struct Start {
    proc: ProcId,
    generation: Generation,
    slot: u32,
    restarts: u32,
    spec: Arc<AppSpec>,
}

impl World {
    /// Carries out one action. What is known at once is appended to `events`.
    pub(crate) fn perform(&mut self, action: Action, events: &mut VecDeque<Event>) {
        match action {
            Action::Spawn {
                proc,
                generation,
                slot,
                spec,
                restarts,
            } => {
                let start = Start {
                    proc,
                    generation,
                    slot,
                    restarts,
                    spec,
                };
                if let Err(error) = self.spawn(&start) {
                    self.runs.remove(&generation);
                    events.push_back(Event::SpawnFailed {
                        proc,
                        generation,
                        error,
                    });
                }
            }
            Action::Signal {
                generation,
                signal,
                scope,
                ..
            } => {
                self.signal(generation, signal, scope);
            }
            Action::Message {
                generation, text, ..
            } => {
                self.channels
                    .send(generation, serde_json::Value::String(text).to_string());
            }
            Action::Drain { generation, .. } => self.channels.drain(generation),
            Action::Sweep { proc, generation } => self.sweep(proc, generation, events),
            Action::Forget { generation, .. } => self.forget(generation),
            Action::AppGone { name } => self.channels.app_gone(name),
            Action::Answer { command, outcome } => self.answer(command, outcome),
            Action::Publish(notice) => self.publish(notice),
            Action::Persist => self.touch(),
            Action::Quit => self.ended = true,
        }
    }

    /// Where the files of an instance are.
    pub(crate) fn paths(&self, spec: &AppSpec, proc: ProcId) -> Paths {
        names::paths(spec, proc.0, &self.home.logs(), &self.home.pids())
    }

    /// What a run is started with.
    pub(crate) fn launch_of(
        &self,
        spec: &AppSpec,
        paths: &Paths,
        (proc, generation): (ProcId, Generation),
        (slot, restarts): (u32, u32),
    ) -> Launch {
        let drain = self.home.drain_preload();
        let home = self.home.root();
        let place = Place {
            proc,
            generation,
            slot,
            restarts,
            home,
            mark: &self.mark,
            drain: &drain,
        };
        launch::launch(spec, paths, place)
    }

    fn spawn(&mut self, start: &Start) -> Result<(), SpawnError> {
        let Start {
            proc,
            generation,
            slot,
            restarts,
            ref spec,
        } = *start;
        let paths = self.paths(spec, proc);
        let launch = self.launch_of(spec, &paths, (proc, generation), (slot, restarts));
        let step = |what: &'static str| move |error| spawn_error(what, &error);
        let (out, out_theirs) = rpm_sys::pipe::for_output().map_err(step("making a pipe"))?;
        let (err, err_theirs) = rpm_sys::pipe::for_output().map_err(step("making a pipe"))?;
        let (channel, channel_theirs) =
            rpm_sys::stream::channel_pair().map_err(step("making a channel"))?;
        let null = rpm_sys::process::open_null().map_err(step("opening /dev/null"))?;
        let hold = |fd: &OwnedFd| fd.try_clone().map_err(step("keeping a descriptor"));
        let keeper_fds = vec![
            (hold(&out)?, tag::OUT),
            (hold(&err)?, tag::ERR),
            (hold(&channel)?, tag::CHANNEL),
        ];
        let program = LaunchSpec {
            program: launch.program,
            argv: launch.argv,
            env: launch.env.into_iter().collect(),
            cwd: spec.cwd.to_string(),
            uid: spec.uid,
            gid: spec.gid,
            groups: None,
        }
        .to_memfd()
        .map_err(step("handing the program over"))?;

        self.watch_output(start, &paths, Stream::Out, out);
        self.watch_output(start, &paths, Stream::Err, err);
        self.channels.add(worker(start, channel, 0));
        self.runs.insert(
            generation,
            Run {
                proc,
                pid: None,
                pidfd: None,
                started: Some(clock::now().mono),
                pid_file: paths.pid,
            },
        );
        self.link.send(ToKeeper::Spawn {
            seq: generation.0,
            key: generation.0,
            aux: u64::from(proc.0),
            spec: program,
            child_fds: vec![
                (null, 0),
                (out_theirs, 1),
                (err_theirs, 2),
                (channel_theirs, CHANNEL_FD),
            ],
            hold: keeper_fds,
        });
        Ok(())
    }

    fn watch_output(&self, start: &Start, paths: &Paths, stream: Stream, pipe: OwnedFd) {
        self.logs.open(sink(
            &start.spec,
            start.proc,
            start.generation,
            paths,
            stream,
            pipe,
        ));
    }

    fn signal(&self, generation: Generation, signal: Signal, scope: Scope) {
        let Some(run) = self.runs.get(&generation) else {
            return;
        };
        let (Some(pid), Some(pidfd)) = (run.pid, &run.pidfd) else {
            return;
        };
        let sent = match scope {
            Scope::Main => rpm_sys::pidfd::send_signal(pidfd, signal.0),
            Scope::Tree => rpm_sys::tree::kill_tree(pid, pidfd, signal.0),
        };
        match sent {
            Err(error) if error.raw_os_error() != Some(rpm_sys::process::ESRCH) => {
                tracing::warn!(%generation, pid, %signal, %error, "could not signal");
            }
            _ => {}
        }
    }

    fn sweep(&mut self, proc: ProcId, generation: Generation, events: &mut VecDeque<Event>) {
        let marker = format!(
            "{}={}",
            launch::MARKER,
            launch::marker(&self.mark, generation)
        );
        let main = self.runs.get(&generation).and_then(|run| run.pid);
        let known: Vec<u32> = self.runs.values().filter_map(|run| run.pid).collect();
        match sweep::Sweep::begin(marker, main, known) {
            None => events.push_back(Event::Swept { proc, generation }),
            Some(sweep) => {
                let done = self.swept.clone();
                tokio::task::spawn_local(async move {
                    sweep.finish().await;
                    // The driver outlives all sweeps but those at the very end.
                    done.send((proc, generation)).await.ok();
                });
            }
        }
    }

    fn forget(&mut self, generation: Generation) {
        let Some(run) = self.runs.remove(&generation) else {
            return;
        };
        self.let_go(generation, run.pid.unwrap_or(0));
        self.logs.gone(generation);
        self.channels.gone(generation);
        if let Some(path) = run.pid_file {
            self.store.pid_file(path, None);
        }
    }

    fn publish(&self, notice: Notice) {
        tracing::info!(
            app = %notice.name,
            id = %notice.proc,
            generation = notice.generation.map(|generation| generation.0),
            news = %crate::news::Words(&notice.news),
        );
        if let (rpm_core::action::News::Online, Some(generation)) =
            (&notice.news, notice.generation)
        {
            self.logs.settle(generation);
        }
        // Nobody may be listening.
        drop(self.notices.send(Arc::new(notice)));
    }
}

/// Where one stream of a run goes.
pub(crate) fn sink(
    spec: &AppSpec,
    proc: ProcId,
    generation: Generation,
    paths: &Paths,
    stream: Stream,
    pipe: OwnedFd,
) -> Sink {
    let file = match stream {
        Stream::Out => paths.out.clone(),
        Stream::Err => paths.err.clone(),
    };
    let date = spec.logs.date_format.clone();
    Sink {
        generation,
        proc,
        name: Arc::from(spec.name.as_str()),
        namespace: Arc::from(spec.namespace.as_str()),
        stream,
        pipe,
        file,
        combined: paths.combined.clone(),
        format: match (spec.logs.json, date) {
            (true, date) => Format::Json { date },
            (false, Some(date)) => Format::Dated(date),
            (false, None) => Format::Raw,
        },
        keep_tail: true,
    }
}

fn worker(start: &Start, channel: OwnedFd, pid: u32) -> WorkerSpec {
    worker_of(
        &start.spec,
        (start.proc, start.generation),
        start.slot,
        channel,
        pid,
    )
}

/// A run as the channels' thread knows it.
pub(crate) fn worker_of(
    spec: &AppSpec,
    (proc, generation): (ProcId, Generation),
    slot: u32,
    channel: OwnedFd,
    pid: u32,
) -> WorkerSpec {
    let kind = match spec.mode {
        ExecMode::Fork => Kind::Fork,
        ExecMode::Cluster => Kind::Cluster {
            options: spec.cluster.clone(),
            interpreter: match spec.interpreter.as_ref().and_then(|path| path.file_name()) {
                Some("bun") => Runtime::Bun,
                Some("deno") => Runtime::Deno,
                _ => Runtime::Node,
            },
        },
    };
    WorkerSpec {
        generation,
        proc,
        app: spec.name.clone(),
        slot,
        channel,
        pid,
        kind,
    }
}

fn spawn_error(what: &str, error: &io::Error) -> SpawnError {
    SpawnError {
        what: what.to_owned(),
        errno: error.raw_os_error().unwrap_or(0),
        why: error.to_string(),
    }
}
