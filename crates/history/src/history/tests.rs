//! What goes in comes out, whatever happens to files and clocks.

use super::*;
use crate::reading::{Of, Values};
use crate::{KEPT_MINUTES, MINUTE_MS};
use proptest::prelude::*;
use rpm_proto::{Metric, Subject};
use std::fs;

/// Some minute of the year 2026.
const BEGIN: i64 = 29_550_000 * MINUTE_MS;

fn reading(at: i64, cpu: f32, restarts: f32) -> Reading {
    let values =
        Values::default().with(Metric::Cpu, Some(cpu)).with(Metric::Restarts, Some(restarts));
    let host = Values::default().with(Metric::Cpu, Some(50.0));
    let entries = vec![(Of::Host, host), (Of::Process(3, "api".into()), values)];
    let mut reading = Reading { at, entries };
    reading.add_apps();
    reading
}

fn ask(
    history: &History,
    of: Option<Subject>,
    (from, until): (i64, i64),
    points: u32,
) -> Vec<Series> {
    let question = Question { of, app: None, metrics: vec![], from, until, points };
    history.answer(&question, until)
}

fn line(series: &[Series], metric: Metric) -> &Series {
    series.iter().find(|line| line.metric == metric).unwrap()
}

fn api() -> Subject {
    Subject::App { name: "api".to_owned() }
}

fn history() -> (tempfile::TempDir, History) {
    let dir = tempfile::tempdir().unwrap();
    let history = History::new(dir.path().join("history"));
    (dir, history)
}

/// Readings for so many minutes; the CPU is the minute's number.
fn run(history: &mut History, minutes: std::ops::Range<i64>) {
    for minute in minutes {
        for second in (0..60).step_by(10) {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let cpu = minute as f32;
            let at = BEGIN + minute * MINUTE_MS + second * 1000;
            history.note(reading(at, cpu, if second == 0 { 1.0 } else { 0.0 })).unwrap();
        }
    }
}

#[test]
fn a_day_is_told_in_steps() {
    let (_dir, mut history) = history();
    run(&mut history, 0..KEPT_MINUTES);
    let day = (BEGIN, BEGIN + KEPT_MINUTES * MINUTE_MS);
    let series = ask(&history, Some(api()), day, 24);
    let (cpu, restarts) = (line(&series, Metric::Cpu), line(&series, Metric::Restarts));
    assert_eq!((cpu.from, cpu.step_ms, cpu.mean.len()), (BEGIN, 3_600_000, 24));
    assert_eq!((cpu.mean[1], cpu.max[1]), (Some(89.5), Some(119.0)));
    assert_eq!((restarts.mean[0], restarts.max[23]), (Some(60.0), Some(60.0)));
    // The app never told of its event loop.
    assert_eq!(line(&series, Metric::EventLoop).mean, [None; 24]);
    // Without a subject: the host and all apps, each with what is known of it.
    let all: Vec<_> =
        ask(&history, None, day, 4).into_iter().map(|line| (line.of, line.metric)).collect();
    let app = api();
    assert_eq!(
        all,
        [(Subject::Host, Metric::Cpu), (app.clone(), Metric::Cpu), (app, Metric::Restarts)]
    );
}

#[test]
fn the_last_minutes_are_finer() {
    let (dir, mut history) = history();
    run(&mut history, 0..30);
    let end = BEGIN + 30 * MINUTE_MS;
    let series = ask(&history, Some(api()), (end - 5 * MINUTE_MS, end), 1000);
    let cpu = line(&series, Metric::Cpu);
    assert_eq!((cpu.step_ms, cpu.mean.len()), (10_000, 30));
    assert!(cpu.mean.iter().all(Option::is_some), "{cpu:?}");
    // Where a predecessor took the readings there are its minutes.
    history.close().unwrap();
    let successor = History::new(dir.path().join("history"));
    let series = ask(&successor, Some(api()), (end - 5 * MINUTE_MS, end), 1000);
    let (cpu, restarts) = (line(&series, Metric::Cpu), line(&series, Metric::Restarts));
    assert_eq!((cpu.step_ms, cpu.mean[0], cpu.mean[29]), (10_000, Some(25.0), Some(29.0)));
    assert_eq!(restarts.mean[..7], [Some(1.0), None, None, None, None, None, Some(1.0)]);
    let series = ask(&history, Some(api()), (end - 25 * MINUTE_MS, end), 1000);
    let cpu = line(&series, Metric::Cpu);
    assert_eq!((cpu.step_ms, cpu.mean.len()), (60_000, 25));
    assert_eq!((cpu.mean[0], cpu.mean[24]), (Some(5.0), Some(29.0)));
    assert_eq!(line(&series, Metric::Restarts).mean, [Some(1.0); 25]);
}

#[test]
fn a_successor_goes_on() {
    let (dir, mut first) = history();
    run(&mut first, 0..20);
    // It is killed: the minute that went on is lost.
    drop(first);
    let mut second = History::new(dir.path().join("history"));
    run(&mut second, 25..30);
    let (from, until) = (BEGIN, BEGIN + 30 * MINUTE_MS);
    let series = ask(&second, Some(Subject::Process { id: 3 }), (from, until), 30);
    let found: Vec<bool> = line(&series, Metric::Cpu).mean.iter().map(Option::is_some).collect();
    let expected: Vec<bool> = (0..30).map(|minute| !(19..25).contains(&minute)).collect();
    assert_eq!(found, expected);
    // One that ends well loses nothing.
    second.close().unwrap();
    let third = History::new(dir.path().join("history"));
    let series = ask(&third, Some(api()), (from, until), 30);
    assert_eq!(line(&series, Metric::Cpu).mean[29], Some(29.0));
}

#[test]
fn what_is_old_is_given_up() {
    let (dir, mut history) = history();
    run(&mut history, 0..5);
    run(&mut history, KEPT_MINUTES..KEPT_MINUTES + 3);
    let count = || fs::read_dir(dir.path().join("history")).unwrap().count();
    assert_eq!(count(), 2);
    run(&mut history, KEPT_MINUTES + 200..KEPT_MINUTES + 203);
    assert_eq!(count(), 2, "the first hour is gone");
    // Other files are not ours to remove.
    fs::write(dir.path().join("history/notes.txt"), "mine").unwrap();
    run(&mut history, 9 * KEPT_MINUTES..9 * KEPT_MINUTES + 3);
    assert_eq!(count(), 2);
}

#[test]
fn with_very_many_processes_older_hours_are_given_up_sooner() {
    let (dir, mut history) = history();
    let folder = dir.path().join("history");
    let size = || -> u64 {
        let files = fs::read_dir(&folder).into_iter().flatten();
        files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
    };
    let (mut largest, mut fell) = (0, 0);
    for minute in 0..600 {
        let mut reading = Reading { at: BEGIN + minute * MINUTE_MS, entries: Vec::new() };
        let values = Values([Some(1.0); crate::METRICS.len()]);
        let app = |id| (Of::Process(id, format!("app-{id}").into()), values);
        reading.entries.extend((0..4000).map(app));
        history.note(reading).unwrap();
        let now = size();
        if now < largest {
            fell += 1;
        }
        largest = largest.max(now);
    }
    assert!(fell > 0, "{largest} bytes in all are not enough to see it");
    assert!(largest <= 64 << 20, "{largest} bytes");
    // What is nearest is still there.
    let now = BEGIN + 600 * MINUTE_MS;
    let of = Some(Subject::Process { id: 3999 });
    let series = ask(&history, of, (now - 3 * 60 * MINUTE_MS, now), 180);
    assert!(line(&series, Metric::Cpu).mean.iter().all(Option::is_some));
}

#[test]
fn a_minute_of_too_many_processes_is_refused() {
    let (dir, mut history) = history();
    let entries = |count| {
        let values = Values([Some(1.0); crate::METRICS.len()]);
        (0..count).map(|id| (Of::Process(id, "app".into()), values)).collect::<Vec<_>>()
    };
    history.note(Reading { at: BEGIN, entries: entries(60_000) }).unwrap();
    let next = Reading { at: BEGIN + MINUTE_MS, entries: entries(3) };
    let error = history.note(next).unwrap_err();
    assert_eq!(error.to_string(), "a minute of 60000 processes and apps is too much to be kept");
    history.close().unwrap();
    let successor = History::new(dir.path().join("history"));
    let of = Some(Subject::Process { id: 2 });
    let series = ask(&successor, of, (BEGIN, BEGIN + 2 * MINUTE_MS), 2);
    assert_eq!(line(&series, Metric::Cpu).mean, [None, Some(1.0)]);
}

#[test]
fn a_folder_that_cannot_be_used_costs_only_the_past() {
    let (dir, mut history) = history();
    fs::write(dir.path().join("history"), "a file in its place").unwrap();
    run(&mut history, 0..1);
    let next = BEGIN + MINUTE_MS;
    assert!(history.note(reading(next, 1.0, 0.0)).is_err());
    let series = ask(&history, Some(api()), (next, next + 1), 1);
    assert_eq!(line(&series, Metric::Cpu).mean, [Some(1.0)]);
    // As soon as it can be used, all goes on.
    fs::remove_file(dir.path().join("history")).unwrap();
    run(&mut history, 2..4);
    assert_eq!(fs::read_dir(dir.path().join("history")).unwrap().count(), 1);
}

#[test]
fn what_is_not_a_history_is_as_good_as_nothing() {
    let (dir, mut history) = history();
    run(&mut history, 0..3);
    let folder = dir.path().join("history");
    for entry in fs::read_dir(&folder).unwrap() {
        fs::write(entry.unwrap().path(), b"rpmhist1\xff\xff\xff\x7fgarbage").unwrap();
    }
    fs::create_dir(folder.join("0029549999-00.figures")).unwrap();
    let fresh = History::new(folder);
    let series = ask(&fresh, Some(api()), (BEGIN, BEGIN + 3 * MINUTE_MS), 3);
    assert_eq!(line(&series, Metric::Cpu).mean, [None; 3]);
}

#[test]
fn an_id_that_was_given_anew_is_another_process() {
    let (_dir, mut history) = history();
    for (minute, app) in [(0, "old"), (1, "new"), (2, "new")] {
        let values = Values::default().with(Metric::Cpu, Some(1.0));
        let entries = vec![(Of::Process(0, app.into()), values)];
        history.note(Reading { at: BEGIN + minute * MINUTE_MS, entries }).unwrap();
    }
    let question = |app: Option<&str>| Question {
        of: Some(Subject::Process { id: 0 }),
        app: app.map(str::to_owned),
        metrics: vec![Metric::Cpu],
        from: BEGIN,
        until: BEGIN + 3 * MINUTE_MS,
        points: 3,
    };
    let known = |app| {
        let series = history.answer(&question(app), BEGIN + 3 * MINUTE_MS);
        assert_eq!(series.len(), 1);
        series[0].mean.iter().filter(|mean| mean.is_some()).count()
    };
    assert_eq!((known(Some("new")), known(Some("old")), known(None)), (2, 1, 3));
}

proptest! {
    /// However time is divided, no restart is lost or counted twice, and no mean is beyond the
    /// largest value.
    #[test]
    fn steps_hold_all_that_was_measured(
        times in prop::collection::vec(prop_oneof![0..20_i64, 0..200_i64], 1..120),
        (from, length) in (0..200_i64, 1..200_i64),
        points in 1..300_u32,
        killed_before_end in 0..60_usize,
    ) {
        let (dir, mut history) = history();
        let mut at = BEGIN;
        let mut noted = Vec::new();
        for (index, wait) in times.iter().enumerate() {
            at += wait * 1000 + 1;
            if index + killed_before_end == times.len() {
                history.close().unwrap();
                history = History::new(dir.path().join("history"));
            }
            history.note(reading(at, 5.0, 1.0)).unwrap();
            noted.push(at);
        }
        let from = BEGIN + from * MINUTE_MS;
        let until = from + length * MINUTE_MS;
        let question =
            Question { of: Some(api()), app: None, metrics: vec![], from, until, points };
        let series = history.answer(&question, at.max(until));
        let restarts = line(&series, Metric::Restarts);
        let step = i64::try_from(restarts.step_ms).unwrap();
        let steps = i64::try_from(restarts.mean.len()).unwrap();
        prop_assert!(restarts.from <= from && restarts.from + step * steps >= until);
        prop_assert!(steps <= i64::from(points) + 1);
        let covered = restarts.from..restarts.from + step * steps;
        let expected = noted.iter().filter(|at| covered.contains(at)).count();
        let counted: f32 = restarts.mean.iter().flatten().sum();
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let expected = expected as f32;
        prop_assert!((counted - expected).abs() < 0.01, "{} of {}", counted, expected);
        for (mean, max) in line(&series, Metric::Cpu).mean.iter().zip(&line(&series, Metric::Cpu).max) {
            prop_assert_eq!(mean, max);
        }
    }
}
