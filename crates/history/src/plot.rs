//! Time in steps, and what was measured in each.

use crate::minute::{Cells, Record};
use crate::reading::{METRICS, Of, Reading, Values, index};
use crate::{KEPT_MINUTES, MINUTE_MS, SPACING_MS};
use rpm_proto::{Metric, Series, Subject};
use std::collections::BTreeMap;

/// No more steps are made, however many are asked for.
const STEPS_MAX: u32 = 2880;

/// No more are made for all lines together: with very many lines steps become longer.
const BUCKETS_MAX: usize = 1 << 20;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Whose figures; of the host and all apps when absent.
    pub of: Option<Subject>,
    /// The app of an instance that is asked after; any when absent.
    pub app: Option<String>,
    /// Which; all when empty.
    pub metrics: Vec<Metric>,
    /// From when, in ms since 1970.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// How many steps.
    pub points: u32,
}

/// How time is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    /// When the first begins, in ms since 1970: a multiple of their length, so that the same time is
    /// in the same step whenever it is asked for.
    pub(crate) from: i64,
    /// How long each is, in ms: a multiple of `unit`.
    pub(crate) length: i64,
    /// How many.
    pub(crate) count: usize,
}

impl Steps {
    /// Divides the time that `question` is about, as far as figures are kept at `now`; no step is
    /// shorter than `unit`.
    pub(crate) fn of(question: &Question, now: i64, unit: i64) -> Self {
        let oldest = now.saturating_sub((KEPT_MINUTES + 60) * MINUTE_MS);
        let until = question.until.clamp(oldest, now.saturating_add(MINUTE_MS));
        let from = question.from.clamp(oldest, until);
        let points = i64::from(question.points.clamp(1, STEPS_MAX));
        let span = until - from;
        let length = ((span + points - 1) / points).max(1);
        let length = (length + unit - 1) / unit * unit;
        let from = from.div_euclid(length) * length;
        let count = (until - from + length - 1) / length;
        Self { from, length, count: usize::try_from(count).unwrap_or(0).max(1) }
    }

    /// Steps of twice the length.
    fn coarser(self) -> Self {
        let length = self.length * 2;
        let from = self.from.div_euclid(length) * length;
        let late = usize::from(from < self.from);
        Self { from, length, count: (self.count + late).div_ceil(2) }
    }

    fn at(self, time: i64) -> Option<usize> {
        let at = time.checked_sub(self.from).filter(|since| *since >= 0)? / self.length;
        usize::try_from(at).ok().filter(|at| *at < self.count)
    }
}

/// The steps as they fill.
pub(crate) struct Plot<'a> {
    question: &'a Question,
    steps: Steps,
    metrics: Vec<Metric>,
    found: BTreeMap<(Subject, Metric), Vec<Bucket>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    sum: f64,
    weight: f64,
    max: f32,
}

impl<'a> Plot<'a> {
    pub(crate) fn new(question: &'a Question, steps: Steps) -> Self {
        let mut metrics =
            if question.metrics.is_empty() { METRICS.to_vec() } else { question.metrics.clone() };
        metrics.sort_unstable();
        metrics.dedup();
        let mut plot = Self { question, steps, metrics, found: BTreeMap::new() };
        if let Some(of) = &question.of {
            for metric in plot.metrics.clone() {
                plot.found.insert((of.clone(), metric), vec![Bucket::default(); steps.count]);
            }
        }
        plot
    }

    /// Adds a minute. Where steps are shorter it fills all that it is part of, but what is counted is
    /// counted once.
    pub(crate) fn add_record(&mut self, record: &Record) {
        let begin = record.minute.saturating_mul(MINUTE_MS);
        let span = if self.steps.length < MINUTE_MS { SPACING_MS } else { MINUTE_MS };
        for (of, cells) in &record.entries {
            let mut cells = *cells;
            for part in 0..MINUTE_MS / span {
                self.add(begin + part * span, of, &cells, span);
                cells[index(Metric::Restarts)] = None;
            }
        }
    }

    /// Adds a reading.
    pub(crate) fn add_reading(&mut self, reading: &Reading) {
        for (of, Values(values)) in &reading.entries {
            let cell = |value| crate::minute::Cell { mean: value, max: value };
            self.add(reading.at, of, &values.map(|value| value.map(cell)), SPACING_MS);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a minute")]
    fn add(&mut self, time: i64, of: &Of, cells: &Cells, span_ms: i64) {
        if self.steps.at(time).is_none() || !self.is_asked_for(of) {
            return;
        }
        for at in 0..self.metrics.len() {
            let metric = self.metrics[at];
            let Some(cell) = cells[index(metric)] else {
                continue;
            };
            let line = (of.subject(), metric);
            if !self.found.contains_key(&line) {
                self.make_room();
            }
            let Steps { count, .. } = self.steps;
            let buckets = self.found.entry(line).or_insert_with(|| vec![Bucket::default(); count]);
            // What is counted adds up, however long it took.
            let weight = if metric == Metric::Restarts { 1.0 } else { span_ms as f64 };
            let sum = f64::from(cell.mean) * weight;
            if let Some(step) = self.steps.at(time) {
                buckets[step].add(&Bucket { sum, weight, max: cell.max });
            }
        }
    }

    /// Makes steps longer until one more line has room.
    fn make_room(&mut self) {
        while self.steps.count > 1 && (self.found.len() + 1) * self.steps.count > BUCKETS_MAX {
            let coarser = self.steps.coarser();
            let late = usize::from(coarser.from < self.steps.from);
            for buckets in self.found.values_mut() {
                let mut merged = vec![Bucket::default(); coarser.count];
                for (at, bucket) in (late..).zip(&*buckets) {
                    merged[at / 2].add(bucket);
                }
                *buckets = merged;
            }
            self.steps = coarser;
        }
    }

    fn is_asked_for(&self, of: &Of) -> bool {
        match (&self.question.of, of) {
            (None, Of::Host | Of::App(_)) | (Some(Subject::Host), Of::Host) => true,
            (Some(Subject::App { name }), Of::App(app)) => **name == **app,
            (Some(Subject::Process { id }), Of::Process(known, app)) => {
                id == known && self.question.app.as_ref().is_none_or(|name| **name == **app)
            }
            _ => false,
        }
    }

    /// The lines, by subject and metric. Whoever is asked for has one for each metric; else those are
    /// left out of which nothing is known.
    pub(crate) fn series(self) -> Vec<Series> {
        let Steps { from, length, .. } = self.steps;
        let line = |((of, metric), buckets): ((Subject, Metric), Vec<Bucket>)| Series {
            of,
            metric,
            from,
            step_ms: length.unsigned_abs(),
            mean: buckets.iter().map(|bucket| bucket.mean(metric)).collect(),
            max: buckets.iter().map(|bucket| bucket.max(metric)).collect(),
        };
        self.found.into_iter().map(line).collect()
    }
}

impl Bucket {
    fn add(&mut self, other: &Self) {
        if other.weight > 0.0 {
            self.max = if self.weight > 0.0 { self.max.max(other.max) } else { other.max };
            self.sum += other.sum;
            self.weight += other.weight;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "it is between two values of that type")]
    fn mean(&self, metric: Metric) -> Option<f32> {
        let divisor = if metric == Metric::Restarts { 1.0 } else { self.weight };
        (self.weight > 0.0).then(|| (self.sum / divisor) as f32)
    }

    fn max(&self, metric: Metric) -> Option<f32> {
        if metric == Metric::Restarts {
            return self.mean(metric);
        }
        (self.weight > 0.0).then_some(self.max)
    }
}
