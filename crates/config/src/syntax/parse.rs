//! The grammar of JSON5.

use super::scan::Scanner;
use super::{Field, Node, Object, SyntaxError, Value};
use std::ops::Range;

/// Deeper than any config; keeps a hostile file from exhausting the stack.
const MAX_DEPTH: usize = 128;

/// Reads a text that is one value.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut scanner = Scanner::new(text);
    let node = value(&mut scanner, 0)?;
    scanner.skip()?;
    if scanner.peek().is_some() {
        let span = scanner.word();
        return Err(SyntaxError { span, message: "nothing may follow the value".to_owned() });
    }
    Ok(node)
}

fn value(scanner: &mut Scanner<'_>, depth: usize) -> Result<Node, SyntaxError> {
    scanner.skip()?;
    let start = scanner.at();
    if depth > MAX_DEPTH {
        return Err(scanner.error_here(1, "nested too deep"));
    }
    let value = match scanner.peek() {
        Some('{') => object(scanner, depth)?,
        Some('[') => array(scanner, depth)?,
        Some('"' | '\'') => Value::String(scanner.string()?),
        Some(c) if c.is_ascii_digit() || matches!(c, '+' | '-' | '.') => {
            let (number, text) = scanner.number()?;
            Value::Number(number, text)
        }
        Some(_) => word(scanner)?,
        None => return Err(scanner.error_here(0, "a value is missing, the text ends here")),
    };
    Ok(Node { span: start..scanner.at(), value })
}

fn word(scanner: &mut Scanner<'_>) -> Result<Value, SyntaxError> {
    let start = scanner.at();
    match scanner.name() {
        Some("null" | "undefined") => Ok(Value::Null),
        Some("true") => Ok(Value::Bool(true)),
        Some("false") => Ok(Value::Bool(false)),
        Some("NaN") => Ok(Value::Number(f64::NAN, "NaN".to_owned())),
        Some("Infinity") => Ok(Value::Number(f64::INFINITY, "Infinity".to_owned())),
        Some(name) => {
            let message = format!("`{name}` is not a value; a string needs quotes");
            Err(SyntaxError { span: start..scanner.at(), message })
        }
        None => {
            let message = "a value is missing".to_owned();
            Err(SyntaxError { span: scanner.word(), message })
        }
    }
}

fn array(scanner: &mut Scanner<'_>, depth: usize) -> Result<Value, SyntaxError> {
    let open = scanner.at();
    scanner.take('[');
    let mut items = Vec::new();
    loop {
        scanner.skip()?;
        if scanner.take(']') {
            return Ok(Value::Array(items));
        }
        unclosed(scanner, open, '[')?;
        items.push(value(scanner, depth + 1)?);
        scanner.skip()?;
        if !scanner.take(',') && scanner.peek() != Some(']') {
            unclosed(scanner, open, '[')?;
            return Err(missing(scanner, "`,` or `]`"));
        }
    }
}

fn object(scanner: &mut Scanner<'_>, depth: usize) -> Result<Value, SyntaxError> {
    let open = scanner.at();
    scanner.take('{');
    let mut fields = Object::new();
    loop {
        scanner.skip()?;
        if scanner.take('}') {
            return Ok(Value::Object(fields));
        }
        unclosed(scanner, open, '{')?;
        let (name, key) = key(scanner)?;
        scanner.skip()?;
        if !scanner.take(':') {
            return Err(missing(scanner, "`:` after the key"));
        }
        let node = value(scanner, depth + 1)?;
        fields.insert(name, Field { key, node });
        scanner.skip()?;
        if !scanner.take(',') && scanner.peek() != Some('}') {
            unclosed(scanner, open, '{')?;
            return Err(missing(scanner, "`,` or `}`"));
        }
    }
}

fn key(scanner: &mut Scanner<'_>) -> Result<(String, Range<usize>), SyntaxError> {
    let start = scanner.at();
    let name = match scanner.peek() {
        Some('"' | '\'') => scanner.string()?,
        Some(c) if c.is_ascii_digit() => scanner.number()?.1,
        _ => match scanner.name() {
            Some(name) => name.to_owned(),
            None => return Err(missing(scanner, "a key or `}`")),
        },
    };
    Ok((name, start..scanner.at()))
}

fn missing(scanner: &mut Scanner<'_>, wanted: &str) -> SyntaxError {
    let span = scanner.word();
    SyntaxError { span, message: format!("{wanted} is missing here") }
}

/// The end of the text within a bracket is an error about the bracket.
fn unclosed(scanner: &Scanner<'_>, open: usize, bracket: char) -> Result<(), SyntaxError> {
    match scanner.peek() {
        Some(_) => Ok(()),
        None => Err(SyntaxError {
            span: open..open + 1,
            message: format!("this `{bracket}` is never closed"),
        }),
    }
}
