//! Readings for the history: what everybody uses, every few seconds.

use crate::clock;
use crate::driver::Driver;
use crate::requests::generation_of;
use rpm_core::{InstanceView, Mono, ProcId, Supervisor};
use rpm_history::{Of, Question, Reading, SPACING_MS, Values};
use rpm_pm2::figures::figures;
use rpm_proto::{Code, Fault, Metric, Reply, Subject};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// When the next reading is due, and what the last one found.
#[derive(Debug)]
pub(crate) struct Gathering {
    next: Mono,
    /// Restarts of each instance.
    restarts: BTreeMap<ProcId, u32>,
}

impl Gathering {
    /// Begins with a table: when its restarts were, nobody knows. The first reading comes after a
    /// while, as CPU is what was used since something was seen first.
    pub(crate) fn begin(supervisor: &Supervisor) -> Self {
        let next = clock::now().mono.after(SPACING_MS.unsigned_abs());
        let restarts = supervisor.instances().map(|it| (it.proc, it.restarts)).collect();
        Self { next, restarts }
    }
}

/// A question about the history, as a client asks it.
pub(crate) struct Asked {
    pub(crate) of: Option<Subject>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) span: (i64, i64),
    pub(crate) points: u32,
}

impl Driver {
    /// When the next reading is due; `None` when no figures are kept.
    pub(crate) fn reading_due(&self) -> Option<Mono> {
        self.world.history.is_on().then_some(self.gathering.next)
    }

    /// Keeps figures from now on, or no more; the answer says that a successor will know it too.
    pub(crate) fn keep_history(&mut self, on: bool, reply: oneshot::Sender<Reply>) {
        if on && !self.world.history.is_on() {
            self.gathering = Gathering::begin(&self.supervisor);
        }
        self.world.history.turn(on);
        let (path, store) = (self.world.home.no_history(), self.world.store.clone());
        tokio::task::spawn_local(async move {
            let kept = if on {
                store.remove(path.clone()).await
            } else {
                store.replace(path.clone(), Vec::new()).await
            };
            let answer = match kept {
                Ok(()) => Reply::Done { affected: Vec::new() },
                Err(error) => {
                    let what = "whether figures are kept holds, but could not be recorded";
                    let fault = Fault::new(Code::Io, what)
                        .because(format!("changing {path} failed: {error}"))
                        .help("make room on the disk, then give the command again");
                    Reply::Failed { fault, affected: Vec::new() }
                }
            };
            // The client may have hung up.
            drop(reply.send(answer));
        });
    }

    /// Takes a reading.
    pub(crate) fn gather(&mut self) {
        let now = clock::now();
        self.gathering.next = now.mono.after(SPACING_MS.unsigned_abs());
        self.world.samples.refresh(now.mono, &self.world.subjects());
        let host = self.world.machine.look(now.mono);
        let used = host.memory_total.saturating_sub(host.memory_available);
        let host = Values::default()
            .with(Metric::Cpu, Some(host.cpu))
            .with(Metric::Memory, Some(small(used)));
        let before = std::mem::take(&mut self.gathering.restarts);
        let mut reading = Reading { at: now.wall.0, entries: vec![(Of::Host, host)] };
        for instance in self.supervisor.instances() {
            self.gathering.restarts.insert(instance.proc, instance.restarts);
            let known = before.get(&instance.proc).copied().unwrap_or(0);
            let values = self.values(&instance, instance.restarts.saturating_sub(known));
            let name = instance.spec.name.as_str().into();
            reading.entries.push((Of::Process(instance.proc.0, name), values));
        }
        reading.add_apps();
        self.world.history.note(reading);
    }

    fn values(&self, instance: &InstanceView<'_>, restarts: u32) -> Values {
        let values = Values::default().with(Metric::Restarts, Some(small(restarts.into())));
        if instance.pid.is_none() {
            return values;
        }
        let generation = generation_of(instance);
        let sample = self.world.samples.of(generation);
        let told = self.world.told.get(&generation);
        let told = told.map(|told| figures(&told.monitor)).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "a plot needs no more digits")]
        let short = |value: Option<f64>| value.map(|value| value as f32);
        values
            .with(Metric::Cpu, Some(sample.cpu))
            .with(Metric::Memory, Some(small(sample.memory)))
            .with(Metric::Requests, short(told.requests_per_s))
            .with(Metric::EventLoop, short(told.event_loop_ms))
    }

    /// Answers from the history.
    pub(crate) fn recall_history(&self, asked: Asked, reply: oneshot::Sender<Reply>) {
        let Asked { of, metrics, span: (from, until), points } = asked;
        let app = match &of {
            Some(Subject::Process { id }) => self.supervisor.instance(ProcId(*id)),
            _ => None,
        };
        let app = app.map(|instance| instance.spec.name.clone());
        let question = Question { of, app, metrics, from, until, points };
        self.world.history.answer(question, reply);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a plot needs no more digits")]
fn small(number: u64) -> f32 {
    number as f32
}
