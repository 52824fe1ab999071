//! What code an app runs is shown: the commit of its repository, and the version of its Node.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, child_app, eventually, git, kill};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A repository with one commit, and an app in it.
fn place(more: &Value) -> (Rpm, Value) {
    let rpm = Rpm::new();
    let folder = rpm.dir().join("app");
    fs::create_dir(&folder).unwrap();
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["remote", "add", "origin", "https://me:token@example.com/app.git"]);
    git(&folder, &["commit", "-q", "--allow-empty", "-m", "one\n\nwhy"]);
    let mut app = child_app("app", &[]);
    app["cwd"] = json!("app");
    app.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (rpm, app)
}

fn comment(rpm: &Rpm, wanted: &str) -> Value {
    let app =
        rpm.eventually_one("app", "its commit", |app| app.env("versioning")["comment"] == wanted);
    app.env("versioning").clone()
}

#[test]
fn the_commit_is_that_of_the_last_start() {
    let (rpm, app) = place(&json!({}));
    rpm.ok(&["start", &rpm.config(&[app])]);
    let seen = comment(&rpm, "one\n\nwhy\n");
    assert_eq!(seen["url"], "https://example.com/app.git", "without its token");
    assert_eq!((&seen["branch"], &seen["unstaged"]), (&json!("main"), &json!(false)));
    assert!(rpm.ok(&["describe", "app"]).contains("revision control"));
    git(&rpm.dir().join("app"), &["commit", "-q", "--allow-empty", "-m", "two"]);
    // What is answered is on the disk, and all that was known before.
    rpm.ok(&["reset", "app"]);
    // A successor goes on with what was known: it is the commit that runs.
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    eventually("another supervisor", || (rpm.daemon().0 != supervisor).then_some(()));
    assert_eq!(rpm.one("app").env("versioning")["comment"], "one\n\nwhy\n");
    rpm.ok(&["restart", "app"]);
    comment(&rpm, "two\n");
    rpm.ok(&["stop", "app"]);
    assert_eq!(rpm.one("app").env("versioning")["comment"], "two\n");
}

#[test]
fn who_does_not_want_it_has_none() {
    let (rpm, app) = place(&json!({ "vizion": false }));
    let mut other = app.clone();
    other["name"] = json!("other");
    other["vizion"] = json!(true);
    rpm.ok(&["start", &rpm.config(&[app, other])]);
    rpm.eventually_one("other", "its commit", |app| app.env("versioning").is_object());
    let app = rpm.one("app");
    assert_eq!((app.env("versioning"), app.env("vizion")), (&Value::Null, &json!(false)));
}

#[test]
fn a_git_that_hangs_holds_up_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let git = folder.path().join("git");
    fs::write(&git, "#!/bin/sh\nexec sleep 1000\n").unwrap();
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).unwrap();
    let (rpm, app) = place(&json!({}));
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let rpm = rpm.with_env("PATH", &path);
    rpm.ok(&["start", &rpm.config(&[app])]);
    let asked = || rpm.processes().iter().any(|(_, line)| line.contains("sleep"));
    eventually("git is asked", || asked().then_some(()));
    assert!(rpm.one("app").is_online());
    eventually("git is given up", || (!asked()).then_some(()));
    assert_eq!(rpm.one("app").env("versioning"), &Value::Null);
}

#[test]
fn the_version_of_node_is_known_without_its_help() {
    let rpm = Rpm::new();
    let script = rpm.write("idle.js", "setInterval(() => {}, 1e6)");
    rpm.ok(&["start", script.to_str().unwrap(), "--name", "app"]);
    let own = rpm_tests::node("-p", &["process.versions.node"], &[]);
    rpm.eventually_one("app", "its Node", |app| app.env("node_version") == own.trim());
}
