//! Days of a hundred apps that come and go: what it takes to keep them, and what is told of them
//! beside a much simpler account.
//!
//! All of it is one test, as what a process uses is measured: nothing else may run in it.

#![expect(clippy::unwrap_used, reason = "what surprises a test fails it")]

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rpm_history::{
    History, KEPT_MINUTES, METRICS, MINUTE_MS, Of, Question, Reading, SPACING_MS, Values,
};
use rpm_proto::{Metric, Series, Subject};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Some hour of the year 2026.
const BEGIN: i64 = 29_550_000 * MINUTE_MS;
const DAY_MS: i64 = KEPT_MINUTES * MINUTE_MS;
const END: i64 = BEGIN + 3 * DAY_MS + 7 * MINUTE_MS + 20_000;
const APPS: u32 = 100;
/// The last readings are told as they came.
const FINE_MS: i64 = 10 * MINUTE_MS;
/// What the history may need beside its files, whatever is asked.
const MEMORY_KIB: u64 = 96 << 10;

/// Every ten seconds from so long before the end that a day and more is kept of it. Before that once
/// a minute, which is quicker and as much on the disk.
fn times() -> impl Iterator<Item = i64> {
    let fine = END - DAY_MS - 2 * 60 * MINUTE_MS;
    let times = (BEGIN..END).step_by(usize::try_from(SPACING_MS).unwrap());
    times.filter(move |at| *at >= fine || at % MINUTE_MS == 0)
}

/// Which life an app is in: it is deleted and started under another id now and then, some every
/// hour, others never. Between two lives it is away for some minutes, begun and ended amid minutes.
fn life(app: u32, at: i64) -> Option<i64> {
    let every = match app % 10 {
        0 => return Some(0),
        kind => i64::from(kind) * 61 * MINUTE_MS + i64::from(app) * SPACING_MS,
    };
    let since = at - BEGIN;
    (since % every >= 4 * MINUTE_MS + 30_000).then_some(since / every)
}

/// Ids are given anew: the next life of an app has another, and that one was its neighbour's.
fn id(app: u32, life: i64) -> u32 {
    (app + u32::try_from(life).unwrap() * 7) % (2 * APPS)
}

fn name(app: u32, life: i64) -> String {
    // Every second app has a name of its own in each life.
    if app.is_multiple_of(2) { format!("app-{app}") } else { format!("app-{app}-{life}") }
}

/// What was measured: any number that tells times, apps and metrics apart.
fn value(app: u32, metric: Metric, at: i64) -> Option<f32> {
    let mix = (at / SPACING_MS).unsigned_abs().wrapping_mul(0x9e37_79b9) ^ u64::from(app) << 7;
    let mix = u16::try_from(mix >> 5 & 0xfff).unwrap();
    match metric {
        Metric::Cpu => Some(f32::from(mix) / 16.0),
        Metric::Memory => Some(f32::from(mix) * 65536.0),
        Metric::Restarts => Some(if mix > 4000 { 1.0 } else { 0.0 }),
        // Some apps tell of themselves.
        Metric::Requests => app.is_multiple_of(4).then(|| f32::from(mix)),
        Metric::EventLoop => app.is_multiple_of(4).then(|| f32::from(mix) / 1000.0),
    }
}

fn values(app: u32, at: i64) -> Values {
    METRICS.iter().fold(Values::default(), |all, metric| all.with(*metric, value(app, *metric, at)))
}

fn reading(at: i64) -> Reading {
    let mut entries = vec![(Of::Host, values(APPS, at))];
    for app in 0..APPS {
        if let Some(life) = life(app, at) {
            entries.push((Of::Process(id(app, life), name(app, life).into()), values(app, at)));
        }
    }
    let mut reading = Reading { at, entries };
    reading.add_apps();
    reading
}

/// Whose line: an app's under a name, or that of its process of one id.
#[derive(Clone, Debug)]
struct Whose {
    app: u32,
    called: String,
    id: Option<u32>,
}

impl Whose {
    fn subject(&self) -> Subject {
        match self.id {
            Some(id) => Subject::Process { id },
            None => Subject::App { name: self.called.clone() },
        }
    }

    fn value(&self, metric: Metric, at: i64) -> Option<f32> {
        let life = life(self.app, at)?;
        let is_it = name(self.app, life) == self.called
            && self.id.is_none_or(|known| known == id(self.app, life));
        is_it.then(|| value(self.app, metric, at)).flatten()
    }
}

/// The simple account: minutes of the past have a mean and a largest value, of the last minutes each
/// reading tells.
#[derive(Debug)]
struct Account {
    whose: Whose,
    metric: Metric,
    /// The time, how many seconds it tells of, the mean and the largest value.
    told: Vec<(i64, i32, f32, f32)>,
}

impl Account {
    fn of(whose: Whose, metric: Metric) -> Self {
        let last = times().last().unwrap();
        let seam = (last - FINE_MS + MINUTE_MS - 1).div_euclid(MINUTE_MS) * MINUTE_MS;
        let mut told = Vec::new();
        let mut minutes: BTreeMap<i64, Vec<f32>> = BTreeMap::new();
        for at in times() {
            match whose.value(metric, at) {
                Some(value) if at < seam => {
                    minutes.entry(at.div_euclid(MINUTE_MS)).or_default().push(value);
                }
                Some(value) => told.push((at, 10, value, value)),
                None => {}
            }
        }
        for (minute, values) in minutes {
            let sum: f32 = values.iter().sum();
            let count = f32::from(u8::try_from(values.len()).unwrap());
            let mean = if metric == Metric::Restarts { sum } else { sum / count };
            let max = values.into_iter().fold(0.0, f32::max);
            told.push((minute * MINUTE_MS, 60, mean, max));
        }
        Self { whose, metric, told }
    }

    /// The mean, or the count, and the largest in a step. What is shorter than a minute has its mean;
    /// what is counted was at its begin.
    fn step(&self, from: i64, length: i64) -> Option<(f64, f64)> {
        let is_count = self.metric == Metric::Restarts;
        let (mut sum, mut weights, mut largest) = (0.0, 0.0, 0.0_f64);
        for (at, seconds, mean, max) in &self.told {
            let parts = if length < MINUTE_MS && !is_count { *seconds / 10 } else { 1 };
            for part in 0..parts {
                if !(from..from + length).contains(&(at + i64::from(part) * SPACING_MS)) {
                    continue;
                }
                let weight = if is_count { 1.0 } else { f64::from(*seconds / parts) };
                sum += f64::from(*mean) * weight;
                weights += weight;
                largest = largest.max(f64::from(*max));
            }
        }
        let told = if is_count { (sum, sum) } else { (sum / weights, largest) };
        (weights > 0.0).then_some(told)
    }
}

/// Holds a line against the account, as far as figures are kept for certain.
fn hold(line: &Series, account: &Account, now: i64) {
    let length = i64::try_from(line.step_ms).unwrap();
    for (index, (mean, max)) in line.mean.iter().zip(&line.max).enumerate() {
        let from = line.from + i64::try_from(index).unwrap() * length;
        if from < now - DAY_MS {
            continue;
        }
        let found = mean.zip(*max).map(|(mean, max)| (f64::from(mean), f64::from(max)));
        let expected = account.step(from, length);
        let near = |one: f64, other: f64| (one - other).abs() <= 1e-4 * (1.0 + other.abs());
        let same = match (found, expected) {
            (Some(found), Some(expected)) => near(found.0, expected.0) && near(found.1, expected.1),
            (found, expected) => found.is_none() && expected.is_none(),
        };
        let of = (&account.whose, line.metric);
        assert!(same, "{of:?} at {from}+{length}: {found:?}, expected {expected:?}");
    }
}

/// The files' sizes.
fn files(folder: &Path) -> Vec<u64> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().metadata().unwrap().len()).collect()
}

/// The most that this process has used since [`forget_peak`], `proc(5)`.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

fn question(of: Option<Subject>, span: (i64, i64), points: u32) -> Question {
    Question { of, app: None, metrics: Vec::new(), from: span.0, until: span.1, points }
}

#[test]
fn days_of_a_hundred_apps_are_kept_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("history");
    let mut history = History::new(folder.clone());
    forget_peak();
    let before = peak_kib();
    let mut most = (0, 0);
    for at in times() {
        history.note(reading(at)).unwrap();
        if at % (60 * MINUTE_MS) == 0 {
            let sizes = files(&folder);
            most = (most.0.max(sizes.len()), most.1.max(sizes.iter().sum()));
        }
    }
    println!("files and bytes: {most:?}; memory: {} KiB", peak_kib() - before);
    // A day, the hour that goes on, and one that is partly older.
    assert!(most.0 <= 26, "{most:?}");
    assert!(most.1 < 16 << 20, "{most:?}");
    let keeping = peak_kib() - before;
    assert!(keeping < 16 << 10, "{keeping} KiB to keep a day");

    let now = times().last().unwrap();
    let day = (now - DAY_MS, now);
    let one = Some(Subject::App { name: "app-10".to_owned() });
    let begun = Instant::now();
    let series = history.answer(&question(one, day, 240), now);
    println!("a day of one app: {:?}", begun.elapsed());
    assert_eq!(series.len(), METRICS.len());
    let begun = Instant::now();
    let all = history.answer(&question(None, day, 2880), now);
    println!("a day of all, {} lines of {}: {:?}", all.len(), all[0].mean.len(), begun.elapsed());
    let values: usize = all.iter().map(|line| line.mean.len()).sum();
    assert!(values <= 1 << 20, "{values} values in an answer");
    let answering = peak_kib() - before;
    println!("memory with answers: {answering} KiB");
    assert!(answering < MEMORY_KIB, "{answering} KiB to answer");
    let whose = Whose { app: 12, called: "app-12".to_owned(), id: None };
    for line in all.iter().filter(|line| line.of == whose.subject()) {
        hold(line, &Account::of(whose.clone(), line.metric), now);
    }
    drop(all);
    answers_are_as_the_account_has_it(&history, now);
}

fn answers_are_as_the_account_has_it(history: &History, now: i64) {
    // An account is a pass over all that was measured.
    let mut accounts = Vec::new();
    for app in [0, 3, 12, 28, 99] {
        let then = (1..).find_map(|hours| life(app, now - hours * 60 * MINUTE_MS)).unwrap();
        for id in [None, Some(id(app, then))] {
            let whose = Whose { app, called: name(app, then), id };
            accounts.extend(METRICS.map(|metric| Account::of(whose.clone(), metric)));
        }
    }
    let back = prop_oneof![0..FINE_MS, 0..2 * 60 * MINUTE_MS, 0..DAY_MS + 30 * MINUTE_MS];
    let asked = (0..accounts.len(), back.clone(), back, 1..3000_u32);
    let config =
        ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&asked, |(at, from, until, points)| {
        let account = &accounts[at];
        let whose = &account.whose;
        let span = (now - from.max(until), now - from.min(until));
        let question = Question {
            app: whose.id.map(|_| whose.called.clone()),
            metrics: vec![account.metric],
            ..question(Some(whose.subject()), span, points)
        };
        let series = history.answer(&question, now);
        prop_assert_eq!(series.len(), 1);
        hold(&series[0], account, now);
        Ok(())
    });
    outcome.unwrap();
}
