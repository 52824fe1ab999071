//! Node itself is the judge.

use super::*;
use crate::jlist::tests::{api, detail};
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};

const SCRIPT: &str = "
const values = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const inspect = (value) => require('util').inspect(value, { depth: null, colors: false });
process.stdout.write(JSON.stringify(values.map(inspect)));
";

/// What Node prints for each value.
fn node(values: &[Value]) -> Vec<String> {
    let mut child = Command::new("node")
        .args(["-e", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(json!(values).to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn check(values: &[Value]) {
    for (value, expected) in values.iter().zip(node(values)) {
        let ours = inspect(value);
        assert!(ours == expected, "{value}\n--- node\n{expected}\n--- ours\n{ours}");
    }
}

#[test]
fn scalars_are_as_nodes() {
    check(&[
        json!(null),
        json!(true),
        json!([0, -1, 1.5, 1e21, 1e-7, 0.000_001, 123_456_789_012_345_u64, 1e20]),
        json!([-0.0]),
        json!(["", "a", "it's", "\"", "it's \"x\"", "it's \"x\" `y`", "it's \"${x}\"", "\\"]),
        json!(["a\nb", "\t\r\u{8}\u{c}\u{b}\u{1b}\0", "\u{7f}\u{85}", "é", "🚀", "日本語"]),
        json!({"a": 1, "a-b": 2, "_": 3, "1a": 4, "é": 5, "": 6, "it's": 7, "$x": 8}),
    ]);
}

#[test]
fn folding_is_as_nodes() {
    let mut values = vec![json!([]), json!({}), json!({"a": {}, "b": []})];
    for length in 50..90 {
        values.push(json!({ "a": "x".repeat(length) }));
        values.push(json!([["x".repeat(length / 2), "y".repeat(length / 3)]]));
        values.push(json!({ "a": { "b": { "c": "x".repeat(length - 20) } } }));
    }
    values.push(json!({"a": {"b": {"c": {"d": {"e": 1}}}}}));
    values.push(json!({"a": {"b": {"c": {}}}, "x": 1}));
    values.push(json!({"a": {"b": {"c": {"d": {}}}}, "x": {"y": [1]}}));
    values.push(json!([[[[1]]], [[[[2]]]]]));
    check(&values);
}

#[test]
fn long_strings_are_as_nodes() {
    check(&[
        json!(["first line\n".repeat(12)]),
        json!({"a": {"b": format!("{}\nend", "x".repeat(90))}}),
        json!("x".repeat(200)),
        json!("é\n".repeat(5100)),
        json!(["x".repeat(10_001)]),
    ]);
}

#[test]
fn columns_are_as_nodes() {
    let mut values = Vec::new();
    for count in [6, 7, 8, 16, 26, 27, 99, 100, 101, 102, 140] {
        values.push(json!((0..count).collect::<Vec<_>>()));
        values.push(json!((0..count).map(|n| n * 7919 % 10_007).collect::<Vec<_>>()));
        values.push(json!((0..count).map(|n| "x".repeat(n % 9)).collect::<Vec<_>>()));
        values.push(json!((0..count).map(|n| "x".repeat(n * n % 31)).collect::<Vec<_>>()));
        values
            .push(json!({ "a": { "b": (0..count).map(|n| format!("k{n}")).collect::<Vec<_>>() } }));
        values.push(json!((0..count).map(|n| json!({ "n": n })).collect::<Vec<_>>()));
        values.push(json!(
            (0..count).map(|n| if n == 3 { json!("é") } else { json!(n) }).collect::<Vec<_>>()
        ));
    }
    check(&values);
}

#[test]
fn random_values_are_as_nodes() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let values: Vec<Value> = (0..600).map(|_| random(&mut seed, 4)).collect();
    check(&values);
}

/// xorshift64.
fn next(seed: &mut u64, below: usize) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    usize::try_from(*seed % below as u64).unwrap()
}

fn random(seed: &mut u64, depth: usize) -> Value {
    match next(seed, if depth == 0 { 5 } else { 8 }) {
        0 => json!(null),
        1 => json!(next(seed, 2) == 0),
        2 => json!(next(seed, 100_000)),
        3 | 4 => {
            let pieces = ["a", "bc", "'", "\"", "\n", " ", "é", "long-word-", "\\", "`"];
            let count = next(seed, 12);
            json!((0..count).map(|_| pieces[next(seed, 10)]).collect::<String>())
        }
        5 => json!((0..next(seed, 12)).map(|_| random(seed, depth - 1)).collect::<Vec<_>>()),
        _ => {
            let fields = (0..next(seed, 7)).map(|n| {
                let name = if n % 3 == 0 { format!("key{n}") } else { format!("k-{n}") };
                (name, random(seed, depth - 1))
            });
            Value::Object(fields.collect())
        }
    }
}

#[test]
fn a_list_of_processes_is_as_nodes() {
    let records: Vec<Value> =
        (0..3).map(|id| crate::jlist::record(&detail(api(), id, id))).collect();
    check(&[json!(records)]);
}
