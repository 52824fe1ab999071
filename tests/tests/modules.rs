//! Modules: npm packages that run as apps beside the others.

use rpm_tests::{Rpm, child_app, environ, eventually};
use serde_json::Value;
use std::fs;

/// A package beside the test.
fn package(rpm: &Rpm, version: &str, script: &str) {
    let json = format!(
        r#"{{ "name": "probe", "version": "{version}", "main": "main.js",
             "config": {{ "interval": 30, "mode": "quiet" }} }}"#
    );
    rpm.write("probe/package.json", &json);
    rpm.write("probe/main.js", script);
}

const WAITS: &str = "setInterval(() => {}, 1000);\n";

#[test]
fn a_module_runs_apart_from_the_apps() {
    let rpm = Rpm::new();
    package(&rpm, "1.0.0", WAITS);
    rpm.ok(&["start", &rpm.config(&[child_app("app", &[])])]);
    rpm.ok(&["set", "probe:mode", "loud"]);
    rpm.ok(&["install", "./probe"]);
    let module = rpm.one("probe");
    assert!(module.is_online());
    assert_eq!(module.json["pm2_env"]["pmx_module"], Value::Bool(true));
    // What the user has set stays; what the package begins with comes along.
    assert_eq!(environ(module.pid, "mode").as_deref(), Some("loud"));
    assert_eq!(environ(module.pid, "interval").as_deref(), Some("30"));
    let list = rpm.ok(&["list"]);
    let (apps, modules) = list.split_once("\nModule\n").expect(&list);
    assert!(apps.contains("app") && !apps.contains("probe") && modules.contains("probe"), "{list}");

    rpm.ok(&["restart", "all"]);
    assert_eq!(rpm.one("probe").pid, module.pid, "`all` does not mean modules");
    rpm.ok(&["set", "probe:interval", "60"]);
    assert_eq!(environ(rpm.one("probe").pid, "interval").as_deref(), Some("60"));
    rpm.ok(&["save"]);
    let dump = fs::read_to_string(rpm.home().join("dump.pm2")).unwrap();
    assert!(dump.contains("\"app\"") && !dump.contains("probe"), "{dump}");

    rpm.ok(&["kill"]);
    // A new daemon brings it back.
    rpm.ok(&["resurrect"]);
    eventually("the module to be up again", || rpm.one("probe").is_online().then_some(()));
    rpm.ok(&["uninstall", "probe"]);
    assert!(rpm.app("probe").is_empty());
    assert!(!rpm.home().join("modules/probe").exists());
    assert_eq!(rpm.ok(&["get", "probe:mode", "--json"]), "\"loud\"\n", "settings stay");
    assert_eq!(rpm.fails(&["uninstall", "probe"]).status.code(), Some(1));
}

#[test]
fn a_version_that_cannot_be_fetched_leaves_the_old_one() {
    let rpm = Rpm::new();
    package(&rpm, "1.0.0", WAITS);
    rpm.ok(&["install", "./probe"]);
    let before = rpm.one("probe").pid;
    let refused = rpm.fails(&["module:update", "./nowhere"]);
    assert!(refused.stderr.contains("`npm install"), "{refused:?}");
    assert_eq!(rpm.one("probe").pid, before);
    package(&rpm, "2.0.0", WAITS);
    rpm.ok(&["install", "./probe"]);
    assert_eq!(rpm.app("probe").len(), 1);
    assert_ne!(rpm.one("probe").pid, before);
    let left = fs::read_dir(rpm.home().join("modules")).unwrap().count();
    assert_eq!(left, 1, "something is left beside the module");
}

#[test]
fn without_npm_it_is_said() {
    let rpm = Rpm::new();
    let refused = rpm.command(&["install", "probe"]).env("PATH", "/nowhere").output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8_lossy(&refused.stderr);
    assert!(text.contains("there is no `npm` in $PATH"), "{text}");
}
