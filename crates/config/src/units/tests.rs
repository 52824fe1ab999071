//! Tables of words and what they mean.

use super::*;

#[test]
fn sizes() {
    for (text, value) in [
        ("0", Some(0)),
        ("1024", Some(1024)),
        ("10K", Some(10 << 10)),
        ("200M", Some(200 << 20)),
        ("1G", Some(1 << 30)),
        ("abc", None),
        ("10X", None),
        ("1.5G", None),
        ("200MB", None),
        ("200m", None),
        ("", None),
        ("G", None),
        ("-1", None),
        ("99999999999999999999G", None),
        ("9999999999999G", None),
        ("1é", None),
    ] {
        assert_eq!(bytes(text), value, "{text}");
    }
}

#[test]
fn durations() {
    for (text, value) in [
        ("1600", Some(1600)),
        ("10s", Some(10_000)),
        ("1m", Some(60_000)),
        ("2h", Some(7_200_000)),
        ("500ms", Some(500)),
        ("", None),
        ("s", None),
        ("1.5s", None),
        ("1d", None),
        ("10 s", None),
        ("-1", None),
        ("99999999999999999999", None),
        ("18446744073709551615h", None),
    ] {
        assert_eq!(duration_ms(text), value, "{text}");
    }
}

#[test]
fn instance_counts() {
    for (text, on_4) in [
        ("max", Some(4)),
        ("0", Some(4)),
        ("1", Some(1)),
        ("7", Some(7)),
        ("-1", Some(3)),
        ("-4", Some(1)),
        ("-99", Some(1)),
        ("4096", Some(4096)),
        ("4097", None),
        ("foo", None),
        ("", None),
        ("1.5", None),
        ("-9223372036854775808", None),
    ] {
        assert_eq!(Instances::from_text(text).map(|count| count.resolve(4)), on_4, "{text}");
    }
}

#[test]
fn lists_of_exit_codes() {
    for (text, codes) in [
        ("0", Some(vec![0])),
        ("1,2", Some(vec![1, 2])),
        ("1 2", Some(vec![1, 2])),
        ("1, 2", Some(vec![1, 2])),
        ("", Some(vec![])),
        ("256", None),
        ("-1", None),
        ("a", None),
    ] {
        assert_eq!(exit_codes(text), codes, "{text}");
    }
}

#[test]
fn words_are_split_as_by_pm2() {
    for (text, split) in [
        (r#"--x "hello world" y=1 --z='q r'"#, &["--x", "hello world", "y=1", "--z='q r'"][..]),
        ("  a   b ", &["a", "b"]),
        ("", &[]),
        ("''", &[""]),
        ("\"open end", &["\"open end"]),
        ("it's", &["it's"]),
        ("'a''b'", &["'a''b'"]),
    ] {
        assert_eq!(words(text), split, "{text}");
    }
}

#[test]
fn whole_numbers() {
    for (number, whole) in [
        (0.0, Some(0)),
        (10.0, Some(10)),
        (1.5, None),
        (-1.0, None),
        (f64::NAN, None),
        (1e300, None),
    ] {
        assert_eq!(whole_of(number), whole, "{number}");
    }
}
