//! Apps in the foreground: `dev`, `start --no-daemon`, `start --attach`.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, child_app, eventually, kill};
use std::path::PathBuf;

/// The home of `rpm dev`.
fn dev_home(rpm: &Rpm) -> PathBuf {
    let mut path = rpm.home().into_os_string();
    path.push("-dev");
    path.into()
}

#[test]
fn dev_restarts_on_changes_and_leaves_nothing() {
    let rpm = Rpm::new();
    rpm.write("src/a.js", "one");
    let mut app = child_app("app", &["say:up", "env:restart_time"]);
    app["cwd"] = "src".into();
    let config = rpm.config(&[app]);
    let mut dev = rpm.beside(&["dev", "start", &config, "--post-exec", "echo done"]);
    dev.wait_for(b"restart_time=0");
    dev.wait_for(b"done");
    let log = dev_home(&rpm).join("rpm.log");
    eventually("files are watched", || {
        std::fs::read_to_string(&log)
            .is_ok_and(|text| text.contains("watching its files"))
            .then_some(())
    });
    rpm.write("src/a.js", "two");
    dev.wait_for(b"restart_time=1");
    dev.wait_for(b"[rundev] App app restarted");
    assert!(!rpm.home().exists(), "it uses the home of others");
    kill(dev.pid(), Signal::SIGINT);
    assert!(dev.wait().success());
    assert!(rpm.processes().is_empty(), "something is left: {:?}", rpm.processes());
}

#[test]
fn dev_ends_with_the_app_where_that_is_asked_for() {
    let rpm = Rpm::new();
    let config = rpm.config(&[child_app("app", &["say:up", "exit:3"])]);
    let output = rpm.run(&["dev", &config, "--auto-exit", "--raw"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(output.stdout.contains("up\n"), "{output:?}");
    assert_eq!(rpm.processes(), [], "something is left");
}

#[test]
fn without_a_daemon_a_signal_stops_the_apps_in_order() {
    let rpm = Rpm::new();
    let config = rpm.config(&[child_app("app", &["note:note", "say:up"])]);
    let mut running = rpm.beside(&["start", &config, "--no-daemon"]);
    running.wait_for(b"up");
    assert!(rpm.one("app").is_online());
    assert!(rpm.home().join("logs/app-out.log").exists(), "its logs are kept as ever");
    kill(running.pid(), Signal::SIGTERM);
    assert!(running.wait().success());
    assert!(rpm.read("note").contains("signal INT"), "the app was not asked");
    assert_eq!(rpm.processes(), [], "something is left");
}

#[test]
fn a_daemon_that_was_there_before_stays() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("other", &[])])]);
    let config =
        rpm.write("more.json", &serde_json::json!([child_app("app", &["say:up"])]).to_string());
    let mut running = rpm.beside(&["start", config.to_str().unwrap(), "--no-daemon"]);
    running.wait_for(b"up");
    kill(running.pid(), Signal::SIGINT);
    assert!(running.wait().success());
    assert!(rpm.one("other").is_online());
}

#[test]
fn attached_shows_what_was_started_and_nothing_else() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("other", &["say:other"])])]);
    let config =
        rpm.write("more.json", &serde_json::json!([child_app("app", &["say:first"])]).to_string());
    let mut attached = rpm.beside(&["start", config.to_str().unwrap(), "--attach"]);
    attached.wait_for(b"first");
    rpm.ok(&["restart", "other"]);
    rpm.ok(&["restart", "app", "--", "say:second"]);
    let seen = attached.wait_for(b"second");
    assert!(!seen.windows(7).any(|part| part == b"| other"), "{}", String::from_utf8_lossy(seen));
    assert!(attached.is_running());
}
