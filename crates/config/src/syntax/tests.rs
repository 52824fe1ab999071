//! What is JSON5 and what is not.

use super::*;
use serde_json::json;

fn json(text: &str) -> serde_json::Value {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}")).to_json()
}

#[test]
fn values_are_read() {
    for (text, value) in [
        ("null", json!(null)),
        (" // c\n true", json!(true)),
        ("/* c */[1, 2,]", json!([1, 2])),
        ("{a: 1, 'b': 2, \"c d\": 3,}", json!({"a": 1, "b": 2, "c d": 3})),
        ("{$x_1: {}}", json!({"$x_1": {}})),
        ("{a: 1, a: 2}", json!({"a": 2})),
        (r#"'it\'s "x"'"#, json!("it's \"x\"")),
        (
            r#""\u0041\x42\n\ud83d\ude80\
""#,
            json!("AB\n🚀"),
        ),
        ("[0x10, -5, +5, .5, 5., 1e3, 1.50]", json!([16, -5, 5, 0.5, 5, 1000, 1.5])),
        ("12345678901234567890", json!(12_345_678_901_234_567_890_u64)),
        ("\u{feff}[]", json!([])),
        ("[NaN, Infinity, undefined]", json!([null, null, null])),
    ] {
        assert_eq!(json(text), value, "{text}");
    }
}

#[test]
fn numbers_print_as_in_javascript() {
    for (text, printed) in [
        ("3000", "3000"),
        ("3000.0", "3000"),
        ("1e21", "1e+21"),
        ("1.50", "1.5"),
        ("-0x10", "-16"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("-Infinity", "-Infinity"),
        ("1e-7", "1e-7"),
    ] {
        let Value::Number(_, text) = parse(text).unwrap().value else { panic!("{text}") };
        assert_eq!(text, printed);
    }
}

#[test]
fn errors_say_where() {
    for (text, place, message) in [
        ("", 0..0, "a value is missing, the text ends here"),
        ("{\"a\": 1", 0..1, "this `{` is never closed"),
        ("[1, {}", 0..1, "this `[` is never closed"),
        ("{\"a\" 1}", 5..6, "`:` after the key is missing here"),
        ("{\"a\": 1 \"b\": 2}", 8..9, "`,` or `}` is missing here"),
        ("[1 2]", 3..4, "`,` or `]` is missing here"),
        ("{\"a\": tru}", 6..9, "`tru` is not a value; a string needs quotes"),
        ("{\"a\": }", 6..7, "a value is missing"),
        ("{, }", 1..2, "a key or `}` is missing here"),
        ("\"abc\n\"", 0..4, "a string without its closing \""),
        ("/* x", 0..2, "a comment without an end"),
        ("[1] x", 4..5, "nothing may follow the value"),
        ("012", 0..3, "`012` is not a number"),
        ("1.2.3", 0..5, "`1.2.3` is not a number"),
        ("--1", 0..3, "`--1` is not a number"),
        ("'\\u12'", 2..6, "an escape of 4 hexadecimal digits is cut short"),
        ("'\\ud800'", 2..7, "half of a surrogate pair"),
        ("'\\ue##é'", 2..6, "an escape of 4 hexadecimal digits is cut short"),
        ("'\\u+041'", 2..7, "an escape of 4 hexadecimal digits is cut short"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!((error.span, &*error.message), (place, message), "{text}");
    }
}

#[test]
fn depth_is_limited() {
    let deep = "[".repeat(100_000);
    assert_eq!(parse(&deep).unwrap_err().message, "nested too deep");
}

#[test]
fn no_cut_of_a_text_panics() {
    let text = "{a: [1, -2.5e3, 'x\\u0041\\n é🚀', /* é */ \"y\"], // é\n b: null}";
    for (end, _) in text.char_indices() {
        let _ = parse(&text[..end]);
        let _ = parse(&text[end..]);
    }
}

#[test]
fn places_are_kept() {
    let text = "{ env: { PORT: 3000 } }";
    let Value::Object(app) = parse(text).unwrap().value else { panic!() };
    let field = &app["env"];
    assert_eq!(&text[field.key.clone()], "env");
    assert_eq!(&text[field.node.span.clone()], "{ PORT: 3000 }");
}
