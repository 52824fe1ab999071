//! Output: bytes into files, and lines to whoever follows.

use rpm_tests::{Output, Rpm, child, child_app, eventually, resident_bytes};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn log(rpm: &Rpm, name: &str) -> PathBuf {
    rpm.home().join("logs").join(name)
}

/// Waits until a log file has exactly this content.
fn has(rpm: &Rpm, name: &str, wanted: &[u8]) {
    let path = log(rpm, name);
    let read = || fs::read(&path).unwrap_or_default();
    let what = format!("{name} has {} bytes", wanted.len());
    eventually(&what, || (read().len() >= wanted.len()).then_some(()));
    let found = read();
    assert!(found == wanted, "{name}: {}", String::from_utf8_lossy(&found[..found.len().min(500)]));
}

fn start(apps: &[Value]) -> Rpm {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(apps)]);
    rpm
}

/// Large logs are not put aside.
fn in_one_file() -> Rpm {
    let rpm = Rpm::new();
    rpm.ok(&["set", "pm2-logrotate:enabled", "false"]);
    rpm
}

fn nostream(rpm: &Rpm, args: &[&str]) -> Output {
    let mut all = vec!["logs"];
    all.extend(args);
    all.push("--nostream");
    let output = rpm.run(&all);
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn files_hold_what_was_written() {
    let rpm = start(&[child_app("app", &["say:one", "err:bad", "raw:fffe0041", "say:", "raw:78"])]);
    has(&rpm, "app-out.log", b"one\n\xff\xfe\x00A\nx");
    has(&rpm, "app-error.log", b"bad\n");
    rpm.ok(&["restart", "app"]);
    eventually("it is appended to", || {
        (fs::read(log(&rpm, "app-error.log")).unwrap() == b"bad\nbad\n").then_some(())
    });
}

#[test]
fn instances_have_files_of_their_own_unless_merged() {
    let instances = |name: &str, merge: bool| {
        let mut app = child_app(name, &["say:hello"]);
        app["instances"] = json!(2);
        app["exec_mode"] = json!("fork");
        app["merge_logs"] = json!(merge);
        app
    };
    let rpm = start(&[instances("own", false), instances("one", true)]);
    for id in rpm.app("own").iter().map(|process| process.id) {
        has(&rpm, &format!("own-out-{id}.log"), b"hello\n");
    }
    has(&rpm, "one-out.log", b"hello\nhello\n");
}

#[test]
fn paths_dates_and_json() {
    let with = |name: &str, more: Value| {
        let mut app = child_app(name, &["say:one", "say:two", "err:three"]);
        app.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        app
    };
    let rpm = start(&[
        with("dated", json!({ "log_date_format": "[at] YYYY", "log_file": "all.log" })),
        with(
            "json",
            json!({ "log_type": "json", "out_file": "out/json.log", "error_file": "/dev/null" }),
        ),
        with("none", json!({ "out_file": "NULL", "error_file": "NULL" })),
    ]);
    eventually("the dated lines", || {
        let text = fs::read_to_string(log(&rpm, "dated-out.log")).ok()?;
        let lines: Vec<&str> = text.lines().collect();
        let dated = |line: &str, word: &str| {
            let (date, rest) = line.split_once(": ").unwrap_or_default();
            rest == word && date.len() == 7 && date.starts_with("at 2")
        };
        (lines.len() == 2 && dated(lines[0], "one") && dated(lines[1], "two")).then_some(())
    });
    eventually("both streams in one file", || {
        (rpm.read("all.log").lines().count() == 3).then_some(())
    });
    let text = eventually("json", || {
        Some(rpm.read("out/json.log")).filter(|text| text.lines().count() == 2)
    });
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["message"].as_str().map(str::trim_end), Some("one"));
    assert_eq!(first["type"], "out");
    assert_eq!(first["app_name"], "json");
    assert!(!log(&rpm, "none-out.log").exists());
}

#[test]
fn the_last_lines() {
    let rpm = start(&[
        child_app("app", &["lines:100:line", "err:bad", "raw:ff0a"]),
        child_app("other", &["say:elsewhere"]),
    ]);
    let path = log(&rpm, "app-out.log");
    eventually("all is there", || fs::read(&path).ok()?.ends_with(b"\xff\n").then_some(()));
    let few = nostream(&rpm, &["app", "--lines", "3"]).stdout;
    assert!(
        few.contains("line 99") && few.contains("line 98") && !few.contains("line 97"),
        "{few}"
    );
    assert!(few.contains("bad") && !few.contains("elsewhere"));
    assert!(few.contains("0|app"), "no label: {few}");
    let usual = nostream(&rpm, &["app"]).stdout;
    assert!(usual.contains("line 90") && !usual.contains("line 80"), "{usual}");
    let err = nostream(&rpm, &["app", "--err"]).stdout;
    assert!(err.contains("bad") && !err.contains("line 99"), "{err}");
    let out = nostream(&rpm, &["app", "--out"]).stdout;
    assert!(!out.contains("bad") && out.contains("line 99"), "{out}");
    assert!(nostream(&rpm, &[]).stdout.contains("elsewhere"));
    let raw = rpm.command(&["logs", "app", "--out", "--raw", "--lines", "2", "--nostream"]);
    let bytes = { raw }.output().unwrap().stdout;
    assert!(bytes.ends_with(b"line 99\n\xff\n"), "{bytes:?}");
}

#[test]
fn following() {
    let script = ["sleep:1200", "say:first", "err:second", "raw:fffe0a", "say:last"];
    let rpm =
        start(&[child_app("app", &script), child_app("other", &["sleep:1200", "say:elsewhere"])]);
    let mut plain = rpm.beside(&["logs", "app", "--lines", "0"]);
    let mut raw = rpm.beside(&["logs", "app", "--raw", "--out", "--lines", "0"]);
    let mut err = rpm.beside(&["logs", "--err", "--lines", "0"]);
    let mut json = rpm.beside(&["logs", "app", "--json", "--lines", "0"]);
    let mut format = rpm.beside(&["logs", "app", "--format", "--lines", "0"]);
    let seen = plain.wait_for(b"last").to_vec();
    assert!(seen.windows(3).any(|part| part == b"\xff\xfe\n"), "bytes are changed");
    let text = String::from_utf8_lossy(&seen);
    assert!(text.contains("first") && text.contains("second") && text.contains("0|app"), "{text}");
    assert!(!text.contains("elsewhere"), "{text}");
    let seen = raw.wait_for(b"last\n");
    assert!(seen.ends_with(b"first\n\xff\xfe\nlast\n"), "{:?}", String::from_utf8_lossy(seen));
    let seen = String::from_utf8_lossy(err.wait_for(b"second")).into_owned();
    assert!(!seen.contains("first"), "{seen}");
    let seen = String::from_utf8_lossy(json.wait_for(b"last")).into_owned();
    let lines: Vec<Value> =
        seen.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let first = lines.iter().find(|line| line["message"] == "first").expect("JSON lines");
    assert_eq!((&first["type"], &first["app_name"]), (&json!("out"), &json!("app")));
    let seen = String::from_utf8_lossy(format.wait_for(b"last")).into_owned();
    assert!(seen.contains("app=app") && seen.contains("type=error"), "{seen}");
}

#[test]
fn apps_started_later_are_followed_too() {
    let rpm = start(&[child_app("early", &[])]);
    let mut all = rpm.beside(&["logs", "--lines", "0"]);
    let mut named = rpm.beside(&["logs", "early", "--lines", "0"]);
    rpm.ok(&[
        "start",
        &child(),
        "--name",
        "late",
        "--",
        "sleep:800",
        "say:here",
        "sleep:300",
        "say:again",
    ]);
    all.wait_for(b"here");
    rpm.ok(&["restart", "early"]);
    // A follower outlives what it follows, and ends with the daemon.
    rpm.ok(&["kill"]);
    assert!(all.wait().success());
    assert!(named.wait().success());
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let rpm = start(&[child_app("app", &["lines:5000:some line of text"])]);
    has_lines(&rpm, "app-out.log", 5000);
    let mut logs = rpm.command(&["logs", "app", "--lines", "5000", "--nostream"]);
    let mut child = logs.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut head = Command::new("head");
    head.args(["-n", "3"]).stdin(child.stdout.take().unwrap()).stdout(Stdio::null());
    assert!(head.status().unwrap().success());
    // It holds the reading end.
    drop(head);
    eventually("it ends too", || child.try_wait().unwrap());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}", output.status);
}

fn has_lines(rpm: &Rpm, name: &str, count: usize) {
    let path = log(rpm, name);
    eventually("all lines are there", || {
        let bytes = fs::read(&path).ok()?;
        (bytes.split(|byte| *byte == b'\n').count() > count).then_some(())
    });
}

#[test]
fn much_output_arrives_whole_and_in_order() {
    let text = "x".repeat(90);
    let count = 200_000;
    let rpm = in_one_file();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &[&format!("lines:{count}:{text}")])])]);
    has_lines(&rpm, "app-out.log", count);
    let found = fs::read_to_string(log(&rpm, "app-out.log")).unwrap();
    let wrong =
        found.lines().enumerate().find(|(number, line)| *line != format!("{text} {number}"));
    assert_eq!(wrong, None);
    assert_eq!(found.lines().count(), count);
}

#[test]
fn a_line_without_end_is_cut_and_does_not_fill_the_memory() {
    let rpm = in_one_file();
    let script = "const b = Buffer.alloc(1 << 20, 120); let n = 0;
const more = () => n++ < 64 ? process.stdout.write(b, more) : process.stdout.write('\\nend\\n'); more();
setInterval(() => {}, 1000);";
    rpm.write("endless.js", script);
    rpm.write("quiet.js", "setInterval(() => {}, 1000)");
    rpm.ok(&["start", "quiet.js"]);
    let mut follow = rpm.beside(&["logs", "endless", "--raw", "--lines", "0"]);
    rpm.ok(&["start", "endless.js"]);
    follow.wait_for(b"\nend\n");
    let (supervisor, _) = rpm.daemon();
    let memory = resident_bytes(supervisor) >> 20;
    assert!(memory < 100, "the supervisor has {memory} MB");
    let path = log(&rpm, "endless-out.log");
    let wanted = (64 << 20) + 5;
    eventually("the file is whole", || (fs::metadata(&path).ok()?.len() == wanted).then_some(()));
}

#[test]
fn flush_and_reload_logs() {
    let script = ["lines:10:old", "sleep:1500", "say:new"];
    let rpm = start(&[child_app("app", &script), child_app("other", &["say:stays"])]);
    has_lines(&rpm, "app-out.log", 10);
    has_lines(&rpm, "other-out.log", 1);
    rpm.ok(&["flush", "app"]);
    assert_eq!(fs::metadata(log(&rpm, "app-out.log")).unwrap().len(), 0);
    has(&rpm, "other-out.log", b"stays\n");
    // As logrotate does it: away with the file, then a word to open a new one.
    fs::rename(log(&rpm, "app-out.log"), log(&rpm, "app-out.log.1")).unwrap();
    rpm.ok(&["reloadLogs"]);
    has(&rpm, "app-out.log", b"new\n");
    assert_eq!(fs::metadata(log(&rpm, "app-out.log.1")).unwrap().len(), 0);
}

#[test]
fn many_writers_to_one_file_do_not_mix_their_lines() {
    let text = "y".repeat(200);
    let mut app = child_app("app", &[&format!("lines:2000:{text}")]);
    app["instances"] = json!(4);
    app["exec_mode"] = json!("fork");
    app["merge_logs"] = json!(true);
    let rpm = start(&[app]);
    has_lines(&rpm, "app-out.log", 8000);
    let found = fs::read_to_string(log(&rpm, "app-out.log")).unwrap();
    let whole = |line: &str| {
        let (start, number) = line.split_once(' ').unwrap_or_default();
        start == text && number.parse::<u32>().is_ok()
    };
    let broken = found.lines().find(|line| !whole(line));
    assert_eq!(broken, None);
}

#[test]
fn last_words_are_in_the_file() {
    // What is written right before the end, and by a child that has the pipe longer than its parent.
    let mut app = child_app("app", &["lines:1000:last words", "exit:0"]);
    app["autorestart"] = json!(false);
    let rpm = start(&[app]);
    rpm.eventually_one("app", "stopped", |one| one.status == "stopped");
    has_lines(&rpm, "app-out.log", 1000);
    // Nothing is left to be written: it is before the answer comes.
    rpm.ok(&["reloadLogs"]);
    has_lines(&rpm, "app-out.log", 1000);
}
