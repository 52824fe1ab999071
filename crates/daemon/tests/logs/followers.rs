//! Whoever watches: sees every line, or is told how many it did not.

use crate::rig::{PATIENCE, Rig, lines};
use rpm_core::ProcId;
use rpm_daemon::logs::{Followed, Follower, Sink};
use rpm_proto::Stream;
use std::io::Write;
use std::sync::Arc;
use tokio::time::timeout;

async fn next(follower: &mut Follower) -> Followed {
    timeout(PATIENCE, follower.next()).await.expect("no line came").expect("the thread is gone")
}

async fn line(follower: &mut Follower) -> String {
    match next(follower).await {
        Followed::Line(line, _) => String::from_utf8(line.bytes).unwrap(),
        Followed::Missed(lines) => panic!("missed {lines}"),
    }
}

fn all(rig: &Rig) -> Follower {
    rig.logs.follow(Arc::new(|_| true), true, true)
}

#[tokio::test]
async fn lines_come_with_their_source() {
    let rig = Rig::new();
    let mut follower = all(&rig);
    let (sink, mut app) = rig.sink(1, "err.log");
    rig.logs.open(Sink { stream: Stream::Err, ..sink });
    app.write_all(b"one\r\ntw").unwrap();
    rig.logs.sync().await;
    app.write_all(b"o\xff\nlast").unwrap();
    drop(app);
    for wanted in [&b"one\r"[..], b"two\xff", b"last"] {
        let Followed::Line(line, _) = next(&mut follower).await else { panic!("missed") };
        assert_eq!(line.bytes, wanted);
        assert_eq!((line.proc, line.name.as_str(), line.stream), (7, "api", Stream::Err));
        let age = jiff::Timestamp::now().as_millisecond() - line.at;
        assert!((0..20_000).contains(&age), "read {age} ms ago");
    }
}

#[tokio::test]
async fn only_what_is_wanted_comes() {
    let rig = Rig::new();
    let mut follower = rig.logs.follow(Arc::new(|source| source.proc == ProcId(8)), true, false);
    let mut apps = Vec::new();
    for (run, (proc, stream)) in
        [(7, Stream::Out), (8, Stream::Err), (8, Stream::Out)].into_iter().enumerate()
    {
        let (sink, mut app) = rig.sink(run as u64, "out.log");
        rig.logs.open(Sink { proc: ProcId(proc), stream, ..sink });
        writeln!(app, "{proc} {stream:?}").unwrap();
        rig.logs.sync().await;
        apps.push(app);
    }
    assert_eq!(line(&mut follower).await, "8 Out");
    assert_eq!(follower.try_next(), None);
}

#[tokio::test]
async fn what_a_slow_follower_misses_is_counted() {
    const LINES: usize = 60_000;
    let mut rig = Rig::new();
    let mut follower = all(&rig);
    let mut app = rig.open(1, "out.log");
    let writing = std::thread::spawn(move || app.write_all(&lines("n", LINES)).unwrap());
    let (mut next_number, mut missed, mut gaps) = (0, 0, 0);
    // Reads some while the app writes, the rest when all is written.
    let mut ended = false;
    while next_number < LINES as u64 {
        match next(&mut follower).await {
            Followed::Missed(lines) => {
                (missed, gaps, next_number) = (missed + lines, gaps + 1, next_number + lines);
            }
            Followed::Line(line, _) => {
                let text = String::from_utf8(line.bytes).unwrap();
                let number: u64 = text.split(' ').nth(1).unwrap().parse().unwrap();
                assert_eq!(number, next_number, "after {missed} missed in {gaps} gaps");
                next_number += 1;
                if number == 100 {
                    rig.ended(1).await;
                    ended = true;
                }
            }
        }
    }
    assert!(ended && gaps == 1 && missed > 0, "{missed} missed in {gaps} gaps");
    assert_eq!(follower.try_next(), None);
    writing.join().unwrap();
    assert!(rig.read("out.log") == lines("n", LINES), "the file is whole");
}

#[tokio::test]
async fn a_long_line_is_cut_for_followers_alone() {
    let mut rig = Rig::new();
    let mut follower = all(&rig);
    let mut app = rig.open(1, "out.log");
    let long = "y".repeat(300_000);
    writeln!(app, "{long}\nnext").unwrap();
    drop(app);
    rig.ended(1).await;
    let cut = line(&mut follower).await;
    assert!(cut.len() < 70_000 && cut.ends_with("is left out]"));
    assert_eq!(line(&mut follower).await, "next");
    assert_eq!(rig.text("out.log"), format!("{long}\nnext\n"));
}

#[tokio::test]
async fn a_follower_that_leaves_is_forgotten() {
    let rig = Rig::new();
    let seen = Arc::new(());
    let witness = Arc::clone(&seen);
    let follower = rig.logs.follow(Arc::new(move |_| Arc::strong_count(&witness) > 0), true, true);
    let _app = rig.open(1, "out.log");
    rig.logs.sync().await;
    assert_eq!(Arc::strong_count(&seen), 2);
    drop(follower);
    rig.logs.sync().await;
    assert_eq!(Arc::strong_count(&seen), 1, "its filter is gone");
}

#[tokio::test]
async fn followers_hear_the_end_of_the_thread() {
    let rig = Rig::new();
    let mut follower = all(&rig);
    let mut app = rig.open(1, "out.log");
    app.write_all(b"last words").unwrap();
    drop(rig.logs);
    assert_eq!(line(&mut follower).await, "last words");
    assert_eq!(timeout(PATIENCE, follower.next()).await, Ok(None));
}
