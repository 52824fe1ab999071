//! Who has asked for it is told of what happens: a receiver that fails at first, one that refuses, a
//! command; also when the supervisor dies in between.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, child_app, eventually, kill};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// One request that a receiver got.
#[derive(Debug)]
struct Got {
    headers: BTreeMap<String, String>,
    body: Value,
}

/// Answers with these statuses, one after the other, then with 204.
fn receiver(statuses: Vec<u16>) -> (String, Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, got) = channel();
    std::thread::spawn(move || {
        let mut statuses = statuses.into_iter();
        while let Ok((stream, _)) = listener.accept() {
            answer(stream, statuses.next().unwrap_or(204), &sender);
        }
    });
    (url, got)
}

fn answer(mut stream: TcpStream, status: u16, got: &Sender<Got>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim().split_once(": ") else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length: usize = headers["content-length"].parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    got.send(Got { headers, body: serde_json::from_slice(&body).unwrap() }).ok();
    write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
}

fn next(got: &Receiver<Got>) -> Got {
    got.recv_timeout(Duration::from_secs(30)).expect("a message")
}

/// An app that ends with 3 as often as it is started.
fn broken(rpm: &Rpm) {
    let mut app = child_app("broken", &["exit:3"]);
    app["autorestart"] = false.into();
    rpm.config(&[app]);
}

#[test]
fn a_receiver_that_fails_at_first_is_told_signed_and_once() {
    let rpm = Rpm::new().with_env("RPM_ALERT_SECRET", "s3cret");
    let (url, got) = receiver(vec![503]);
    broken(&rpm);
    rpm.ok(&["ping"]);
    rpm.ok(&["alerts", "add", "webhook", &url, "--kind", "crash"]);
    rpm.run(&["start", "apps.json"]);
    let (first, second) = (next(&got), next(&got));
    assert_eq!(first.body, second.body, "what failed is sent again");
    let event = &second.body["event"];
    assert_eq!((&event["kind"], &event["app"]), (&"crash".into(), &"broken".into()));
    assert_eq!(event["data"]["code"], 3);
    assert_eq!(first.headers["idempotency-key"], second.headers["idempotency-key"]);
    let signature = &second.headers["x-rpm-signature"];
    let at = signature.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).unwrap().0;
    let at: u64 = at.parse().unwrap();
    let body = second.body.to_string();
    assert_eq!(*signature, rpm_alerts::message::sign("s3cret", at, body.as_bytes()));
    assert!(got.recv_timeout(Duration::from_millis(1500)).is_err(), "it is told once");
    let shown = rpm.ok(&["alerts", "--json"]);
    assert!(!shown.contains("s3cret") && !shown.contains("/hook"), "{shown}");
}

#[test]
fn who_refuses_is_not_asked_again_and_does_not_stop_the_next() {
    let rpm = Rpm::new();
    let (url, got) = receiver(vec![404]);
    broken(&rpm);
    rpm.ok(&["ping"]);
    rpm.ok(&["alerts", "add", "slack", &url, "--kind", "crash"]);
    rpm.run(&["start", "apps.json"]);
    let first = next(&got).body["text"].as_str().unwrap().to_owned();
    assert!(first.contains("broken (0) exited (exit code 3)"), "{first}");
    eventually("that it was given up", || {
        rpm.daemon_log().contains("an alert was given up").then_some(())
    });
    rpm.run(&["restart", "broken"]);
    next(&got);
}

#[test]
fn a_command_is_run_with_the_event() {
    let rpm = Rpm::new();
    let file = rpm.dir().join("told");
    let command =
        format!("cat > {0}.new; echo $RPM_EVENT_APP >> {0}.new; mv {0}.new {0}", file.display());
    broken(&rpm);
    // Set up before there is a daemon.
    rpm.ok(&["alerts", "add", "command", &command, "--level", "error", "--app", "broken"]);
    rpm.run(&["start", "apps.json"]);
    let told = eventually("the command", || std::fs::read_to_string(&file).ok());
    assert!(told.contains("\"crash\"") && told.trim_end().ends_with("broken"), "{told}");
}

#[test]
fn what_could_not_be_told_is_told_by_a_successor() {
    let rpm = Rpm::new();
    // It fails until there is a successor, however often it is asked.
    let (url, got) = receiver(vec![500; 3]);
    broken(&rpm);
    rpm.ok(&["ping"]);
    rpm.ok(&["alerts", "add", "webhook", &url, "--kind", "crash"]);
    rpm.run(&["start", "apps.json"]);
    let first = next(&got);
    kill(rpm.daemon().0, Signal::SIGKILL);
    let again = next(&got);
    assert_eq!(first.body["event"], again.body["event"]);
}

#[test]
fn they_are_tried_shown_and_removed() {
    let rpm = Rpm::new();
    let (url, got) = receiver(vec![204, 403]);
    rpm.ok(&["alerts", "add", "discord", &url]);
    assert!(rpm.ok(&["alerts", "test"]).contains("has taken it"));
    assert!(next(&got).body["content"].as_str().unwrap().contains("a test"));
    let fault = rpm.fails(&["alerts", "test", "0"]).all();
    assert!(fault.contains("answered 403"), "{fault}");
    assert!(rpm.ok(&["alerts"]).contains("http://127.0.0.1/…"));
    let rows = [
        (&["alerts", "add", "webhook", "ftp://x"][..], "begins with `http://`"),
        (&["alerts", "add", "pigeon", "x"], "`pigeon` cannot be told"),
        (&["alerts", "add", "slack"], "takes two words"),
        (&["alerts", "add", "slack", "http://x", "--per-minute", "0"], "at least 1"),
        (&["alerts", "add", "slack", "http://x", "--secret", "x"], "only what is posted"),
        (&["alerts", "remove", "7"], "there is no number `7`"),
    ];
    for (words, why) in rows {
        let fault = rpm.fails(words).all();
        assert!(fault.contains(why), "{words:?}: {fault}");
    }
    rpm.ok(&["alerts", "remove", "0"]);
    assert!(rpm.run(&["alerts"]).all().contains("nobody is told"));
}
