//! What is YAML and what is not.

use super::*;
use serde_json::json;

fn json(text: &str) -> serde_json::Value {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}")).to_json()
}

#[test]
fn words_are_read_as_pm2_reads_them() {
    for (word, value) in [
        ("yes", json!("yes")),
        ("on", json!("on")),
        ("True", json!(true)),
        ("~", json!(null)),
        ("010", json!(10)),
        ("0o10", json!(8)),
        ("0x1F", json!(31)),
        ("-0b11", json!(-3)),
        ("1e3", json!(1000)),
        ("+1.50", json!(1.5)),
        (".5", json!(0.5)),
        ("1_000", json!("1_000")),
        ("12:30", json!("12:30")),
        ("1.2.3", json!("1.2.3")),
        ("-", json!([null])),
        ("-x", json!("-x")),
        ("inf", json!("inf")),
        ("e5", json!("e5")),
        ("2001-01-01", json!("2001-01-01")),
        ("'010'", json!("010")),
        ("!!str 010", json!("010")),
        ("\"a\\tb\"", json!("a\tb")),
        ("1G", json!("1G")),
    ] {
        assert_eq!(json(&format!("{word}\n")), value, "{word}");
    }
}

#[test]
fn an_ecosystem_file_is_read() {
    let text = "
base: &base
  exec_mode: cluster
  instances: 2
  env: { NODE_ENV: development }
apps:
  - <<: *base
    name: api
    instances: 4
    args: >-
      --port
      3000
  - name: web   # a comment
    <<: [*base, { autorestart: false, instances: 9 }]
";
    assert_eq!(
        json(text)["apps"],
        json!([
            {
                "name": "api", "instances": 4, "args": "--port 3000", "exec_mode": "cluster",
                "env": { "NODE_ENV": "development" },
            },
            {
                "name": "web", "exec_mode": "cluster", "instances": 2,
                "env": { "NODE_ENV": "development" }, "autorestart": false,
            },
        ])
    );
}

#[test]
fn places_are_bytes() {
    let text = "name: 'ä'\nport: 3000\n";
    let root = parse(text).unwrap();
    let Value::Object(fields) = &root.value else { panic!("{root:?}") };
    assert_eq!(&text[fields["port"].key.clone()], "port");
    assert_eq!(&text[fields["port"].node.span.clone()], "3000");
}

#[test]
fn what_is_wrong_has_a_place_and_words() {
    for (text, at, words) in [
        ("a: 1\na: 2\n", 5, "twice"),
        ("a: [1, 2\n", 9, ""),
        ("a: *b\n", 3, ""),
        ("a: 1\n---\nb: 2\n", 5, "second document"),
        ("? [a]\n: 1\n", 2, "key"),
        ("<<: 3\n", 4, "mapping"),
        ("", 0, "nothing"),
        ("a: &x [*x]\n", 7, "within"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.span.start, at, "{text:?}: {error:?}");
        assert!(error.message.contains(words), "{text:?}: {error:?}");
    }
}

#[test]
fn a_few_lines_do_not_become_gigabytes() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let alias = format!("*a{}", level - 1);
        let items = [alias.as_str(); 10].join(", ");
        text = format!("{text}a{level}: &a{level} [{items}]\n");
    }
    assert!(parse(&text).unwrap_err().message.contains("more values"));
    for (depth, message) in [(150, "nested too deep"), (500, "recursion limit exceeded")] {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(parse(&deep).unwrap_err().message, message);
    }
}
