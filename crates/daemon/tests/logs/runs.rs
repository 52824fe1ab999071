//! Runs: their last lines, their end, and what outlives them.

use crate::rig::Rig;
use rpm_core::Generation;
use rpm_daemon::logs::{LogEvent, Sink};
use rpm_proto::{LogLine, Stream};
use std::io::{PipeWriter, Write};

/// Both streams of a run whose tail is kept.
fn starting(rig: &Rig, generation: u64) -> (PipeWriter, PipeWriter) {
    let (out, out_app) = rig.sink(generation, "out.log");
    let (err, err_app) = rig.sink(generation, "err.log");
    rig.logs.open(Sink { keep_tail: true, ..out });
    rig.logs.open(Sink { keep_tail: true, stream: Stream::Err, ..err });
    (out_app, err_app)
}

fn texts(lines: Vec<LogLine>) -> Vec<(Stream, String)> {
    lines.into_iter().map(|line| (line.stream, String::from_utf8(line.bytes).unwrap())).collect()
}

#[tokio::test]
async fn a_failed_start_is_shown_with_its_last_lines() {
    let mut rig = Rig::new();
    let (mut out, mut err) = starting(&rig, 5);
    for number in 0..100 {
        writeln!(out, "step {number}").unwrap();
    }
    rig.logs.sync().await;
    err.write_all(b"Error: no\n    at api.js:3").unwrap();
    let running = texts(rig.logs.tail(Generation(5)).await);
    assert_eq!(running.len(), 20);
    assert_eq!(running[0], (Stream::Out, "step 82".to_owned()));
    assert_eq!(running[18], (Stream::Err, "Error: no".to_owned()));
    drop((out, err));
    rig.ended(5).await;
    rig.logs.gone(Generation(5));
    let after = texts(rig.logs.tail(Generation(5)).await);
    assert_eq!(after, running, "also when it has ended");
    assert_eq!(after[19], (Stream::Err, "    at api.js:3".to_owned()));
}

#[tokio::test]
async fn a_run_that_is_up_has_no_tail() {
    let mut rig = Rig::new();
    let (mut out, err) = starting(&rig, 5);
    out.write_all(b"hello\n").unwrap();
    assert_eq!(rig.logs.tail(Generation(5)).await.len(), 1);
    rig.logs.settle(Generation(5));
    out.write_all(b"more\n").unwrap();
    assert_eq!(rig.logs.tail(Generation(5)).await, []);
    assert_eq!(rig.logs.tail(Generation(6)).await, [], "nor has one that never was");
    drop((out, err));
    rig.ended(5).await;
}

#[tokio::test]
async fn tails_of_ended_runs_do_not_pile_up() {
    let mut rig = Rig::new();
    for run in 1..=100 {
        let (mut out, err) = starting(&rig, run);
        writeln!(out, "run {run}").unwrap();
        drop((out, err));
        rig.ended(run).await;
    }
    assert_eq!(rig.logs.tail(Generation(30)).await, []);
    assert_eq!(texts(rig.logs.tail(Generation(100)).await)[0].1, "run 100");
}

#[tokio::test]
async fn a_run_ends_with_its_last_stream() {
    let mut rig = Rig::new();
    let (out, mut err) = starting(&rig, 1);
    drop(out);
    rig.logs.gone(Generation(1));
    rig.logs.sync().await;
    assert!(rig.events.try_recv().is_err(), "a child of it may still write");
    err.write_all(b"from a leftover\n").unwrap();
    drop(err);
    rig.ended(1).await;
    assert_eq!(rig.text("err.log"), "from a leftover\n");
}

#[tokio::test]
async fn a_closed_run_is_let_go_whoever_still_writes() {
    let mut rig = Rig::new();
    let (mut out, mut err) = starting(&rig, 1);
    out.write_all(b"in time").unwrap();
    rig.logs.close(Generation(1));
    rig.ended(1).await;
    assert_eq!(rig.text("out.log"), "in time");
    let error = err.write_all(b"too late").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn a_main_loop_that_is_busy_holds_up_nothing_and_hears_all() {
    let mut rig = Rig::with_room_for_events(1);
    for run in 0..50 {
        let mut app = rig.open(run, &format!("{run}.log"));
        writeln!(app, "run {run}").unwrap();
    }
    rig.logs.sync().await;
    for run in 0..50 {
        assert_eq!(rig.text(&format!("{run}.log")), format!("run {run}\n"));
    }
    let mut ended = Vec::new();
    for _ in 0..50 {
        let LogEvent::Ended(Generation(run)) = rig.event().await else { panic!("trouble") };
        ended.push(run);
    }
    ended.sort_unstable();
    assert_eq!(ended, (0..50).collect::<Vec<u64>>());
}
