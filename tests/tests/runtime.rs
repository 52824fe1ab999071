//! `rpm runtime`: the first process of a container.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, alive, child_app, eventually, kill};
use serde_json::json;
use std::time::Duration;

#[test]
fn it_ends_with_its_app_and_with_its_status() {
    let rpm = Rpm::new();
    let mut app = child_app("app", &["say:hello", "err:trouble", "exit:7"]);
    app["autorestart"] = json!(false);
    let output = rpm.run(&["runtime", &rpm.config(&[app])]);
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    assert_eq!(output.stdout, "hello\n");
    assert_eq!(output.stderr, "trouble\n");
    eventually("nothing is left", || rpm.processes().is_empty().then_some(()));
    assert!(!rpm.home().join("logs/app-out.log").exists(), "the container has the logs");
}

#[test]
fn a_signal_stops_the_apps_in_order() {
    let rpm = Rpm::new();
    let config = rpm.config(&[child_app("app", &["ignore:USR1", "note:note", "say:up"])]);
    let mut running = rpm.beside(&["runtime", "start", &config, "--json"]);
    running.wait_for(b"\"message\":\"up\"");
    kill(running.pid(), Signal::SIGUSR1);
    eventually("the app hears of it", || rpm.read("note").contains("signal USR1").then_some(()));
    kill(running.pid(), Signal::SIGTERM);
    assert!(running.wait().success());
    assert!(rpm.read("note").contains("signal INT"), "the app was not asked");
    eventually("nothing is left", || rpm.processes().is_empty().then_some(()));
}

#[test]
fn it_stays_where_that_is_asked_for_and_outlives_the_supervisor() {
    let rpm = Rpm::new();
    let config = rpm.config(&[child_app("app", &["say:first", "env:restart_time"])]);
    let mut running = rpm.beside(&["runtime", &config, "--no-auto-exit", "--formatted"]);
    running.wait_for(b"restart_time=0");
    running.forget();
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    // What it prints until the next supervisor is followed is seen by nobody.
    eventually("its output is followed again", || {
        rpm.ok(&["restart", "app"]);
        running.hears(b"restart_time=", Duration::from_millis(300)).then_some(())
    });
    rpm.ok(&["stop", "app"]);
    assert!(alive(running.pid()));
    kill(running.pid(), Signal::SIGINT);
    assert!(running.wait().success());
}

#[test]
fn a_supervisor_that_dies_while_apps_start_ends_nothing() {
    let rpm = Rpm::new();
    let mut slow = child_app("app", &["note:note", "say:first"]);
    slow["wait_ready"] = json!(true);
    slow["listen_timeout"] = json!(60_000);
    let mut running = rpm.beside(&["runtime", &rpm.config(&[slow])]);
    running.wait_for(b"first");
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    eventually("another supervisor has the app", || {
        (rpm.daemon().0 != supervisor && rpm.list().len() == 1).then_some(())
    });
    kill(running.pid(), Signal::SIGTERM);
    assert!(running.wait().success(), "it did not wait for the end that was asked for");
    assert_eq!(rpm.read("note").matches("start").count(), 1);
    eventually("nothing is left", || rpm.processes().is_empty().then_some(()));
}

#[test]
fn what_cannot_be_started_is_a_failure() {
    let rpm = Rpm::new();
    let output = rpm.fails(&["runtime", "nothing.js"]);
    assert!(output.stderr.contains("nothing.js"), "{output:?}");
    let mut broken = child_app("app", &["exit:1"]);
    broken["wait_ready"] = json!(true);
    broken["max_restarts"] = json!(0);
    let output = rpm.fails(&["runtime", &rpm.config(&[broken])]);
    assert!(output.stderr.contains("app"), "{output:?}");
    eventually("nothing is left", || rpm.processes().is_empty().then_some(()));
}

#[test]
fn each_line_of_a_file_is_printed_once_though_supervisors_are_killed() {
    const LINES: u32 = 400;
    let rpm = Rpm::new();
    let mut app = child_app("app", &[]);
    // At a pace at which supervisors die amid lines.
    let count = "while [ $i -lt $0 ]; do i=$((i+1)); echo line $i; sleep 0.003; done; echo last";
    app["script"] = json!("/bin/sh");
    app["args"] = json!(["-c", format!("i=0; {count}"), LINES.to_string()]);
    app["autorestart"] = json!(false);
    let log = rpm.dir().join("logs-of-app/app.log");
    app["out_file"] = json!(log);
    // It is put aside amid them, too.
    app["log_rotate"] = json!({ "max_size": "1K", "retain": "all" });
    let mut running = rpm.beside(&["runtime", &rpm.config(&[app])]);
    running.wait_for(b"line 9\n");
    let mut supervisor = rpm.daemon().0;
    for _ in 0..4 {
        kill(supervisor, Signal::SIGKILL);
        supervisor = eventually("another supervisor", || {
            Some(rpm.daemon().0).filter(|next| *next != supervisor)
        });
    }
    let heard = running.wait_for(b"last\n").to_vec();
    assert!(running.wait().success());
    let numbered = (1..=LINES).map(|number| format!("line {number}"));
    let wanted: Vec<String> = numbered.chain(["last".to_owned()]).collect();
    let heard = String::from_utf8(heard).unwrap();
    assert_eq!(heard.lines().collect::<Vec<_>>(), wanted);
    let files = std::fs::read_dir(log.parent().unwrap()).unwrap().count();
    assert!(files > 1, "it was never put aside");
}
