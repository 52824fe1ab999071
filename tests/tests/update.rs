//! The daemon becomes another version, or stays what it was; its services do not notice.

use rpm_proto::{Hello, frame};
use rpm_tests::{Load, Rpm, Style, app, child, child_app, eventually, free_port};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A copy of the program, which is another file and so another version.
fn copy(rpm: &Rpm) -> PathBuf {
    let path = rpm.dir().join("rpm-next");
    fs::copy(rpm.binary(), &path).unwrap();
    path
}

fn runs(pid: u32) -> PathBuf {
    fs::read_link(format!("/proc/{pid}/exe")).unwrap()
}

fn update(rpm: &Rpm, to: &Path) -> rpm_tests::Output {
    rpm.run(&["update", "--to", to.to_str().unwrap()])
}

fn web(port: u16) -> Value {
    json!({
        "name": "web", "script": app("web.js"), "exec_mode": "cluster", "instances": 2,
        "env": { "PORT": port },
    })
}

#[test]
fn the_daemon_becomes_the_new_version_under_load() {
    let rpm = Rpm::new();
    let port = free_port();
    let apps = (0..3).map(|at| child_app(&format!("app{at}"), &["say:x"])).chain([web(port)]);
    rpm.ok(&["start", &rpm.config(&apps.collect::<Vec<_>>())]);
    let pids = |rpm: &Rpm| rpm.list().iter().map(|one| one.pid).collect::<Vec<_>>();
    let before = pids(&rpm);
    let load = Load::start(port, "/", 4, Style::Short, Duration::from_millis(2));
    let next = copy(&rpm);
    for to in [next.clone(), rpm.binary().to_owned(), next.clone()] {
        let output = update(&rpm, &to);
        assert!(output.status.success(), "{}", output.told(&["update"]));
        assert!(output.stdout.contains("5 processes kept running"), "{}", output.stdout);
        let to = fs::canonicalize(&to).unwrap();
        let (supervisor, keeper) = rpm.daemon();
        assert_eq!((runs(supervisor), runs(keeper)), (to.clone(), to));
        assert_eq!(pids(&rpm), before);
    }
    load.stop().assert_lossless(50);
    assert!(rpm.list().iter().all(|one| one.restarts == 0));
}

#[test]
fn what_cannot_take_over_is_refused() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &[])])]);
    let (before, pid) = (rpm.daemon(), rpm.one("app").pid);
    let script = rpm.write("script", "#!/bin/sh\nexec sleep 100\n");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    for not_ours in [Path::new("/bin/false"), Path::new("/bin/cat"), &script, &rpm.dir()] {
        let output = update(&rpm, not_ours);
        assert_eq!(output.status.code(), Some(1), "{}", output.told(&["update"]));
        assert!(output.stderr.contains("cannot take over"), "{}", output.stderr);
    }
    assert_eq!((rpm.daemon(), rpm.one("app").pid), (before, pid));
}

#[test]
fn a_version_that_does_not_come_up_is_taken_back() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &[])])]);
    let pid = rpm.one("app").pid;
    let output = update(&rpm, Path::new(&child()));
    assert_eq!(output.status.code(), Some(1), "{}", output.told(&["update"]));
    assert!(output.stderr.contains("did not become ready"), "{}", output.stderr);
    assert!(output.stderr.contains("goes on"), "{}", output.stderr);
    assert_eq!(runs(rpm.daemon().0), fs::canonicalize(rpm.binary()).unwrap());
    assert_eq!(rpm.one("app").pid, pid);
}

#[test]
fn where_none_runs_one_is_started() {
    let rpm = Rpm::new();
    assert!(rpm.ok(&["update"]).contains("No daemon ran"));
    rpm.daemon();
}

#[test]
fn a_newer_client_is_told_that_the_daemon_is_older() {
    let rpm = Rpm::new();
    rpm.ok(&["ping"]);
    let mut stream = UnixStream::connect(rpm.home().join("rpm.sock")).unwrap();
    let mut wire = Vec::new();
    let hello = Hello { version: "99.0.0".to_owned(), ..Hello::ours() };
    frame::push(&mut wire, &hello).unwrap();
    frame::push(&mut wire, &json!({ "kind": "teleport" })).unwrap();
    frame::push(&mut wire, &json!({ "kind": "ping" })).unwrap();
    stream.write_all(&wire).unwrap();
    let mut next = || {
        let mut header = [0; 4];
        stream.read_exact(&mut header).unwrap();
        let mut body = vec![0; frame::length(header).unwrap()];
        stream.read_exact(&mut body).unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    assert_eq!(next()["protocol"], Hello::ours().protocol);
    let refused = next();
    assert_eq!(refused["fault"]["code"], "daemon.version", "{refused}");
    assert!(refused["fault"]["help"].as_str().unwrap().contains("rpm update"), "{refused}");
    assert_eq!(next()["kind"], "pong", "the connection goes on");
    drop(stream);
    eventually("the daemon answers", || rpm.run(&["ping"]).status.success().then_some(()));
}
