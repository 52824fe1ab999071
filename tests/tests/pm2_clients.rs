//! PM2's own command and library, from npm, talk to our daemon as to theirs.

use rpm_tests::{Output, Rpm, app, eventually, kill, packages};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// PM2's command, in this home.
fn pm2(rpm: &Rpm, args: &[&str]) -> Output {
    let begun = Instant::now();
    let program = packages().join("pm2/bin/pm2");
    let output = with_pm2(rpm, Command::new("node").arg(program).args(args)).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output {
        status: output.status,
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        took: begun.elapsed(),
    }
}

fn pm2_ok(rpm: &Rpm, args: &[&str]) -> String {
    let output = pm2(rpm, args);
    assert!(output.status.success(), "{}", output.told(args));
    output.stdout
}

fn with_pm2<'a>(rpm: &Rpm, command: &'a mut Command) -> &'a mut Command {
    command
        .current_dir(rpm.dir())
        .env("PM2_HOME", rpm.home())
        .env("RPM_TEST_MARK", rpm.dir().parent().unwrap())
        .env("NODE_PATH", packages())
        .env("NO_COLOR", "1")
        .env_remove("RPM_HOME")
        .stdin(Stdio::null())
}

fn with_io() -> Rpm {
    let path = packages();
    let rpm = Rpm::new().with_env("NODE_PATH", path.to_str().unwrap());
    rpm.ok(&["start", &app("metrics.cjs"), "--name", "io"]);
    rpm.eventually_one("io", "its figures", |io| {
        io.env("axm_monitor")["users"]["value"] == 1
            && actions(io).iter().any(|name| name == "db:pick")
    });
    rpm
}

fn actions(process: &rpm_tests::Process) -> Vec<String> {
    let actions = process.env("axm_actions").as_array().unwrap();
    actions.iter().map(|it| it["action_name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn pm2s_command_sees_and_changes_what_ours_does() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &app("echo.cjs"), "--name", "ours"]);
    // Nothing but JSON: no banner, no note about versions.
    let list: Value = serde_json::from_str(&pm2_ok(&rpm, &["jlist"])).unwrap();
    assert_eq!(list[0]["name"], "ours");
    assert_eq!(list[0]["pm2_env"]["status"], "online");
    assert!(pm2_ok(&rpm, &["ping"]).contains("pong"));
    assert!(pm2_ok(&rpm, &["slist"]).contains("'RAM Usage': { value: "));
    assert!(pm2_ok(&rpm, &["ls"]).contains("host metrics | cpu: "));

    let before = rpm.one("ours").pid;
    assert!(pm2_ok(&rpm, &["restart", "ours"]).contains("[ours](0) ✓"));
    let after = rpm.one("ours");
    assert!(after.pid != before && after.restarts == 1, "{after:?}");
    pm2_ok(&rpm, &["stop", "ours"]);
    assert_eq!(rpm.one("ours").status, "stopped");

    pm2_ok(&rpm, &["start", &app("echo.cjs"), "--name", "theirs", "--kill-timeout", "900"]);
    let theirs = rpm.one("theirs");
    assert!(theirs.is_online());
    assert_eq!(theirs.env("kill_timeout"), 900);
    rpm.ok(&["restart", "theirs"]);
    pm2_ok(&rpm, &["delete", "ours"]);
    assert!(rpm.app("ours").is_empty());

    let refused = pm2(&rpm, &["stop", "99"]);
    assert_eq!(refused.status.code(), Some(1), "{}", refused.told(&["stop", "99"]));
    let logs = pm2_ok(&rpm, &["logs", "theirs", "--nostream", "--lines", "5"]);
    assert!(logs.contains("up"), "{logs}");
}

#[test]
fn cluster_workers_of_pm2s_command_are_workers() {
    let rpm = Rpm::new();
    let port = rpm_tests::free_port().to_string();
    let web = app("web.js");
    let args = ["start", web.as_str(), "--name", "web", "-i", "2"];
    let program = packages().join("pm2/bin/pm2");
    // One that finds no daemon would start PM2's own.
    rpm.ok(&["ping"]);
    let mut command = Command::new("node");
    command.arg(program).args(args).env("PORT", &port);
    let output = with_pm2(&rpm, &mut command).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let workers = rpm.app("web");
    assert_eq!(workers.len(), 2);
    assert!(workers.iter().all(|it| it.env("exec_mode") == "cluster_mode" && it.is_online()));
    pm2_ok(&rpm, &["reload", "web"]);
    let after = rpm.app("web");
    assert!(after.iter().all(|it| it.restarts == 1 && it.is_online()), "{after:?}");
    pm2_ok(&rpm, &["scale", "web", "3"]);
    assert_eq!(rpm.app("web").len(), 3);
}

#[test]
fn pm2s_library_does_all_it_does() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &app("echo.cjs"), "--name", "ours"]);
    let mut command = Command::new("node");
    command.arg(app("pm2-client.cjs")).env("CLIENT_SCRIPT", app("echo.cjs"));
    let output = with_pm2(&rpm, &mut command).output().unwrap();
    let (out, err) = (&output.stdout, &output.stderr);
    let [out, err] = [out, err].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{out}{err}");
    steps_are(&out);
}

/// Each step and what came of it.
fn steps_are(out: &str) {
    let expected = [
        r#"{"list":["ours"]}"#,
        r#"{"started":[true,"lib"]}"#,
        r#"{"described":["online","hello"]}"#,
        r#"{"unknown":[]}"#,
        r#"{"sent":true}"#,
        r#"{"echo":{"a":1}}"#,
        r#"{"restarted":[true]}"#,
        r#"{"event":["lib",false]}"#,
        r#"{"reloaded":1}"#,
        r#"{"stopped":["stopped"]}"#,
        r#"{"deleted":1}"#,
        r#"{"refused":"process or namespace not found"}"#,
    ];
    let told: Vec<&str> = out.lines().filter(|line| !line.starts_with(r#"{"line":"#)).collect();
    assert_eq!(told, expected);
    assert!(out.contains(r#"{"line":"heard {"#), "{out}");
}

#[test]
fn an_app_with_pm2s_library_tells_figures_and_does_what_it_offers() {
    let rpm = with_io();
    let told = rpm.ok(&["trigger", "io", "db:pick", "seven"]);
    assert!(told.contains("\"picked\": \"seven\""), "{told}");
    let refused = rpm.fails(&["trigger", "io", "db:none"]);
    assert!(refused.stderr.contains("db:clean, db:pick"), "{}", refused.stderr);
    let told = pm2_ok(&rpm, &["trigger", "io", "db:clean"]);
    assert!(told.contains("{\"cleaned\":7}"), "{told}");
    // It would not tell a second time what it offers.
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, nix::sys::signal::Signal::SIGKILL);
    let told = rpm.ok(&["trigger", "io", "db:clean"]);
    assert!(told.contains("\"cleaned\": 7"), "{told}");
    rpm.ok(&["stop", "io"]);
    assert!(actions(&rpm.one("io")).is_empty(), "a process that is gone offers nothing");
}

#[test]
fn watching_is_turned_on_and_off_as_pm2_does_it() {
    let rpm = Rpm::new();
    let folder = rpm.write("src/a.txt", "one");
    let cwd = folder.parent().unwrap().to_str().unwrap();
    rpm.ok(&["start", &app("echo.cjs"), "--name", "echo", "--cwd", cwd]);
    let watched = |times: usize| {
        eventually("its files are watched", || {
            (rpm.daemon_log().matches("watching its files").count() >= times).then_some(())
        });
    };
    let is_shown = |on: bool, mark: &str| {
        assert_eq!(rpm.one("echo").env("watch"), on);
        let told = rpm.ok(&["describe", "echo"]);
        let line = told.lines().find(|line| line.contains("watch & reload")).unwrap_or(&told);
        assert!(line.contains(mark), "{line}");
    };
    let success = serde_json::json!({ "args": [{ "success": true }] });

    // PM2's command asks to toggle, then to restart.
    pm2_ok(&rpm, &["restart", "echo", "--watch"]);
    is_shown(true, "✔");
    watched(1);
    rpm.write("src/a.txt", "two");
    rpm.eventually_one("echo", "restarted by its files", |echo| echo.restarts == 2);
    pm2_ok(&rpm, &["stop", "echo", "--watch"]);
    rpm.ok(&["start", "echo"]);
    is_shown(false, "✘");

    // What runs goes on, and a successor knows of it.
    let before = rpm.one("echo").pid;
    let on = || rpc(&rpm, "startWatch", r#""restartProcessId",{"id":0}"#);
    assert_eq!(on(), success);
    assert_eq!(on()["args"][0]["notrestarted"], true);
    is_shown(true, "✔");
    watched(2);
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, nix::sys::signal::Signal::SIGKILL);
    watched(3);
    assert_eq!(rpm.one("echo").pid, before);
    rpm.write("src/a.txt", "three");
    rpm.eventually_one("echo", "restarted by its files", |echo| echo.pid != before);

    assert_eq!(rpc(&rpm, "toggleWatch", r#""restartProcessId",{"id":"0"}"#), success);
    is_shown(false, "✘");
    assert_eq!(rpc(&rpm, "toggleWatch", r#""restartProcessId",{"id":0}"#), success);
    is_shown(true, "✔");
    assert_eq!(rpc(&rpm, "stopWatch", r#""stopProcessId",99"#), success);
    assert_eq!(rpc(&rpm, "stopWatch", r#""deleteAll",{"pid":1}"#), success);
    is_shown(false, "✘");
}

/// The answer to a call over PM2's socket.
fn rpc(rpm: &Rpm, method: &str, args: &str) -> Value {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    let call = format!(r#"j:{{"type":"call","method":"{method}","args":[{args}]}}"#);
    let mut frame = vec![0x12];
    for part in [call.as_bytes(), b"s:1:0"] {
        frame.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        frame.extend(part);
    }
    let mut stream = UnixStream::connect(rpm.home().join("rpc.sock")).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    stream.write_all(&frame).unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).unwrap();
    let len = u32::from_be_bytes(head[1..].try_into().unwrap());
    let mut body = vec![0; usize::try_from(len).unwrap()];
    stream.read_exact(&mut body).unwrap();
    serde_json::from_slice(body.strip_prefix(b"j:").unwrap()).unwrap()
}

#[test]
fn lines_reach_the_input_of_an_app() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &app("echo.cjs"), "--name", "echo"]);
    let log = rpm.home().join("logs/echo-out.log");
    let said = |text: &str| {
        eventually(text, || read(&log).lines().any(|line| line == text).then_some(()));
    };
    said("up");
    rpm.ok(&["send", "echo", "one line"]);
    said("read one line");
    let (supervisor, keeper) = rpm.daemon();
    kill(supervisor, nix::sys::signal::Signal::SIGKILL);
    kill(keeper, nix::sys::signal::Signal::SIGKILL);
    eventually("both are gone", || {
        (!rpm_tests::alive(supervisor) && !rpm_tests::alive(keeper)).then_some(())
    });
    pm2_home_is_served(&rpm);
    pm2_ok(&rpm, &["send", "0", "another"]);
    said("read another");
    rpm.run_with_input(&["attach", "echo"], "a third\n");
    said("read a third");
    rpm.ok(&["stop", "echo"]);
    let refused = rpm.fails(&["send", "echo", "x"]);
    assert!(refused.stderr.contains("does not run"), "{}", refused.stderr);
}

/// Starts our daemon where none runs.
fn pm2_home_is_served(rpm: &Rpm) {
    rpm.ok(&["ping"]);
    assert!(rpm.home().join("rpc.sock").exists());
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn pm2s_kill_ends_our_daemon_and_its_client_learns_of_it() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &app("echo.cjs"), "--name", "echo"]);
    let pid = rpm.one("echo").pid;
    let output = pm2(&rpm, &["kill"]);
    assert!(output.status.success(), "{}", output.told(&["kill"]));
    assert!(output.stdout.contains("Daemon Stopped"), "{}", output.stdout);
    eventually("all are gone", || rpm.processes().is_empty().then_some(()));
    assert!(!rpm_tests::alive(pid));
    for socket in ["rpc.sock", "pub.sock", "rpm.sock"] {
        assert!(!rpm.home().join(socket).exists(), "{socket} is left");
    }
}

#[test]
fn who_listens_hears_what_our_command_does() {
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    let rpm = Rpm::new();
    rpm.ok(&["start", &app("echo.cjs"), "--name", "echo"]);
    let mut bus = UnixStream::connect(rpm.home().join("pub.sock")).unwrap();
    bus.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    // It listens when it has heard the first line.
    let mut heard = String::new();
    let mut hear = |rpm: &Rpm, verb: &str, wanted: &str| {
        let mut buffer = vec![0; 65536];
        while !heard.contains(wanted) {
            rpm.ok(&[verb, "echo"]);
            let len = bus.read(&mut buffer).unwrap();
            heard.push_str(&String::from_utf8_lossy(&buffer[..len]));
        }
        heard.clear();
    };
    hear(&rpm, "restart", r#""event":"restart","manually":true"#);
    hear(&rpm, "stop", r#""event":"stop","manually":true"#);
}

#[test]
fn frames_that_cannot_be_harm_nobody() {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    let rpm = Rpm::new();
    rpm.ok(&["start", &app("echo.cjs"), "--name", "echo"]);
    let (supervisor, _) = rpm.daemon();
    let deep = [b"\x12\x00\x0f\x42\x42j:".as_slice(), &b"[".repeat(1_000_000), b"\0\0\0\x03s:1"];
    for bytes in [
        b"\x10".to_vec(),
        b"\x12\xff\xff\xff\xff".to_vec(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"\x11\x00\x00\x00\x02s:".to_vec(),
        b"\x12\x00\x00\x00\x06j:null\x00\x00\x00\x03s:1".to_vec(),
        deep.concat(),
    ] {
        let mut stream = UnixStream::connect(rpm.home().join("rpc.sock")).unwrap();
        // It may hang up before it has read all.
        drop(stream.write_all(&bytes));
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        drop(stream.read_to_end(&mut Vec::new()));
    }
    assert!(rpm.one("echo").is_online());
    assert_eq!(rpm.daemon().0, supervisor, "it did not die of it");
}
