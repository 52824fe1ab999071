//! Log rotation as users set it.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, alive, child_app, eventually, kill};
use serde_json::{Value, json};

/// More than 1 KiB each time it starts.
fn chatty(name: &str) -> Value {
    child_app(name, &["lines:100:some words"])
}

/// The names of a log's files that were put aside.
fn aside(rpm: &Rpm, log: &str) -> Vec<String> {
    let prefix = format!("{log}__");
    let entries = std::fs::read_dir(rpm.home().join("logs")).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(&prefix)).collect()
}

fn until_there_are(rpm: &Rpm, log: &str, count: usize) {
    let what = format!("{count} files of {log} were put aside");
    eventually(&what, || (aside(rpm, log).len() == count).then_some(()));
}

#[test]
fn settings_hold_at_once_and_for_the_next_daemons() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[chatty("app")])]);
    eventually("it has written", || {
        let log = std::fs::metadata(rpm.home().join("logs/app-out.log")).ok()?;
        (log.len() > 1024).then_some(())
    });
    assert_eq!(aside(&rpm, "app-out"), [""; 0], "10M are far away");
    rpm.ok(&["set", "pm2-logrotate:max_size", "1K"]);
    until_there_are(&rpm, "app-out", 1);
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    eventually("it is gone", || (!alive(supervisor)).then_some(()));
    rpm.ok(&["restart", "app"]);
    until_there_are(&rpm, "app-out", 2);
    rpm.ok(&["save"]);
    rpm.ok(&["kill"]);
    rpm.ok(&["multiset", "pm2-logrotate:compress true pm2-logrotate:dateFormat YYYYMMDD"]);
    rpm.ok(&["resurrect"]);
    until_there_are(&rpm, "app-out", 3);
    eventually("it is compressed", || {
        let is_new = |name: &String| name.matches('-').count() == 1 && name.ends_with(".log.gz");
        aside(&rpm, "app-out").into_iter().find(is_new)
    });
    rpm.ok(&["unset", "pm2-logrotate"]);
    rpm.ok(&["restart", "app"]);
    rpm.ok(&["flush"]);
    assert_eq!(aside(&rpm, "app-out").len(), 3, "10M are far away again, and flush leaves them");
}

#[test]
fn an_app_may_ask_for_something_else() {
    let rpm = Rpm::new();
    rpm.ok(&["set", "pm2-logrotate:max_size", "1K"]);
    let (mut never, mut few) = (chatty("never"), chatty("few"));
    never["log_rotate"] = json!(false);
    few["log_rotate"] = json!({ "retain": 1, "max_size": "2K" });
    rpm.ok(&["start", &rpm.config(&[never, few, chatty("usual")])]);
    for round in 1..4 {
        eventually("all have written", || {
            let log = std::fs::metadata(rpm.home().join("logs/never-out.log")).ok()?;
            (log.len() > round * 1024).then_some(())
        });
        rpm.ok(&["restart", "all"]);
    }
    eventually("the usual one was put aside", || {
        (aside(&rpm, "usual-out").len() >= 4).then_some(())
    });
    until_there_are(&rpm, "few-out", 1);
    assert_eq!(aside(&rpm, "never-out"), [""; 0]);
}

#[test]
fn what_cannot_be_set_is_refused() {
    let rpm = Rpm::new();
    let output = rpm.fails(&["set", "pm2-logrotate:max_size", "lots"]);
    assert!(output.stderr.contains("`pm2-logrotate:max_size` cannot be `lots`"), "{output:?}");
    let output = rpm.fails(&["set", "pm2-logrotate:retian", "5"]);
    assert!(output.stderr.contains("did you mean `pm2-logrotate:retain`?"), "{output:?}");
    rpm.fails(&["multiset", "pm2-logrotate:compress yes"]);
    assert_eq!(rpm.ok(&["get", "--json"]), "{}\n");
    // Somebody wrote it into the file.
    rpm.ok(&["set", "pm2-logrotate:retain", "5"]);
    let path = rpm.home().join("module_conf.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"5\"", "\"few\"");
    std::fs::write(&path, text).unwrap();
    let output = rpm.run(&["start", &rpm.config(&[chatty("app")])]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.contains("`pm2-logrotate:retain` cannot be `few`"), "{output:?}");
}

#[test]
fn the_module_is_built_in() {
    // Without a network and without npm.
    let rpm = Rpm::new().with_env("PATH", "/nowhere");
    let output = rpm.run(&["install", "pm2-logrotate"]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.all().contains("pm2-logrotate is built in"), "{output:?}");
    assert!(!rpm.home().join("modules").exists());
}
