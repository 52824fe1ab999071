//! What a plain word is, by the core schema: YAML 1.2.2, 10.3.2.

use super::super::Value;
use super::super::scan::printed;

/// The value of a word without quotes.
pub(super) fn value(word: &str) -> Value {
    match word {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match number(word) {
            Some((number, text)) => Value::Number(number, text),
            None => Value::String(word.to_owned()),
        },
    }
}

fn number(word: &str) -> Option<(f64, String)> {
    let (sign, digits) = match word.as_bytes().first()? {
        b'-' => (-1.0, &word[1..]),
        b'+' => (1.0, &word[1..]),
        _ => (1.0, word),
    };
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        return Some(with_text(sign * f64::INFINITY));
    }
    if matches!(word, ".nan" | ".NaN" | ".NAN") {
        return Some(with_text(f64::NAN));
    }
    let radix = match digits.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => return decimal(digits).map(|(number, exact)| signed(sign, number, exact)),
    };
    let digits = &digits[2..];
    let are_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    let number = are_digits.then(|| u64::from_str_radix(digits, radix).ok()).flatten()?;
    #[expect(clippy::cast_precision_loss, reason = "the exact digits stand beside it")]
    let near = number as f64;
    Some(signed(sign, near, Some(number.to_string())))
}

/// A decimal number, and its exact digits when it is whole and written so.
fn decimal(digits: &str) -> Option<(f64, Option<String>)> {
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    let has_digits = digits.bytes().any(|byte| byte.is_ascii_digit());
    let fits = |byte: u8| byte.is_ascii_digit() || b".eE+-".contains(&byte);
    // What Rust reads beyond the schema (`inf`, `nan`) has other letters.
    let begins = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    if !has_digits || !begins || !digits.bytes().all(fits) {
        return None;
    }
    let number = digits.parse().ok()?;
    let exact = digits.trim_start_matches('0');
    let exact = if exact.is_empty() { "0" } else { exact };
    Some((number, is_whole.then(|| exact.to_owned())))
}

fn signed(sign: f64, number: f64, exact: Option<String>) -> (f64, String) {
    let number = sign * number;
    match exact {
        // Larger ones are not whole numbers in JavaScript.
        Some(exact) if number.abs() < 9e15 => {
            let minus = if number < 0.0 { "-" } else { "" };
            (number, format!("{minus}{exact}"))
        }
        _ => with_text(number),
    }
}

fn with_text(number: f64) -> (f64, String) {
    (number, printed(number))
}
