//! Calls in the forms in which clients send them.

use super::*;
use crate::amp::{json as arg, text};

fn asked(body: &Value) -> Result<Call, String> {
    request(vec![arg(body), text("1:0")]).unwrap().call
}

fn call(method: &str, arg: &Value) -> Result<Call, String> {
    asked(&json!({ "type": "call", "method": method, "args": [arg] }))
}

#[test]
fn ids_come_in_three_forms() {
    for id in [json!(3), json!("3"), json!({ "id": 3 }), json!({ "id": "3" })] {
        assert_eq!(call("stopProcessId", &id), Ok(Call::Stop(3)), "{id}");
    }
    assert!(call("stopProcessId", &json!("api")).is_err());
    assert_eq!(call("killMe", &json!({ "pid": 77 })), Ok(Call::Kill { pid: Some(77) }));
}

#[test]
fn watching_is_about_a_process_or_about_all_that_are_to_end() {
    let told = |method: &str, args: Value| {
        asked(&json!({ "type": "call", "method": method, "args": args })).unwrap()
    };
    let one = |on| Call::Watch { id: Some(3), on };
    assert_eq!(told("stopWatch", json!(["stopProcessId", 3])), one(Some(false)));
    assert_eq!(told("stopWatch", json!(["deleteProcessId", { "id": 3 }])), one(Some(false)));
    assert_eq!(told("startWatch", json!(["restartProcessId", { "id": "3" }])), one(Some(true)));
    assert_eq!(told("toggleWatch", json!(["restartProcessId", { "id": 3 }])), one(None));
    let all = Call::Watch { id: None, on: Some(false) };
    assert_eq!(told("stopWatch", json!(["deleteAll", { "pid": 77 }])), all);
    for (method, args) in [
        ("startWatch", json!(["deleteAll", { "pid": 77 }])),
        ("toggleWatch", json!(["restartProcessName", { "name": "api" }])),
        ("stopWatch", json!(["stopProcessId", "api"])),
        ("stopWatch", json!(["stopProcessId"])),
        ("stopWatch", json!([])),
    ] {
        assert_eq!(told(method, args.clone()), Call::Nothing, "{method} {args}");
    }
}

#[test]
fn variables_are_those_of_the_call_over_those_of_the_configuration() {
    let env = json!({ "A": "1", "N": 2, "current_conf": { "env": { "A": "0", "C": true } } });
    let Ok(Call::Restart(0, Some(env))) = call("restartProcessId", &json!({ "id": 0, "env": env }))
    else {
        panic!("not a restart")
    };
    assert_eq!((&*env["A"], &*env["N"], &*env["C"]), ("1", "2", "true"));
    assert_eq!(call("restartProcessId", &json!({ "id": 0 })), Ok(Call::Restart(0, None)));
}

#[test]
fn an_action_without_options_is_its_bare_name() {
    let Ok(Call::Message { whom, message, .. }) =
        call("msgProcess", &json!({ "name": "api", "msg": "db:clean" }))
    else {
        panic!("not a message")
    };
    assert_eq!((whom, message), (Whom::Name("api".into()), json!("db:clean")));
    let whole = json!({ "id": "1", "msg": "db:clean", "opts": "x" });
    let Ok(Call::Message { message, .. }) = call("msgProcess", &whole) else {
        panic!("not a message")
    };
    assert_eq!(message, whole);
}

#[test]
fn what_is_not_understood_is_an_error_for_its_caller() {
    let told = |body: Value| asked(&body).unwrap_err();
    assert_eq!(told(json!({ "method": "fly", "args": [] })), "method \"fly\" does not exist");
    assert_eq!(told(json!({ "args": [] })), ".method required");
    assert_eq!(told(json!({ "method": "ping" })), ".args required");
    assert!(told(json!([])).contains("object"));
    assert_eq!(asked(&json!({ "method": "ping", "args": [] })), Ok(Call::Ping));
    assert_eq!(asked(&json!({ "type": "methods" })), Ok(Call::Methods));
    assert_eq!(request(vec![text("alone")]), None);
}

#[test]
fn all_methods_are_known() {
    for method in METHODS {
        if let Err(error) = call(method, &json!({})) {
            assert!(!error.contains("does not exist"), "{method}: {error}");
        }
    }
}

#[test]
fn answers_keep_their_name() {
    let mut frames = amp::Frames::with_limit(1 << 20);
    frames.push(&reply(b"j:7", Some(&json!("7.0.4"))));
    frames.push(&failure(b"s:1:1", "no"));
    let first = frames.take().unwrap().unwrap();
    assert_eq!(first, [b"j:{\"args\":[\"7.0.4\"]}".to_vec(), b"j:7".to_vec()]);
    let second = frames.take().unwrap().unwrap();
    assert_eq!(amp::read_json(&second[0]).unwrap()["error"], "no");
    frames.push(&methods(b"s:x"));
    let listed = amp::read_json(&frames.take().unwrap().unwrap()[0]).unwrap();
    assert_eq!(listed["methods"].as_object().unwrap().len(), METHODS.len());
}
