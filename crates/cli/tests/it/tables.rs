//! What is shown of what the daemon says.

use crate::fake::{Fake, Say, detail, view};
use rpm_core::{Affected, Change, ProcId};
use rpm_proto::{Code, Fault, Reply, Request};
use serde_json::{Value, json};

fn known() -> Fake {
    Fake::new(|request| {
        let reply = match request {
            Request::List => Reply::Processes {
                processes: vec![view(1, "mail"), view(0, "api"), view(2, "api")],
            },
            Request::Inspect { .. } => Reply::Details { details: vec![detail(0, "api", "/l")] },
            Request::Ping => Reply::Pong,
            Request::Kill => Reply::Done { affected: Vec::new() },
            _ => {
                let affected =
                    Affected { proc: ProcId(0), name: "api".to_owned(), change: Change::Stopped };
                Reply::Done { affected: vec![affected] }
            }
        };
        vec![Say::Reply(reply)]
    })
}

#[test]
fn a_change_is_told_and_followed_by_the_table() {
    let fake = known();
    insta::assert_snapshot!(fake.ok(&["stop", "api", "-m", "--sort", "id:desc"]), @r"
    [PM2] [api](0) ✓
    ┌────┬──────┬─────────┬─────┬─────┐
    │ id │ name │ status  │ cpu │ mem │
    ├────┼──────┼─────────┼─────┼─────┤
    │ 2  │ api  │ stopped │ 0%  │ 0b  │
    │ 1  │ mail │ stopped │ 0%  │ 0b  │
    │ 0  │ api  │ stopped │ 0%  │ 0b  │
    └────┴──────┴─────────┴─────┴─────┘
    ");
    insta::assert_snapshot!(fake.ok(&["reload", "api"]), @"[PM2] [api](0) ✓");
}

#[test]
fn programs_get_json() {
    let fake = known();
    let parse = |words: &[&str]| -> Value { serde_json::from_str(&fake.ok(words)).unwrap() };
    assert_eq!(parse(&["list", "--json"])[0]["name"], "api");
    assert_eq!(parse(&["status", "--json"])[0]["ids"], json!([0, 2]));
    assert_eq!(
        parse(&["stop", "api", "--json"]),
        json!({ "affected": [{ "proc": 0, "name": "api", "change": "stopped" }] })
    );
    assert_eq!(parse(&["id", "api", "--json"]), json!([0, 2]));
    assert_eq!(parse(&["pid", "--json"]), json!([]));
    assert_eq!(parse(&["env", "0", "--json"]), json!({ "MODE": "test" }));
    assert_eq!(parse(&["describe", "0", "--json"])[0]["view"]["id"], 0);
    let version = env!("CARGO_PKG_VERSION");
    let pong = json!({ "msg": "pong", "version": version, "pid": 0 });
    assert_eq!(parse(&["ping", "--json"]), pong);
    let jlist = fake.ok(&["jlist"]);
    assert!(jlist.starts_with("[{") && jlist.ends_with("}]"), "{jlist}");
    assert!(fake.ok(&["prettylist"]).contains("status: 'stopped'"));
}

#[test]
fn words_of_pm2() {
    let fake = known();
    assert_eq!(fake.ok(&["id", "api"]), "[ 0, 2 ]\n");
    assert_eq!(fake.ok(&["id", "nobody"]), "[]\n");
    assert_eq!(fake.ok(&["pid", "api"]), "\n");
    assert_eq!(fake.ok(&["ping"]), "{ msg: 'pong' }\n");
    assert_eq!(fake.ok(&["env", "0"]), "MODE: test\n");
    assert_eq!(fake.ok(&["-v"]), format!("{}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(fake.ok(&["list", "--version"]), format!("{}\n", env!("CARGO_PKG_VERSION")));
    insta::assert_snapshot!(fake.ok(&["kill"]), @r"
    [PM2] [v] Modules Stopped
    [PM2] [v] All Applications Stopped
    [PM2] [v] PM2 Daemon Stopped
    ");
}

#[test]
fn silence_is_kept_and_data_is_no_noise() {
    let fake = known();
    for words in [&["stop", "api", "-s"][..], &["-s", "list"], &["describe", "0", "--silent"]] {
        let output = fake.run(words);
        assert!(output.status.success(), "{words:?}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{words:?}: {output:?}");
    }
    let mut command = fake.command(&["stop", "api"]);
    assert!(command.env("PM2_SILENT", "true").output().unwrap().stdout.is_empty());
    assert!(fake.ok(&["jlist", "-s"]).starts_with('['));
}

#[test]
fn what_failed_in_part_shows_the_table_too() {
    let fake = Fake::new(|request| {
        if *request == Request::List {
            return vec![Say::Reply(Reply::Processes { processes: vec![view(0, "api")] })];
        }
        let affected =
            vec![Affected { proc: ProcId(0), name: "api".to_owned(), change: Change::Started }];
        let fault = Fault::new(Code::StartFailed, "`mail` did not come up");
        vec![Say::Reply(Reply::Failed { fault, affected })]
    });
    let output = fake.run(&["restart", "all"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("[api](0) ✓") && text.contains("│ api"), "{text}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("did not come up"));
    let output = fake.run(&["restart", "all", "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["error"]["code"], "process.start_failed");
    assert_eq!(json["affected"][0]["name"], "api");
}

#[test]
fn the_script_for_a_shell_knows_the_verbs() {
    let fake = known();
    for shell in ["bash", "zsh", "fish"] {
        let script = fake.ok(&["completion", shell]);
        assert!(
            script.contains("startOrReload") && script.contains("max-memory-restart"),
            "{shell}"
        );
    }
}
