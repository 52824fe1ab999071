//! Apps that are restarted when their files change.

use nix::sys::signal::Signal;
use rpm_tests::{Process, Rpm, app, child_app, eventually, free_port, kill};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

/// A scripted child that watches `src`.
fn watcher(name: &str, words: &[&str], more: Value) -> Value {
    let mut app = child_app(name, words);
    let app_fields = app.as_object_mut().unwrap();
    app_fields.insert("watch".to_owned(), json!(["src"]));
    let Value::Object(more) = more else { panic!("no members: {more}") };
    app_fields.extend(more);
    app
}

/// Starts these apps, with a file in `src`, and waits until their files are watched.
fn start(rpm: &Rpm, apps: &[Value]) {
    rpm.write("src/a.js", "one");
    rpm.ok(&["start", &rpm.config(apps)]);
    watched(rpm, apps.len());
}

fn watched(rpm: &Rpm, times: usize) {
    eventually("files are watched", || {
        (rpm.daemon_log().matches("watching its files").count() >= times).then_some(())
    });
}

fn restarted(count: u64) -> impl Fn(&Process) -> bool {
    move |process| process.is_online() && process.restarts == count
}

/// Long enough for a restart that must not come.
fn settle() {
    std::thread::sleep(Duration::from_millis(900));
}

#[test]
fn a_changed_file_restarts_all_instances_once() {
    let rpm = Rpm::new();
    start(&rpm, &[watcher("app", &[], json!({ "instances": 3 }))]);
    rpm.write("src/a.js", "two");
    eventually("all are restarted", || rpm.app("app").iter().all(restarted(1)).then_some(()));
    settle();
    assert!(rpm.app("app").iter().all(restarted(1)), "{:#?}", rpm.app("app"));
    let log = rpm.daemon_log();
    assert!(log.contains("src/a.js has changed; restarting"), "{log}");
    assert_eq!(log.matches("has changed; restarting").count(), 3, "{log}");
    assert_eq!(rpm.app("app")[0].env("watch"), &json!(["src"]));
    assert!(rpm.ok(&["describe", "0"]).contains("✔"));
}

#[test]
fn a_thousand_files_make_one_restart() {
    let rpm = Rpm::new();
    start(&rpm, &[watcher("app", &[], json!({}))]);
    for file in 0..1000 {
        rpm.write(&format!("src/{}/{file}.js", file % 20), "x");
    }
    rpm.eventually_one("app", "restarted", restarted(1));
    settle();
    assert_eq!(rpm.one("app").restarts, 1);
}

#[test]
fn editors_and_new_folders_are_seen_and_what_is_ignored_is_not() {
    let rpm = Rpm::new();
    let more = json!({ "watch": true, "ignore_watch": ["ignored", "*.log", "apps.json"] });
    start(&rpm, &[watcher("app", &["note:app.log"], more)]);
    rpm.write("ignored/a.js", "x");
    rpm.write("more.log", "x");
    settle();
    assert_eq!(rpm.one("app").restarts, 0, "{}", rpm.daemon_log());
    for count in 1..=3 {
        let new = rpm.write("src/.a.js.swp", &count.to_string());
        fs::rename(new, rpm.dir().join("src/a.js")).unwrap();
        rpm.eventually_one("app", "restarted", restarted(count));
    }
    rpm.write("new/below/b.js", "x");
    rpm.eventually_one("app", "restarted", restarted(4));
    rpm.write("new/below/b.js", "y");
    rpm.eventually_one("app", "restarted", restarted(5));
}

#[test]
fn its_own_logs_do_not_restart_an_app() {
    let rpm = Rpm::new();
    let more = json!({ "watch": true, "out_file": "out.log", "pid_file": "app.pid" });
    start(&rpm, &[watcher("app", &["say:hello"], more)]);
    eventually("it has written", || rpm.read("out.log").contains("hello").then_some(()));
    settle();
    assert_eq!(rpm.one("app").restarts, 0, "{}", rpm.daemon_log());
}

#[test]
fn what_is_stopped_stays_so_and_watches_again_when_started() {
    let rpm = Rpm::new();
    start(&rpm, &[watcher("app", &[], json!({}))]);
    rpm.ok(&["stop", "app"]);
    assert_eq!(rpm.one("app").env("watch"), false);
    rpm.write("src/a.js", "two");
    settle();
    assert_eq!(rpm.one("app").status, "stopped");
    rpm.ok(&["start", "app"]);
    watched(&rpm, 2);
    let before = rpm.one("app").restarts;
    rpm.write("src/a.js", "three");
    rpm.eventually_one("app", "restarted", restarted(before + 1));
}

#[test]
fn what_has_failed_is_started_when_it_is_mended() {
    let rpm = Rpm::new();
    let more = json!({ "max_restarts": 2 });
    start(&rpm, &[watcher("app", &["once:made:exit:1", "once:made2:exit:1"], more)]);
    rpm.eventually_one("app", "errored", |process| process.status == "errored");
    rpm.write("src/a.js", "mended");
    rpm.eventually_one("app", "online", Process::is_online);
}

#[test]
fn a_successor_of_the_supervisor_watches_on() {
    let rpm = Rpm::new();
    start(&rpm, &[watcher("app", &[], json!({}))]);
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    watched(&rpm, 2);
    rpm.write("src/a.js", "two");
    rpm.eventually_one("app", "restarted", restarted(1));
}

#[test]
fn workers_are_reloaded_where_that_is_asked_for() {
    let rpm = Rpm::new();
    let web = json!({
        "name": "web", "script": app("web.js"), "instances": 2, "wait_ready": true,
        "env": { "PORT": free_port() }, "watch": ["src"], "watch_reload": true,
    });
    start(&rpm, &[web]);
    let before = rpm.pids("web");
    rpm.write("src/a.js", "two");
    eventually("both are replaced", || {
        let now = rpm.app("web");
        (now.iter().all(|it| it.is_online() && !before.contains(&it.pid))).then_some(())
    });
    let log = rpm.daemon_log();
    assert_eq!(log.matches("reloaded").count(), 2, "{log}");
}

#[test]
fn where_the_kernel_tells_nothing_it_is_looked() {
    let rpm = Rpm::new();
    let more = json!({ "watch_options": { "usePolling": true, "interval": 50 } });
    start(&rpm, &[watcher("app", &[], more)]);
    rpm.write("src/b.js", "new");
    rpm.eventually_one("app", "restarted", restarted(1));
    fs::remove_file(rpm.dir().join("src/b.js")).unwrap();
    rpm.eventually_one("app", "restarted", restarted(2));
}

#[test]
fn the_script_behind_the_flag_is_the_script() {
    let rpm = Rpm::new();
    let script = rpm.write("job.sh", "sleep 600\n");
    rpm.ok(&["start", "--watch", script.to_str().unwrap(), "--ext", "js,sh", "--name", "job"]);
    watched(&rpm, 1);
    rpm.write("notes.txt", "x");
    settle();
    assert_eq!(rpm.one("job").restarts, 0);
    assert_eq!(rpm.one("job").env("watch"), true);
    rpm.write("job.sh", "sleep 601\n");
    rpm.eventually_one("job", "restarted", restarted(1));
}
