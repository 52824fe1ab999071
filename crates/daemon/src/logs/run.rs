//! What is known of each run: its open streams, and its last lines until it is up.

use super::file::Writer;
use super::tail::Tail;
use rpm_core::{Generation, ProcId};
use rpm_proto::{LogLine, Stream};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Runs that have ended whose last lines are kept, for whoever is about to ask.
const ENDED_MAX: usize = 64;

/// The table of runs.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: BTreeMap<Generation, Run>,
    /// Those that have ended and have a tail, oldest first.
    ended: VecDeque<Generation>,
}

#[derive(Debug)]
struct Run {
    proc: ProcId,
    name: Arc<str>,
    open: Vec<Writer>,
    tail: Option<Tail>,
}

impl Runs {
    /// A stream of a run is open.
    pub(super) fn add(
        &mut self,
        generation: Generation,
        (proc, name): (ProcId, &Arc<str>),
        writer: Writer,
        keep_tail: bool,
    ) {
        let run = self.runs.entry(generation).or_insert_with(|| Run {
            proc,
            name: Arc::clone(name),
            open: Vec::new(),
            tail: keep_tail.then(Tail::default),
        });
        run.open.push(writer);
    }

    /// The open streams of a run.
    pub(super) fn open(&self, generation: Generation) -> Vec<Writer> {
        self.runs.get(&generation).map(|run| run.open.clone()).unwrap_or_default()
    }

    /// A run's tail takes what was read, while it is kept.
    pub(super) fn take(&mut self, generation: Generation, stream: Stream, at: i64, bytes: &[u8]) {
        if let Some(tail) = self.runs.get_mut(&generation).and_then(|run| run.tail.as_mut()) {
            tail.take(stream, at, bytes);
        }
    }

    /// The last lines of a run, as far as they are kept.
    pub(super) fn tail(&self, generation: Generation) -> Vec<LogLine> {
        let Some(run) = self.runs.get(&generation) else {
            return Vec::new();
        };
        run.tail.as_ref().map(|tail| tail.lines(run.proc, &run.name)).unwrap_or_default()
    }

    /// A run's last lines are of no more use.
    pub(super) fn settle(&mut self, generation: Generation) {
        if let Some(run) = self.runs.get_mut(&generation) {
            run.tail = None;
            if run.open.is_empty() {
                self.runs.remove(&generation);
                self.ended.retain(|other| *other != generation);
            }
        }
    }

    /// A stream of a run has ended. Returns whether it was the last.
    pub(super) fn end(&mut self, generation: Generation, writer: Writer) -> bool {
        let Some(run) = self.runs.get_mut(&generation) else {
            return false;
        };
        run.open.retain(|other| *other != writer);
        if !run.open.is_empty() {
            return false;
        }
        if run.tail.is_none() {
            self.runs.remove(&generation);
            return true;
        }
        self.ended.push_back(generation);
        if self.ended.len() > ENDED_MAX
            && let Some(oldest) = self.ended.pop_front()
        {
            self.runs.remove(&oldest);
        }
        true
    }
}
