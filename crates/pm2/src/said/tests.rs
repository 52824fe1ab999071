//! Messages as PM2's libraries send them, and as nobody should.

use super::*;
use serde_json::json;

fn hear(told: &mut Told, message: &Value) -> Change {
    note(told, Said::read(&message.to_string()))
}

#[test]
fn what_an_app_tells_of_itself_is_kept() {
    let mut told = Told::default();
    let action = json!({"action_name": "db:clean", "action_type": "custom", "arity": 1});
    let offer = json!({"type": "axm:action", "data": action});
    assert_eq!(hear(&mut told, &offer), Change::Lasting);
    assert_eq!(hear(&mut told, &offer), Change::None, "it is known");
    let figures = |value| json!({"type": "axm:monitor", "data": {"users": {"value": value}}});
    assert_eq!(hear(&mut told, &figures(1)), Change::Passing);
    hear(&mut told, &figures(2));
    hear(
        &mut told,
        &json!({"type": "axm:option:configuration", "data": {"name": "x", "apm": {"type": "node"}}}),
    );
    hear(&mut told, &json!({"node_version": "20.1.0"}));
    assert_eq!(told.actions, [action]);
    assert_eq!(told.monitor["users"]["value"], 2);
    assert_eq!(json!(told.options), json!({"apm": {"type": "node"}}), "the name is its user's");
    assert_eq!(told.node_version.as_deref(), Some("20.1.0"));
    assert!(offers(&told, "db:clean") && !offers(&told, "db"));
}

#[test]
fn the_rest_is_news() {
    let event = |topic: &str, data: Value| Said::Event { topic: topic.to_owned(), data };
    for (message, said) in [
        (json!({"type": "my:own", "data": {"n": 1}}), event("my:own", json!({"n": 1}))),
        (json!({"type": "process:msg", "data": 1}), event("process:msg", json!(1))),
        (
            json!({"type": "axm:reply", "data": {"return": null}}),
            event("axm:reply", json!({"return": null})),
        ),
        (json!({"type": "my:own", "data": 0}), Said::Raw(json!({"type": "my:own", "data": 0}))),
        (json!({"data": 1}), Said::Raw(json!({"data": 1}))),
        (json!("ready"), Said::Raw(json!("ready"))),
        (json!({"type": "axm:monitor", "data": "x"}), Said::Nothing),
        (json!({"type": "axm:option:setPID", "data": 7}), Said::Nothing),
    ] {
        assert_eq!(Said::read(&message.to_string()), said, "{message}");
    }
    assert_eq!(Said::read("{"), Said::Nothing);
}

#[test]
fn an_app_that_tells_without_end_is_kept_within_bounds() {
    let mut told = Told::default();
    for n in 0..2000 {
        hear(&mut told, &json!({"type": "axm:action", "data": {"action_name": format!("a{n}")}}));
        let name = format!("figure {n}");
        hear(
            &mut told,
            &json!({"type": "axm:monitor", "data": {name: {"value": "x".repeat(1000)}}}),
        );
    }
    let large = json!({"type": "axm:monitor", "data": {"large": "x".repeat(VALUE_MAX)}});
    hear(&mut told, &large);
    assert_eq!(told.actions.len(), ACTIONS_MAX);
    assert!(!told.monitor.contains_key("large"));
    let bytes: usize = told.monitor.iter().map(|(key, value)| key.len() + size(value)).sum();
    assert!(bytes <= ALL_MAX && bytes > ALL_MAX / 2, "{bytes}");
    let renewed = json!({"type": "axm:monitor", "data": {"figure 0": {"value": 7}}});
    hear(&mut told, &renewed);
    assert_eq!(told.monitor["figure 0"]["value"], 7, "what is known can change");
}
