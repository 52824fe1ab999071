//! What has happened is told: as events with who asked, and as a report for each crash.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, child_app, eventually, kill};
use serde_json::{Value, json};

fn events(rpm: &Rpm, words: &[&str]) -> Vec<Value> {
    let words = [&["events", "--json", "--lines", "1000"], words].concat();
    serde_json::from_str(&rpm.ok(&words)).unwrap()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

/// Crashes once, with a word on each stream, then stays.
fn crasher(rpm: &Rpm) -> Value {
    let mark = rpm.dir().join("crashed").to_str().unwrap().to_owned();
    let once = format!("once:{mark}:exit:3");
    let mut app = child_app("api", &["say:hello", "err:it is broken", "sleep:50", &once]);
    app["env"] = json!({ "PASSWORD": "hunter2" });
    app
}

#[test]
fn a_crash_is_an_event_and_leaves_a_report() {
    let rpm = Rpm::new();
    rpm.config(&[crasher(&rpm)]);
    rpm.ok(&["start", "apps.json"]);
    rpm.eventually_one("api", "restarted", |process| {
        process.is_online() && *process.env("restart_time") == 1
    });
    let crash = eventually("a report", || {
        let all: Value = serde_json::from_str(&rpm.ok(&["crashes", "--json"])).unwrap();
        all.get(0).cloned()
    });
    assert_eq!((&crash["app"], &crash["ending"]), (&json!("api"), &json!("exit code 3")));
    assert_eq!((&crash["code"], &crash["then"]), (&json!(3), &json!("restart")));
    assert!(crash["uptime_ms"].as_u64().unwrap() >= 50, "{crash}");
    let lines: Vec<&str> =
        crash["lines"].as_array().unwrap().iter().map(|it| it["text"].as_str().unwrap()).collect();
    assert!(lines.contains(&"hello") && lines.contains(&"it is broken"), "{lines:?}");
    assert!(crash["env"].as_array().unwrap().contains(&json!("PASSWORD")));
    assert!(!crash.to_string().contains("hunter2"), "the value of a variable is in the report");

    let shown = rpm.ok(&["crashes", "api"]);
    assert!(shown.contains("it is broken") && shown.contains("exit code 3"), "{shown}");
    assert!(rpm.ok(&["crashes"]).contains("│ api"));
    let about = events(&rpm, &["api", "--kind", "crash"]);
    assert_eq!(about.len(), 1);
    assert_eq!((&about[0]["level"], &about[0]["data"]["code"]), (&json!("error"), &json!(3)));
    assert_eq!(about[0]["data"]["crash"], crash["id"]);

    rpm.ok(&["crashes", "--clear"]);
    assert!(rpm.run(&["crashes"]).all().contains("nothing has crashed"));
    assert!(rpm.fails(&["crashes", "api"]).all().contains("no report of `api`"));
}

#[test]
fn a_report_goes_on_in_what_was_put_aside_and_orders_streams_by_their_times() {
    let rpm = Rpm::new();
    // It begins when it is told to, so that it is up by then.
    let script = "read -r go; for i in $(seq 300); do echo \"2026-01-01T00:00:01Z: line $i\"; done; \
                  echo '2026-01-01T00:00:02Z: sorry' >&2; echo '2026-01-01T00:00:03Z: after'; exit 3";
    let app = json!({
        "name": "api", "script": "/bin/sh", "interpreter": "none", "args": ["-c", script],
        "autorestart": false, "log_rotate": { "max_size": "8K", "compress": true },
    });
    rpm.config(&[app]);
    rpm.ok(&["start", "apps.json"]);
    rpm.ok(&["send", "api", "go"]);
    let crash = eventually("a report", || {
        let all: Value = serde_json::from_str(&rpm.ok(&["crashes", "--json"])).unwrap();
        all.get(0).cloned()
    });
    let lines: Vec<String> = crash["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["text"].as_str().unwrap().split_once(": ").unwrap().1.to_owned())
        .collect();
    let mut wanted: Vec<String> = (103..=300).map(|number| format!("line {number}")).collect();
    wanted.extend(["sorry", "after"].map(str::to_owned));
    assert_eq!(lines, wanted);
    assert!(crash["lines"][0]["at"].is_i64(), "{crash}");
    let shown = rpm.ok(&["crashes", "api"]);
    assert!(shown.contains("standard output and error, in order"), "{shown}");
    let aside = std::fs::read_dir(rpm.home().join("logs")).unwrap();
    let aside =
        aside.filter(|it| it.as_ref().unwrap().file_name().to_string_lossy().contains("__"));
    assert!(aside.count() > 0, "nothing was put aside");
}

#[test]
fn who_asked_is_told_and_what_was_meant_is_no_crash() {
    let rpm = Rpm::new();
    rpm.config(&[child_app("a", &[])]);
    rpm.ok(&["start", "apps.json"]);
    rpm.ok(&["restart", "a"]);
    rpm.ok(&["restart", "0"]);
    rpm.ok(&["stop", "a"]);
    rpm.ok(&["delete", "a"]);
    let all = eventually("all events", || {
        let all = events(&rpm, &[]);
        kinds(&all).contains(&"delete").then_some(all)
    });
    let commands: Vec<&str> = all
        .iter()
        .filter(|event| event["kind"] == "command")
        .map(|event| event["by"].as_str().unwrap())
        .collect();
    for words in ["start a", "restart a", "restart a (0)", "stop a", "delete a"] {
        assert!(commands.iter().any(|by| by.ends_with(&format!(": {words}"))), "{commands:?}");
    }
    // They are about the app, also when that is gone.
    let about = events(&rpm, &["a", "--kind", "command"]);
    assert_eq!(about.len(), 5, "{about:?}");
    assert_eq!((&about[2]["app"], &about[2]["id"]), (&json!("a"), &json!(0)));
    assert!(!kinds(&all).contains(&"crash"), "{all:?}");
    for kind in ["daemon_started", "online", "exit", "stop"] {
        assert!(kinds(&all).contains(&kind), "{kind}: {:?}", kinds(&all));
    }
    let numbers: Vec<u64> = all.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    rpm.ok(&["kill"]);
    // They are read without a daemon, too.
    assert_eq!(events(&rpm, &[]).last().unwrap()["kind"], "daemon_stopped");
    assert!(events(&rpm, &["--level", "error"]).is_empty());
    assert!(events(&rpm, &["--since", "2000-01-01T00:00:00Z", "--until", "1h"]).is_empty());
    let fault = rpm.fails(&["events", "--level", "loud"]).all();
    assert!(fault.contains("one of `info`, `warn`, `error`"), "{fault}");
}

#[test]
fn they_are_followed_and_numbered_on_by_a_successor() {
    let rpm = Rpm::new();
    rpm.config(&[child_app("a", &[])]);
    rpm.ok(&["start", "apps.json"]);
    let mut follower = rpm.beside(&["events", "--follow", "--lines", "0", "--json"]);
    // It listens when it shows something.
    eventually("the follower to listen", || {
        rpm.ok(&["reset", "a"]);
        follower.hears(b"reset a", std::time::Duration::from_millis(200)).then_some(())
    });
    rpm.ok(&["stop", "a"]);
    follower.wait_for(b"\"stop\"");
    let before = events(&rpm, &[]).last().unwrap()["seq"].as_u64().unwrap();
    kill(rpm.daemon().0, Signal::SIGKILL);
    let replaced = eventually("the successor", || {
        events(&rpm, &["--kind", "daemon_replaced"]).first().cloned()
    });
    assert!(replaced["seq"].as_u64().unwrap() > before, "{replaced} after {before}");
    follower.wait();
}
