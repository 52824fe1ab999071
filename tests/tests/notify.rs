//! Programs of any kind tell how they are, as `sd_notify(3)` lets them tell systemd.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, child_app, eventually, kill};
use serde_json::{Value, json};
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
    let said = std::fs::read_to_string(rpm.home().join("logs/alive-out.log")).unwrap();
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
