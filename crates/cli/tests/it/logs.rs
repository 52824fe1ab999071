//! The last lines, and following.

use crate::fake::{Fake, Say, detail};
use rpm_proto::{Code, Fault, LogLine, Reply, Request, Stream};
use std::io::Read;
use std::process::Stdio;

fn line(stream: Stream, bytes: &[u8]) -> Say {
    let name = "api".to_owned();
    Say::Reply(Reply::Log(LogLine { proc: 0, name, stream, at: 0, bytes: bytes.to_vec() }))
}

/// A daemon with an app `api`. A follower is told what `says` has for its number, then hung up on;
/// after the second one nothing that is asked is understood.
fn daemon(says: fn(usize) -> Vec<Say>) -> Fake {
    let logs = tempfile::tempdir().unwrap();
    std::fs::write(logs.path().join("api-out.log"), b"one\ntwo\n\xff three\n").unwrap();
    std::fs::write(logs.path().join("api-error.log"), b"bad\n").unwrap();
    let mut follows = 0;
    Fake::new(move |request| match request {
        Request::Inspect { target } if target.as_ref().is_some_and(|it| it.0 == "nobody") => {
            let fault = Fault::new(Code::NotFound, "no `nobody`");
            vec![Say::Reply(Reply::Failed { fault, affected: Vec::new() })]
        }
        Request::Inspect { .. } => {
            let details = vec![detail(0, "api", logs.path().to_str().unwrap())];
            vec![Say::Reply(Reply::Details { details })]
        }
        Request::Ping if follows < 2 => vec![Say::Reply(Reply::Pong)],
        Request::Ping => vec![Say::HangUp],
        _ => {
            follows += 1;
            let mut says = says(follows);
            says.push(Say::HangUp);
            says
        }
    })
}

fn quiet() -> Fake {
    daemon(|_| Vec::new())
}

#[test]
fn the_last_lines_are_shown_byte_for_byte() {
    let fake = quiet();
    let raw = fake.run(&["logs", "api", "--nostream", "--raw", "--lines", "2"]);
    assert_eq!(raw.stdout, b"two\n\xff three\n");
    assert_eq!(raw.stderr, b"bad\n");
    let out = fake.run(&["logs", "api", "--nostream", "--out", "--lines=-1"]).stdout;
    assert!(out.ends_with(b"0|api      | \xff three\n\n"), "{}", String::from_utf8_lossy(&out));
    assert!(!out.windows(3).any(|part| part == b"two" || part == b"bad"));
    let err = fake.ok(&["logs", "--err", "--nostream"]);
    assert!(err.contains("0|api      | bad\n") && !err.contains("one"), "{err}");
    let json = fake.ok(&["logs", "--json", "--err", "--nostream"]);
    let object: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&object["message"], &object["type"]), (&"bad".into(), &"err".into()));
}

#[test]
fn an_unknown_target_is_no_error() {
    let output = quiet().run(&["logs", "nobody", "--nostream"]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn followers_get_lines_and_are_told_what_they_missed() {
    let fake = daemon(|follow| match follow {
        1 => vec![
            line(Stream::Out, b"a\xfe"),
            Say::Reply(Reply::Missed { lines: 7 }),
            line(Stream::Err, b""),
        ],
        _ => vec![line(Stream::Out, b"after")],
    });
    let output = fake.run(&["logs", "api", "--lines", "0"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"0|api      | a\xfe\n0|api      | \n0|api      | after\n");
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @r"
    -- 7 lines were left out: too slow --
    -- the daemon was restarted; following again --
    ");
    let asked = Request::Follow { target: Some("api".into()), out: true, err: true };
    assert_eq!(fake.heard().iter().filter(|request| **request == asked).count(), 2);
}

#[test]
fn each_form_of_a_line() {
    fn says(follow: usize) -> Vec<Say> {
        if follow == 1 { vec![line(Stream::Err, b"x \"y\"")] } else { Vec::new() }
    }
    let form = |flags: &[&str]| {
        let fake = daemon(says);
        let mut words = vec!["logs", "--lines", "0"];
        words.extend(flags);
        let output = fake.command(&words).env("TZ", "UTC").output().unwrap();
        assert!(output.status.success(), "{flags:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(form(&["--timestamp"]), "1970-01-01-00:00:00 0|api      | x \"y\"\n");
    assert_eq!(form(&["--timestamp", "HH:mm"]), "00:00 0|api      | x \"y\"\n");
    assert_eq!(
        form(&["--format"]),
        "timestamp=1970-01-01-00:00:00+0000 app=api id=0 type=error message=x \"y\"\n"
    );
    assert_eq!(
        form(&["--json"]),
        "{\"message\":\"x \\\"y\\\"\",\"type\":\"err\",\"process_id\":0,\"app_name\":\"api\",\
         \"timestamp\":\"1970-01-01T00:00:00.000Z\"}\n"
    );
    assert_eq!(form(&["--raw"]), "");
}

#[test]
fn a_word_behind_timestamp_may_be_the_target() {
    let fake = quiet();
    fake.run(&["logs", "--timestamp", "api", "--lines", "0"]);
    let asked = Request::Follow { target: Some("api".into()), out: true, err: true };
    assert!(fake.heard().contains(&asked), "{:?}", fake.heard());
}

#[test]
fn following_ends_with_the_daemon() {
    let fake = Fake::new(|request| match request {
        Request::Follow { .. } => vec![line(Stream::Out, b"last"), Say::End],
        _ => panic!("{request:?}"),
    });
    let output = fake.run(&["logs", "--lines", "0"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(output.stdout, b"0|api      | last\n");
}

#[test]
fn lines_are_chosen_by_time_words_and_level() {
    let logs = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(logs.path().join(name), text).unwrap();
    write(
        "api-out__2026-01-01_00-00-00.log",
        "{\"level\":50,\"time\":\"1970-01-01T00:00:01Z\",\"msg\":\"one\"}\n",
    );
    write("api-out.log", "1970-01-01T00:00:03Z three\n1970-01-01T00:00:05Z [warn] five\n");
    write("api-error.log", "1970-01-01T00:00:02Z two\n  of two\n1970-01-01T00:00:04Z info: four\n");
    let folder = logs.path().to_str().unwrap().to_owned();
    let fake = Fake::new(move |request| match request {
        Request::Inspect { .. } => {
            vec![Say::Reply(Reply::Details { details: vec![detail(0, "api", &folder)] })]
        }
        _ => panic!("{request:?}"),
    });
    let shown = |flags: &[&str]| {
        let mut words = vec!["logs", "api", "--nostream"];
        words.extend(flags);
        let text = fake.ok(&words);
        let names = ["one", "of two", "two", "three", "four", "five"];
        let found = |line: &str| names.into_iter().find(|name| line.contains(name)).unwrap();
        text.lines().map(found).collect::<Vec<_>>()
    };
    assert_eq!(
        shown(&["--since", "1970-01-01"]),
        ["one", "two", "of two", "three", "four", "five"]
    );
    assert_eq!(
        shown(&["--since", "1970-01-01T00:00:02Z", "--until", "1970-01-01T00:00:04Z"]),
        ["two", "of two", "three", "four"]
    );
    assert_eq!(shown(&["--level", "warn"]), ["one", "two", "of two", "five"]);
    assert_eq!(shown(&["--grep", "O", "--ignore-case", "--lines", "1"]), ["one", "four"]);
    assert_eq!(shown(&["--grep", "t", "--invert"]), ["four", "five"]);
    let out = fake.run(&["logs", "api", "--nostream", "--raw", "--level", "error"]);
    assert_eq!(out.stdout, b"{\"level\":50,\"time\":\"1970-01-01T00:00:01Z\",\"msg\":\"one\"}\n");
    let stats = fake.ok(&["logs", "api", "--stats", "--nostream", "--json"]);
    let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
    assert_eq!((&stats[0]["lines"], &stats[0]["errors"]), (&6.into(), &3.into()));
    assert_eq!(stats[0]["first"], "1970-01-01T00:00:01.000Z");
    let bad = fake.run(&["logs", "--since", "soon"]);
    assert_eq!(bad.status.code(), Some(1));
}

#[test]
fn a_log_that_cannot_be_read_is_told_of_and_the_others_are_shown() {
    let logs = tempfile::tempdir().unwrap();
    std::fs::write(logs.path().join("api-out.log"), "fine\n").unwrap();
    // Its current file is a link to itself.
    std::os::unix::fs::symlink("api-error.log", logs.path().join("api-error.log")).unwrap();
    let folder = logs.path().to_str().unwrap().to_owned();
    let fake = Fake::new(move |request| match request {
        Request::Inspect { .. } => {
            vec![Say::Reply(Reply::Details { details: vec![detail(0, "api", &folder)] })]
        }
        _ => panic!("{request:?}"),
    });
    for flags in [&["--lines", "5"][..], &["--grep", "."], &["--grep", ".", "--lines", "5"]] {
        let output = fake.run(&[&["logs", "api", "--nostream", "--raw"], flags].concat());
        assert!(output.status.success(), "{flags:?}: {output:?}");
        assert_eq!(output.stdout, b"fine\n");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("api-error.log failed"), "{flags:?}: {said}");
    }
}

#[test]
fn several_targets_are_followed_and_each_process_once() {
    let fake = Fake::new(|request| match request {
        Request::Follow { .. } => vec![line(Stream::Out, b"a"), line(Stream::Err, b"b"), Say::End],
        _ => panic!("{request:?}"),
    });
    let shown = fake.ok(&["logs", "api", "0", "--lines", "0"]);
    assert_eq!(shown, "0|api      | a\n0|api      | b\n");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let fake = daemon(|_| (0..100_000).map(|_| line(Stream::Out, &[b'x'; 100])).collect());
    let mut command = fake.command(&["logs", "--lines", "0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 50];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
