//! What is known of each run: its open streams, its last lines until it is up, and whether its files
//! still need what it left.

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
    known: BTreeMap<Generation, Run>,
    /// Those that have ended and have a tail, oldest first.
    ended: VecDeque<Generation>,
    /// Streams of which files still need something.
    needed: BTreeMap<Writer, Needed>,
}

#[derive(Debug)]
struct Needed {
    generation: Generation,
    /// Files that do not have all of it.
    unwritten: usize,
    /// Files that do not have all of it, or do not tell yet what they lack.
    attached: usize,
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
        (writer, files): (Writer, usize),
        keep_tail: bool,
    ) {
        let needed = Needed { generation, unwritten: files, attached: files };
        self.needed.insert(writer, needed);
        let run = self.known.entry(generation).or_insert_with(|| Run {
            proc,
            name: Arc::clone(name),
            open: Vec::new(),
            tail: keep_tail.then(Tail::default),
        });
        run.open.push(writer);
    }

    /// The open streams of a run.
    pub(super) fn open(&self, generation: Generation) -> Vec<Writer> {
        self.known.get(&generation).map(|run| run.open.clone()).unwrap_or_default()
    }

    /// Whether the last lines of a run are kept.
    pub(super) fn keeps_tail(&self, generation: Generation) -> bool {
        self.known.get(&generation).is_some_and(|run| run.tail.is_some())
    }

    /// A file has all of a stream that has ended. Returns the run, if it was the last file.
    pub(super) fn written(&mut self, writer: Writer) -> Option<Generation> {
        let needed = self.needed.get_mut(&writer)?;
        needed.unwritten = needed.unwritten.saturating_sub(1);
        (needed.unwritten == 0).then_some(needed.generation)
    }

    /// A file needs nothing of a stream any more. Returns the run, if none needs anything of it.
    pub(super) fn detached(&mut self, writer: Writer) -> Option<Generation> {
        let needed = self.needed.get_mut(&writer)?;
        needed.attached = needed.attached.saturating_sub(1);
        if needed.attached > 0 {
            return None;
        }
        let generation = self.needed.remove(&writer)?.generation;
        let others = self.needed.values().any(|other| other.generation == generation);
        (!others).then_some(generation)
    }

    /// A run's tail takes what was read, while it is kept.
    pub(super) fn take(&mut self, generation: Generation, stream: Stream, at: i64, bytes: &[u8]) {
        if let Some(tail) = self.known.get_mut(&generation).and_then(|run| run.tail.as_mut()) {
            tail.take(stream, at, bytes);
        }
    }

    /// The last lines of a run, as far as they are kept.
    pub(super) fn tail(&self, generation: Generation) -> Vec<LogLine> {
        let Some(run) = self.known.get(&generation) else {
            return Vec::new();
        };
        run.tail.as_ref().map(|tail| tail.lines(run.proc, &run.name)).unwrap_or_default()
    }

    /// A run's last lines are of no more use.
    pub(super) fn settle(&mut self, generation: Generation) {
        if let Some(run) = self.known.get_mut(&generation) {
            run.tail = None;
            if run.open.is_empty() {
                self.known.remove(&generation);
                self.ended.retain(|other| *other != generation);
            }
        }
    }

    /// A stream of a run has ended. Returns whether it was the last.
    pub(super) fn end(&mut self, generation: Generation, writer: Writer) -> bool {
        let Some(run) = self.known.get_mut(&generation) else {
            return false;
        };
        run.open.retain(|other| *other != writer);
        if !run.open.is_empty() {
            return false;
        }
        if run.tail.is_none() {
            self.known.remove(&generation);
            return true;
        }
        self.ended.push_back(generation);
        if self.ended.len() > ENDED_MAX
            && let Some(oldest) = self.ended.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}
