//! Reading logs: by time, words and level, over rotated files, and on into what is written now.

use rpm_tests::{Rpm, child_app, eventually};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

fn settled(rpm: &Rpm, name: &str, end: &str) {
    let path = rpm.home().join("logs").join(name);
    let what = format!("{name} ends with {end}");
    eventually(&what, || fs::read_to_string(&path).ok()?.trim_end().ends_with(end).then_some(()));
}

#[test]
fn the_last_lines_are_taken_from_rotated_files_too() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &["lines:3:line"])])]);
    settled(&rpm, "app-out.log", "line 2");
    let logs = rpm.home().join("logs");
    let old = logs.join("app-out__2026-01-01_00-00-00.log");
    fs::write(&old, "old 0\nold 1\n").unwrap();
    assert!(Command::new("gzip").arg(&old).status().unwrap().success());
    fs::write(logs.join("app-out__2026-01-02_00-00-00.log"), "middle\n").unwrap();
    let shown = rpm.ok(&["logs", "app", "--out", "--raw", "--nostream", "--lines", "5"]);
    assert_eq!(shown, "old 1\nmiddle\nline 0\nline 1\nline 2\n");
    let shown = rpm.ok(&["logs", "app", "--raw", "--nostream", "--grep", "0$"]);
    assert_eq!(shown, "old 0\nline 0\n");
}

#[test]
fn several_apps_are_one_stream_in_the_order_of_time() {
    let rpm = Rpm::new();
    let dated = |name: &str, script: &[&str]| {
        let mut app = child_app(name, script);
        app["log_date_format"] = json!("YYYY-MM-DD HH:mm:ss.SSS");
        app
    };
    rpm.ok(&[
        "start",
        &rpm.config(&[
            dated("one", &["say:a", "sleep:400", "say:c"]),
            dated("two", &["sleep:200", "err:b", "sleep:400", "say:d"]),
            child_app("other", &["say:elsewhere"]),
        ]),
    ]);
    settled(&rpm, "one-out.log", "c");
    settled(&rpm, "two-out.log", "d");
    let shown = rpm.ok(&["logs", "one", "two", "--nostream", "--since", "1m"]);
    let ends: Vec<&str> = shown.lines().filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(ends, ["a", "b", "c", "d"], "{shown}");
    let errors = rpm.ok(&["logs", "--nostream", "--level", "error", "--json"]);
    let error: Value = serde_json::from_str(&errors).unwrap();
    assert_eq!(error["app_name"], "two");
    assert!(error["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{error}");
    assert_eq!(rpm.ok(&["logs", "--nostream", "--until", "1h", "one"]), "");
}

#[test]
fn each_line_is_shown_once_between_file_and_follower() {
    let rpm = Rpm::new();
    rpm.write(
        "count.js",
        "let n = 0; const t = setInterval(() => { for (let i = 0; i < 20; i++) console.log('n' + n++); \
         if (n >= 6000) { clearInterval(t); console.log('end'); setInterval(() => {}, 1e6); } }, 2);",
    );
    rpm.ok(&["start", "count.js", "--name", "counter"]);
    let path = rpm.home().join("logs/counter-out.log");
    eventually("it has begun", || (fs::metadata(&path).ok()?.len() > 500).then_some(()));
    let mut followers: Vec<_> = (0..4)
        .map(|_| rpm.beside(&["logs", "counter", "--raw", "--out", "--since", "1h"]))
        .collect();
    for follower in &mut followers {
        let seen = String::from_utf8_lossy(follower.wait_for(b"end\n")).into_owned();
        let wanted = (0..6000).map(|number| format!("n{number}")).chain(["end".to_owned()]);
        let mut lines = seen.lines();
        for line in wanted {
            assert_eq!(lines.next(), Some(&*line));
        }
    }
}

#[test]
fn how_much_is_printed() {
    let rpm = Rpm::new();
    let script = ["lines:10:line", "err:bad", "sleep:2500", "say:more"];
    rpm.ok(&["start", &rpm.config(&[child_app("app", &script)])]);
    settled(&rpm, "app-out.log", "line 9");
    settled(&rpm, "app-error.log", "bad");
    let mut live = rpm.beside(&["logs", "--stats", "--json"]);
    let table = rpm.ok(&["logs", "--stats", "--nostream"]);
    let row = table.lines().nth(3).unwrap();
    let cells: Vec<&str> = row.split('│').map(str::trim).collect();
    assert_eq!(cells[1..5], ["app", "11", "74b", "1"], "{table}");
    live.wait_for(b"\"lines\":1");
}
