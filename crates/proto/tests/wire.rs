//! The wire as others have it in their hands: a change here breaks them, so it has to be meant.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rpm_core::spec::{AppSpec, Bound, Compression, Env, RotateOptions, Setting};
use rpm_core::{Affected, Change, Existing, ProcId, ScaleTo, Signal, Target};
use rpm_proto::{Code, Fault, Hello, Metric, Reply, Request, Subject, Verb};
use serde_json::json;
use std::collections::BTreeSet;

fn request(request: &Request, wire: &serde_json::Value) {
    assert_eq!(serde_json::to_value(request).unwrap(), *wire);
    assert_eq!(serde_json::from_value::<Request>(wire.clone()).unwrap(), *request);
}

fn reply(reply: &Reply, wire: &serde_json::Value) {
    assert_eq!(serde_json::to_value(reply).unwrap(), *wire);
    assert_eq!(serde_json::from_value::<Reply>(wire.clone()).unwrap(), *reply);
}

#[test]
fn requests_keep_their_form() {
    request(&Request::Ping, &json!({"kind": "ping"}));
    request(&Request::List, &json!({"kind": "list"}));
    request(&Request::KeepHistory { on: false }, &json!({"kind": "keep_history", "on": false}));
    request(&Request::Host, &json!({"kind": "host"}));
    request(&Request::Observe, &json!({"kind": "observe"}));
    request(
        &Request::History {
            of: Some(Subject::App { name: "api".to_owned() }),
            metrics: vec![Metric::EventLoop],
            from: 1000,
            until: 2000,
            points: 10,
        },
        &json!({
            "kind": "history", "of": {"kind": "app", "name": "api"}, "metrics": ["event_loop"],
            "from": 1000, "until": 2000, "points": 10
        }),
    );
    request(&Request::Inspect { target: None }, &json!({"kind": "inspect", "target": null}));
    request(
        &Request::Act {
            verb: Verb::Restart,
            targets: vec![Target::from("api"), Target::from("/^x/")],
            env: Some(Env::from([("A".to_owned(), "1".to_owned())])),
            settings: Vec::new(),
            parallel: None,
        },
        &json!({
            "kind": "act", "verb": "restart", "targets": ["api", "/^x/"], "env": {"A": "1"},
            "parallel": null
        }),
    );
    request(
        &Request::Scale { name: "api".to_owned(), to: ScaleTo::By(-1) },
        &json!({"kind": "scale", "name": "api", "to": {"by": -1}}),
    );
    request(
        &Request::Adjust { targets: vec![Target::from("0")], settings: vec![Setting::ToggleWatch] },
        &json!({"kind": "adjust", "targets": ["0"], "settings": ["toggle_watch"]}),
    );
    request(
        &Request::Signal { targets: vec![Target::from("0")], signal: Signal::TERM },
        &json!({"kind": "signal", "targets": ["0"], "signal": 15}),
    );
    request(
        &Request::Follow { target: None, out: true, err: false },
        &json!({"kind": "follow", "target": null, "out": true, "err": false}),
    );
    request(&Request::Save { force: false }, &json!({"kind": "save", "force": false}));
    request(&Request::Kill, &json!({"kind": "kill"}));
    request(
        &Request::Rotate {
            options: RotateOptions {
                max_size: Some(Bound::Of(1024)),
                retain: Some(Bound::Unlimited),
                compression: Some(Compression::Zstd),
                ..RotateOptions::default()
            },
        },
        &json!({
            "kind": "rotate",
            "options": {"max_size": {"of": 1024}, "retain": "unlimited", "compression": "zstd"}
        }),
    );
}

#[test]
fn an_app_of_an_older_sender_has_defaults_where_it_is_silent() {
    let wire = json!({
        "kind": "apply",
        "base_env": {},
        "apps": [{"name": "api", "script": "/srv/api.js", "unheard_of": 1}],
        "existing": "restart",
        "parallel": null
    });
    let Request::Apply { apps, existing, .. } = serde_json::from_value(wire).unwrap() else {
        panic!("not an apply")
    };
    assert_eq!(existing, Existing::Restart);
    let spec = AppSpec { name: "api".into(), script: "/srv/api.js".into(), ..AppSpec::default() };
    assert_eq!(apps, [spec]);
}

#[test]
fn replies_keep_their_form() {
    reply(&Reply::Pong, &json!({"kind": "pong"}));
    let affected =
        vec![Affected { proc: ProcId(3), name: "api".to_owned(), change: Change::Restarted }];
    reply(
        &Reply::Done { affected },
        &json!({"kind": "done", "affected": [{"proc": 3, "name": "api", "change": "restarted"}]}),
    );
    reply(
        &Reply::Failed {
            fault: Fault::new(Code::NotFound, "no process `x`").because("w").help("h"),
            affected: Vec::new(),
        },
        &json!({
            "kind": "failed",
            "fault": {
                "code": "process.not_found", "what": "no process `x`", "why": ["w"], "help": "h",
                "excerpt": null
            },
            "affected": []
        }),
    );
    reply(&Reply::Missed { lines: 7 }, &json!({"kind": "missed", "lines": 7}));
}

#[test]
fn what_is_unknown_is_refused_and_does_no_harm() {
    assert!(serde_json::from_str::<Request>(r#"{"kind": "fly"}"#).is_err());
    let fault: Fault = serde_json::from_str(r#"{"code": "new.code", "what": "x"}"#).unwrap();
    assert_eq!(fault.code, Code::Other);
    let deep = "[".repeat(100_000);
    assert!(serde_json::from_str::<Request>(&deep).is_err());
}

#[test]
fn codes_are_distinct_and_none_means_success() {
    let texts: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(texts.len(), Code::ALL.len());
    assert!(Code::ALL.iter().all(|code| code.exit_status() != 0));
}

#[test]
fn the_hello_of_any_version_can_be_read() {
    let wire = r#"{"protocol": 99, "version": "7.0.0", "pid": 1, "more": true}"#;
    let hello: Hello = serde_json::from_str(wire).unwrap();
    assert_eq!(hello.protocol, 99);
}
