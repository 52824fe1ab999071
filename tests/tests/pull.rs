//! `pull`, `backward` and `forward`, with a real git repository.

use rpm_tests::{Rpm, child_app, git};
use serde_json::json;
use std::fs;
use std::process::Command;

/// A repository with an app, and one it was cloned from.
fn place() -> Rpm {
    let rpm = Rpm::new();
    let origin = rpm.dir().join("origin");
    fs::create_dir(&origin).unwrap();
    git(&origin, &["init", "-q", "-b", "main"]);
    commit(&rpm, "one");
    git(&rpm.dir(), &["clone", "-q", "origin", "app"]);
    rpm
}

fn commit(rpm: &Rpm, text: &str) {
    let origin = rpm.dir().join("origin");
    fs::write(origin.join("version"), text).unwrap();
    git(&origin, &["add", "-A"]);
    git(&origin, &["commit", "-q", "-m", text]);
}

#[test]
fn commits_are_pulled_and_gone_back_to() {
    let rpm = place();
    let mut app = child_app("app", &[]);
    app["cwd"] = json!("app");
    app["post_update"] = json!(["cp version built"]);
    rpm.ok(&["start", &rpm.config(&[app])]);
    assert!(rpm.ok(&["pull", "app"]).contains("app stays at"));
    assert_eq!(rpm.one("app").restarts, 0);
    commit(&rpm, "two");
    commit(&rpm, "three");
    rpm.ok(&["pull", "app"]);
    assert_eq!((rpm.read("app/version"), rpm.read("app/built")), ("three".into(), "three".into()));
    assert_eq!(rpm.one("app").restarts, 1);
    rpm.ok(&["backward", "app"]);
    assert_eq!((rpm.read("app/version"), rpm.read("app/built")), ("two".into(), "two".into()));
    rpm.ok(&["forward", "app"]);
    assert_eq!(rpm.read("app/version"), "three");
    assert!(rpm.ok(&["forward", "app"]).contains("app stays at"));
    rpm.ok(&["pull", "app", "HEAD~2"]);
    assert_eq!(rpm.read("app/version"), "one");
    assert!(rpm.fails(&["pull", "app", "nosuch"]).stderr.contains("`git rev-parse"));
    rpm.fails(&["forward", "nosuch"]);
}

#[test]
fn a_command_that_fails_takes_it_back() {
    let rpm = place();
    let mut app = child_app("app", &[]);
    app["cwd"] = json!("app");
    app["post_update"] = json!(["exit 3"]);
    rpm.ok(&["start", &rpm.config(&[app])]);
    commit(&rpm, "two");
    let output = rpm.fails(&["pull", "app"]);
    assert!(output.stderr.contains("`exit 3` of `post_update` failed"), "{}", output.stderr);
    assert_eq!(rpm.read("app/version"), "one");
    assert_eq!(rpm.one("app").restarts, 0);
}

#[test]
fn without_a_repository_nothing_happens() {
    let rpm = Rpm::new();
    let mut app = child_app("app", &[]);
    app["cwd"] = json!(rpm.dir());
    rpm.ok(&["start", &rpm.config(&[app])]);
    let output = Command::new("git").arg("-C").arg(rpm.dir()).args(["rev-parse"]).output().unwrap();
    assert!(!output.status.success(), "the tests' folders are in a repository");
    assert!(rpm.ok(&["pull", "app"]).contains("is in no git repository"));
}

#[test]
fn a_command_that_hangs_is_given_up() {
    let rpm = place();
    let mut app = child_app("app", &[]);
    app["cwd"] = json!("app");
    app["post_update"] = json!(["sleep 1000 & wait"]);
    app["exec_timeout"] = json!("300ms");
    rpm.ok(&["start", &rpm.config(&[app])]);
    commit(&rpm, "two");
    let output = rpm.fails(&["pull", "app"]);
    assert!(output.stderr.contains("not done within 300 ms"), "{}", output.stderr);
    assert_eq!(rpm.read("app/version"), "one");
    assert!(!rpm.processes().iter().any(|(_, line)| line.contains("sleep 1000")));
}
