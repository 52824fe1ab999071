//! What `restart`, `reload` and `start` change of an app that exists.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, alive, app, child_app, eventually, free_port, kill};
use serde_json::json;

#[test]
fn arguments_and_flags_are_given_to_what_runs() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &["say:first"])])]);
    rpm.ok(&["restart", "app", "--max-memory-restart", "1G", "-k", "5s", "--", "say:second"]);
    let app = rpm.one("app");
    assert_eq!(app.env("args"), &json!(["say:second"]));
    assert_eq!(app.env("max_memory_restart"), 1_u64 << 30);
    assert_eq!(app.env("kill_timeout"), 5000);
    let log = rpm.home().join("logs/app-out.log");
    eventually("it says the second", || {
        std::fs::read_to_string(&log).is_ok_and(|text| text.contains("second")).then_some(())
    });
    // What is not named stays.
    rpm.ok(&["restart", "app", "--cron", "0 3 * * *"]);
    assert_eq!(rpm.one("app").env("args"), &json!(["say:second"]));
    assert_eq!(rpm.one("app").env("cron_restart"), "0 3 * * *");
    rpm.ok(&["start", "app", "--cron", "0"]);
    assert!(rpm.one("app").env("cron_restart").is_null());
}

#[test]
fn what_was_changed_outlives_the_supervisor_and_the_dump() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &[])])]);
    rpm.ok(&["restart", "app", "--", "say:new"]);
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    eventually("it is gone", || (!alive(supervisor)).then_some(()));
    assert_eq!(rpm.one("app").env("args"), &json!(["say:new"]));
    rpm.ok(&["save"]);
    rpm.ok(&["kill"]);
    rpm.ok(&["resurrect"]);
    assert_eq!(rpm.one("app").env("args"), &json!(["say:new"]));
}

#[test]
fn a_reload_gives_them_to_the_new_workers() {
    let rpm = Rpm::new();
    let port = free_port();
    let web = json!({
        "name": "web", "script": app("web.js"), "instances": 2, "wait_ready": true,
        "env": { "PORT": port },
    });
    rpm.ok(&["start", &rpm.config(&[web])]);
    rpm.ok(&["reload", "web", "--", "--colour", "blue"]);
    for worker in rpm.app("web") {
        assert_eq!(worker.env("args"), &json!(["--colour", "blue"]));
        let line = std::fs::read_to_string(format!("/proc/{}/cmdline", worker.pid)).unwrap();
        assert!(line.ends_with("--colour\0blue\0"), "{line:?}");
    }
    let refused = rpm.fails(&["restart", "web", "--name", "other"]);
    assert!(refused.stderr.contains("`web` cannot become `other`"), "{}", refused.stderr);
}

#[test]
fn an_app_is_renamed() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("old", &[]), child_app("taken", &[])])]);
    let refused = rpm.fails(&["restart", "old", "--name", "taken"]);
    assert!(refused.stderr.contains("another app is named `taken`"), "{}", refused.stderr);
    rpm.ok(&["restart", "old", "--name", "new"]);
    assert_eq!(rpm.one("new").id, 0);
    assert!(rpm.app("old").is_empty());
    rpm.ok(&["restart", "new"]);
    rpm.fails(&["restart", "old"]);
    rpm.ok(&["delete", "new"]);
}

#[test]
fn watching_is_turned_on_and_off() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &[])])]);
    let watches = || rpm.one("app").env("watch").clone();
    rpm.ok(&["restart", "--watch", "app"]);
    assert_eq!(watches(), true);
    rpm.ok(&["restart", "app", "--watch"]);
    assert_eq!(watches(), false);
    rpm.ok(&["restart", "app", "--watch", "src", "--ignore-watch", "tmp"]);
    assert_eq!(watches(), json!(["src"]));
    assert_eq!(rpm.one("app").env("ignore_watch"), &json!(["tmp"]));
    rpm.ok(&["stop", "--watch", "app"]);
    rpm.ok(&["start", "app"]);
    assert_eq!(watches(), false);
}
