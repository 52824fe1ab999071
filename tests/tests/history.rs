//! Figures over time, from the daemon and from what its predecessors have kept.

use rpm_history::{History, Of, Reading, Values};
use rpm_proto::{Metric, Reply, Request, Series, Subject, now};
use rpm_tests::{Rpm, child, eventually, kill};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::thread;

const MINUTE_MS: i64 = 60_000;

fn ask(rpm: &Rpm, of: Option<Subject>, minutes: i64, points: u32) -> Vec<Series> {
    let until = now();
    let from = until - minutes * MINUTE_MS;
    match rpm.ask(&Request::History { of, metrics: Vec::new(), from, until, points }) {
        Reply::History { series } => series,
        other => panic!("no history: {other:?}"),
    }
}

fn line(series: &[Series], metric: Metric) -> &Series {
    series.iter().find(|line| line.metric == metric).unwrap()
}

fn app(name: &str) -> Subject {
    Subject::App { name: name.to_owned() }
}

/// A history of so many minutes, which ended two hours ago.
fn past(rpm: &Rpm, name: &str, id: u32, minutes: i64) {
    fs::create_dir_all(rpm.home()).unwrap();
    let mut history = History::new(rpm.home().join("history"));
    let begin = now() - 2 * 60 * MINUTE_MS - minutes * MINUTE_MS;
    for minute in 0..minutes {
        let values = Values::default().with(Metric::Cpu, Some(50.0));
        let entries = vec![(Of::Process(id, name.into()), values)];
        let mut reading = Reading { at: begin + minute * MINUTE_MS, entries };
        reading.add_apps();
        history.note(reading).unwrap();
    }
    history.close().unwrap();
}

#[test]
fn what_runs_is_measured_and_kept() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &child(), "--name", "app", "--", "alloc:20"]);
    // The first reading comes after ten seconds.
    let series = eventually("a reading", || {
        let series = ask(&rpm, Some(app("app")), 2, 12);
        line(&series, Metric::Memory).mean.iter().any(Option::is_some).then_some(series)
    });
    let memory = line(&series, Metric::Memory);
    assert_eq!(memory.step_ms, 10_000, "{memory:?}");
    assert!(memory.max.iter().flatten().all(|bytes| *bytes > 20e6), "{memory:?}");
    assert!(line(&series, Metric::Restarts).mean.iter().flatten().all(|count| *count == 0.0));
    // Not told, not 0.
    assert!(line(&series, Metric::EventLoop).mean.iter().all(Option::is_none));
    let all = ask(&rpm, None, 2, 12);
    assert!(all.iter().any(|line| line.of == Subject::Host && line.metric == Metric::Memory));
    // An end that is meant keeps what there is, for its owner only.
    rpm.ok(&["kill"]);
    let folder = rpm.home().join("history");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!((files.len(), mode(&files[0])), (1, 0o600));
    rpm.ok(&["start", &child(), "--name", "other"]);
    let series = ask(&rpm, Some(app("app")), 30, 30);
    assert!(line(&series, Metric::Memory).mean.iter().any(Option::is_some), "{series:?}");
}

#[test]
fn what_was_kept_is_told_by_a_successor() {
    let rpm = Rpm::new();
    past(&rpm, "gone", 0, 30);
    rpm.ok(&["start", &child(), "--name", "app"]);
    let told = || {
        let series = ask(&rpm, Some(app("gone")), 4 * 60, 240);
        line(&series, Metric::Cpu).mean.iter().flatten().count()
    };
    assert_eq!(told(), 30);
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, nix::sys::signal::Signal::SIGKILL);
    assert_eq!(told(), 30, "a supervisor that is killed leaves it");
    // The id has been given to another app since.
    let series = ask(&rpm, Some(Subject::Process { id: 0 }), 4 * 60, 240);
    assert!(line(&series, Metric::Cpu).mean.iter().all(Option::is_none), "{series:?}");
    let named: Vec<_> = ask(&rpm, None, 4 * 60, 1).into_iter().map(|line| line.of).collect();
    assert!(named.contains(&app("gone")), "{named:?}");
}

/// A file of the last hour that never ends, until what is returned is dropped: `ask` lets the daemon
/// read it, in a thread of its own. Gives that thread, too.
fn hanging<T: Send + 'static>(
    rpm: &Rpm,
    ask: impl FnOnce() -> T + Send + 'static,
) -> (File, thread::JoinHandle<T>) {
    let folder = rpm.home().join("history");
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
    let pipe = folder.join(format!("{:010}-15.figures", now() / MINUTE_MS - 30));
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR)
        .unwrap();
    let asked = thread::spawn(ask);
    let mut open = OpenOptions::new();
    open.write(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits());
    // It can be opened so when somebody reads it.
    let writer = eventually("the history is read", || open.open(&pipe).ok());
    fs::remove_file(pipe).unwrap();
    (writer, asked)
}

#[test]
fn a_history_that_hangs_holds_up_nothing_else() {
    let rpm = Rpm::new();
    past(&rpm, "gone", 0, 3);
    rpm.ok(&["start", &child(), "--name", "app"]);
    let hour = || Request::History {
        of: Some(app("app")),
        metrics: Vec::new(),
        from: now() - 60 * MINUTE_MS,
        until: now(),
        points: 60,
    };
    let (client, request) = (rpm.client(), hour());
    let (hangs, asked) = hanging(&rpm, move || {
        let mut client = client;
        client.call(&request, |_| {}).unwrap()
    });
    // Commands, and what nobody asks for.
    let first = rpm.one("app");
    rpm.ok(&["restart", "app"]);
    let second = rpm.one("app");
    assert_ne!(first.pid, second.pid);
    kill(second.pid, nix::sys::signal::Signal::SIGKILL);
    let third = rpm.eventually_one("app", "it is started again", |app| {
        app.is_online() && app.pid != second.pid
    });
    rpm.ok(&["start", &child(), "--name", "other"]);
    // Who asked is told in time.
    match asked.join().unwrap() {
        Reply::Failed { fault, .. } => assert_eq!(fault.what, "the history cannot be read"),
        other => panic!("of a disk that hangs: {other:?}"),
    }
    assert_eq!(rpm.one("app").pid, third.pid);
    // The disk is back, and with it all that was kept.
    drop(hangs);
    let series = ask(&rpm, Some(app("gone")), 4 * 60, 240);
    assert_eq!(line(&series, Metric::Cpu).mean.iter().flatten().count(), 3);
    // Nor does an end wait for it.
    let (client, request) = (rpm.client(), hour());
    let (hangs, asked) = hanging(&rpm, move || {
        let mut client = client;
        client.call(&request, |_| {}).is_ok()
    });
    rpm.ok(&["kill"]);
    asked.join().unwrap();
    drop(hangs);
    assert!(rpm.daemon_log().contains("the last minute of the history is lost: its disk hangs"));
}

#[test]
fn a_history_that_cannot_be_kept_costs_nothing_else() {
    let rpm = Rpm::new();
    past(&rpm, "app", 0, 3);
    for entry in fs::read_dir(rpm.home().join("history")).unwrap() {
        fs::write(entry.unwrap().path(), b"rpmhist1 and then nothing of use").unwrap();
    }
    rpm.ok(&["start", &child(), "--name", "app"]);
    let series = ask(&rpm, Some(app("app")), 4 * 60, 240);
    assert!(line(&series, Metric::Cpu).mean.iter().all(Option::is_none));
    assert!(rpm.one("app").is_online());
    // Something else is in its place.
    rpm.ok(&["kill"]);
    fs::remove_dir_all(rpm.home().join("history")).unwrap();
    fs::write(rpm.home().join("history"), "in the way").unwrap();
    rpm.ok(&["start", &child(), "--name", "app"]);
    eventually("a reading", || {
        let series = ask(&rpm, Some(app("app")), 2, 12);
        line(&series, Metric::Memory).mean.iter().any(Option::is_some).then_some(())
    });
    rpm.ok(&["kill"]);
    assert!(rpm.daemon_log().contains("the last minute of the history is lost"));
}

#[test]
fn it_can_be_turned_off() {
    let rpm = Rpm::new();
    past(&rpm, "gone", 0, 3);
    rpm.ok(&["set", "rpm:history", "false"]);
    let refused = rpm.fails(&["set", "rpm:history", "maybe"]);
    assert!(refused.stderr.contains("`rpm:history` cannot be `maybe`"), "{refused:?}");
    rpm.ok(&["start", &child(), "--name", "app"]);
    assert!(rpm.home().join("run/no-history").exists(), "a successor would not know");
    let begun = now();
    let known = || {
        let series = ask(&rpm, Some(app("app")), 2, 12);
        line(&series, Metric::Memory).mean.iter().any(Option::is_some)
    };
    eventually("the time of a reading to pass", || (now() - begun > 12_000).then_some(()));
    assert!(!known());
    let told = ask(&rpm, Some(app("gone")), 4 * 60, 240);
    assert!(line(&told, Metric::Cpu).mean.iter().any(Option::is_some), "it is not forgotten");
    rpm.ok(&["unset", "rpm:history"]);
    eventually("a reading", || known().then_some(()));
}
