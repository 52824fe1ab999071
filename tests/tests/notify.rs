//! Programs of any kind tell how they are, as `sd_notify(3)` lets them tell systemd.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, child, child_app, eventually, kill};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;

fn with(mut app: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("no object") };
    app.as_object_mut().unwrap().extend(more);
    app
}

#[test]
fn a_program_that_is_ready_says_so() {
    let rpm = Rpm::new();
    let more = json!({ "wait_ready": true, "listen_timeout": "30s" });
    let words = ["sleep:300", "notify:READY=1;STATUS=serving three"];
    let output = rpm.run(&["start", &rpm.config(&[with(child_app("app", &words), more)])]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.took.as_millis() >= 300, "it was not waited for: {:?}", output.took);
    rpm.eventually_one("app", "what it says", |app| app.env("status_text") == "serving three");
    let shown = rpm.ok(&["describe", "app"]);
    assert!(shown.contains("serving three"), "{shown}");
    // It is ours, and no part of what is saved of the app.
    assert_eq!(rpm.one("app").env("env").get("NOTIFY_SOCKET"), None);
}

#[test]
fn what_is_told_while_nobody_supervises_is_heard() {
    let rpm = Rpm::new();
    let words = ["notify:STATUS=first", "sleep:700", "notify:STATUS=second;STOPPING=1"];
    rpm.ok(&["start", &rpm.config(&[child_app("app", &words)])]);
    rpm.eventually_one("app", "what it says", |app| app.env("status_text") == "first");
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    let app = rpm.eventually_one("app", "what it says", |app| app.env("status_text") == "second");
    assert_eq!((app.env("stopping"), app.restarts), (&json!(true), 0));
}

#[test]
fn who_promises_to_say_that_it_lives_and_does_not_is_restarted() {
    let rpm = Rpm::new();
    let more = json!({ "watchdog": "800ms" });
    rpm.ok(&[
        "start",
        &rpm.config(&[
            with(child_app("silent", &["notify:WATCHDOG=1"]), more.clone()),
            with(child_app("alive", &["env:WATCHDOG_USEC", "pulse:50"]), more),
            child_app("other", &[]),
        ]),
    ]);
    rpm.eventually_one("silent", "a restart", |app| app.restarts >= 2);
    assert_eq!(rpm.one("other").restarts, 0);
    assert_eq!(rpm.one("alive").restarts, 0);
    assert!(rpm.daemon_log().contains("has not said for 800 ms"), "{}", rpm.daemon_log());
    let said = fs::read_to_string(rpm.home().join("logs/alive-out.log")).unwrap();
    assert_eq!(said, "WATCHDOG_USEC=800000\n");
}

#[test]
fn a_stranger_speaks_for_nobody() {
    let rpm = Rpm::new();
    let words = ["sleep:400", "notify:STATUS=the truth"];
    rpm.ok(&["start", &rpm.config(&[child_app("app", &words)])]);
    let socket = UnixDatagram::unbound().unwrap();
    let path = rpm.home().join("run/notify");
    socket.send_to(b"STATUS=a lie", &path).unwrap();
    socket.send_to(&[b'x'; 10_000], &path).unwrap();
    socket.send_to(b"\xff\0=\n\n=1", &path).unwrap();
    eventually("what it says", || {
        let app = rpm.one("app");
        assert_ne!(app.env("status_text"), "a lie");
        (app.env("status_text") == "the truth").then_some(())
    });
}

#[test]
fn programs_of_another_user_are_heard_and_speak_for_no_others() {
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("SKIPPED: only root runs apps of other users");
    }
    let rpm = Rpm::new();
    // Where that user may be.
    let place = tempfile::Builder::new().prefix("rpm-other-").tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let program = place.path().join("child");
    fs::copy(child(), &program).unwrap();
    let app = json!({
        "name": "other", "script": program, "cwd": "/", "uid": "nobody",
        "args": ["notify:READY=1;STATUS=first", "sleep:700", "notify:STATUS=second", "env:NOTIFY_SOCKET"],
        "wait_ready": true, "listen_timeout": "30s",
    });
    rpm.ok(&["start", &rpm.config(&[app, child_app("ours", &[])])]);
    rpm.eventually_one("other", "what it says", |app| app.env("status_text") == "first");
    // Nobody misses what is said while there is no supervisor.
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    rpm.eventually_one("other", "what it says", |app| app.env("status_text") == "second");
    let path = eventually("its socket", || {
        let text = fs::read_to_string(rpm.home().join("logs/other-out.log")).ok()?;
        Some(text.strip_prefix("NOTIFY_SOCKET=")?.trim_end().to_owned())
    });
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let file = fs::metadata(&path).unwrap();
    assert_eq!((file.uid(), file.mode() & 0o777), (nobody.uid.as_raw(), 0o600));
    // That user speaks for its own apps only, even with the mark of another's run.
    let mark = rpm_tests::environ(rpm.one("ours").pid, "RPM_RUN").unwrap();
    let sent = std::process::Command::new("setpriv")
        .args(["--reuid=nobody", "--clear-groups"])
        .arg(&program)
        .arg("notify:STATUS=a lie")
        .arg("exit:0")
        .env("RPM_RUN", mark)
        .env("NOTIFY_SOCKET", &path)
        .status()
        .unwrap();
    assert!(sent.success());
    // What is said later and heard shows that the lie has been looked at.
    rpm.ok(&["restart", "other"]);
    rpm.eventually_one("other", "what it says", |app| app.env("status_text") == "second");
    assert_eq!(rpm.one("ours").env("status_text"), &Value::Null);
    rpm.ok(&["kill"]);
    assert!(!std::path::Path::new(&path).exists(), "the socket is left");
}
