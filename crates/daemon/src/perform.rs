//! The core's actions, carried out.

use crate::clock;
use crate::launch::{self, Launch, Place};
use crate::start::Start;
use crate::sweep;
use crate::world::{Over, World};
use rpm_core::spec::AppSpec;
use rpm_core::{Action, Event, Generation, Notice, ProcId, Scope, Signal};
use rpm_pm2::names::{self, Paths};
use std::collections::VecDeque;
use std::sync::Arc;

/// The user that an app runs as, where that is another than the daemon's.
pub(crate) fn other_user(spec: &AppSpec) -> Option<u32> {
    spec.uid.filter(|uid| *uid != rpm_sys::process::effective_uid())
}

impl World {
    /// Carries out one action. What is known at once is appended to `events`.
    pub(crate) fn perform(&mut self, action: Action, events: &mut VecDeque<Event>) {
        match action {
            Action::Spawn { proc, generation, slot, spec, restarts } => {
                let start = Start { proc, generation, slot, restarts, spec };
                if let Err(error) = self.start(start) {
                    self.spawn_failures += 1;
                    self.runs.remove(&generation);
                    self.confinement.leave(generation);
                    events.push_back(Event::SpawnFailed { proc, generation, error });
                }
            }
            Action::Signal { generation, signal, scope, .. } => {
                self.signal(generation, signal, scope);
            }
            Action::Message { generation, text, .. } => {
                self.channels.send(generation, serde_json::Value::String(text).to_string());
            }
            Action::Drain { generation, .. } => self.channels.drain(generation),
            Action::Sweep { proc, generation } => self.sweep(proc, generation, events),
            Action::Forget { generation, .. } => self.forget(generation),
            Action::AppGone { name } => {
                self.closings.begin();
                self.channels.app_gone(name);
            }
            Action::Answer { command, outcome } => self.answer(command, outcome),
            Action::Publish(notice) => self.publish(notice),
            Action::Persist => self.touch(),
            Action::Quit => self.over = Some(Over::Stopped),
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
        let (drain, metrics) = (self.home.drain_preload(), self.home.metrics_preload());
        let home = self.home.root();
        let notify = self.home.notify_socket();
        let notify = match other_user(spec) {
            // Another user could not reach ours.
            Some(uid) => self.users.path(uid).map(|path| &**path),
            None => self.sockets.notes.then_some(&*notify),
        };
        let mark = &self.mark;
        let (drain, metrics) = (&*drain, &*metrics);
        launch::launch(
            spec,
            paths,
            Place { proc, generation, slot, restarts, home, mark, drain, metrics, notify },
        )
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
        self.confinement.kill(generation);
        let marker = format!("{}={}", launch::MARKER, launch::marker(&self.mark, generation));
        let main = self.runs.get(&generation).and_then(|run| run.pid);
        let known: Vec<u32> = self.runs.values().filter_map(|run| run.pid).collect();
        match sweep::Sweep::begin(marker, main, known, self.keeper.reapers()) {
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
        self.delayed.retain(|start| start.generation != generation);
        let Some(run) = self.runs.remove(&generation) else {
            return;
        };
        self.let_go(generation, run.pid.unwrap_or(0));
        self.confinement.leave(generation);
        self.logs.gone(generation);
        self.told.remove(&generation);
        self.log_bytes.forget(generation);
        self.channels.gone(generation);
        if let Some(path) = run.pid_file {
            self.store.pid_file(path, None);
        }
    }

    fn publish(&mut self, notice: Notice) {
        self.happenings.say(clock::now().mono, &notice);
        if let (rpm_core::action::News::Online, Some(generation)) =
            (&notice.news, notice.generation)
        {
            self.logs.settle(generation);
        }
        // Nobody may be listening.
        drop(self.notices.send(Arc::new(notice)));
    }
}
