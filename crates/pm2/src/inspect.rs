//! JSON as Node's `util.inspect(value, { depth: null, colors: false })` prints it: PM2's
//! `prettylist`, in which scripts count lines.
//!
//! The rules are Node's: what fits in about 72 columns and is at most three levels deep goes on one
//! line; lists of more than six items are set in columns; a string has the quotes that need the
//! least escapes.

mod columns;

use serde_json::{Map, Number, Value};

/// Lines are meant to be no longer.
const BREAK_LENGTH: usize = 80;
/// So many levels go on one line.
const COMPACT: usize = 3;
/// Longer lists are set in columns.
const MANY: usize = 6;
/// More items of a list are counted only.
const MAX_ITEMS: usize = 100;
/// More UTF-16 units of a string are counted only.
const MAX_STRING: usize = 10_000;
/// Shorter strings are not split at line ends.
const MIN_SPLIT: usize = 16;

/// The text of a value.
pub fn inspect(value: &Value) -> String {
    Inspector { indentation: 0, deepest: 0 }.value(value, 0)
}

/// What Node keeps while it descends.
struct Inspector {
    /// Columns before the value at hand.
    indentation: usize,
    /// The level of the object that was entered last.
    deepest: usize,
}

impl Inspector {
    fn value(&mut self, value: &Value, level: usize) -> String {
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(value) => number(value),
            Value::String(text) => self.string(text),
            Value::Array(items) if items.is_empty() => "[]".to_owned(),
            Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
            Value::Array(items) => self.array(items, level + 1),
            Value::Object(fields) => self.object(fields, level + 1),
        }
    }

    fn array(&mut self, items: &[Value], level: usize) -> String {
        self.deepest = level;
        let shown = &items[..items.len().min(MAX_ITEMS)];
        let mut entries: Vec<String> = shown.iter().map(|item| self.nested(item, level)).collect();
        let more = items.len() - shown.len();
        let rest = (more > 0).then(|| format!("... {more} more item{}", plural(more)));
        let count = entries.len() + usize::from(more > 0);
        if count > MANY {
            let numeric = items.iter().take(count).all(Value::is_number);
            entries = columns::group(entries, rest, numeric, self.indentation);
        } else {
            entries.extend(rest);
        }
        let grouped = entries.len() != count;
        self.enclosed(&entries, ["[", "]"], level, grouped)
    }

    fn object(&mut self, fields: &Map<String, Value>, level: usize) -> String {
        self.deepest = level;
        let entries: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}: {}", key(name), self.nested(value, level)))
            .collect();
        self.enclosed(&entries, ["{", "}"], level, false)
    }

    fn nested(&mut self, value: &Value, level: usize) -> String {
        self.indentation += 2;
        let text = self.value(value, level);
        self.indentation -= 2;
        text
    }

    /// The entries on one line where they fit, else each on its own.
    fn enclosed(
        &self,
        entries: &[String],
        [open, close]: [&str; 2],
        level: usize,
        grouped: bool,
    ) -> String {
        if self.deepest - level < COMPACT && !grouped {
            let start = entries.len() + self.indentation + open.len() + 10;
            let length: usize = entries.iter().map(|entry| units(entry)).sum();
            let joined = entries.join(", ");
            if length + entries.len() + start <= BREAK_LENGTH && !joined.contains('\n') {
                return format!("{open} {joined} {close}");
            }
        }
        let line = format!("\n{}", " ".repeat(self.indentation));
        format!("{open}{line}  {}{line}{close}", entries.join(&format!(",{line}  ")))
    }

    fn string(&self, text: &str) -> String {
        let length = units(text);
        let mut shown = text;
        let mut trailer = String::new();
        if length > MAX_STRING {
            let more = length - MAX_STRING;
            shown = first_units(text, MAX_STRING);
            trailer = format!("... {more} more character{}", plural(more));
        }
        let length = length.min(MAX_STRING);
        if length > MIN_SPLIT && length + self.indentation + 4 > BREAK_LENGTH {
            let lines: Vec<String> = shown.split_inclusive('\n').map(quoted).collect();
            return lines.join(&format!(" +\n{}", " ".repeat(self.indentation + 2))) + &trailer;
        }
        quoted(shown) + &trailer
    }
}

/// A number as JavaScript prints it.
fn number(number: &Number) -> String {
    const LARGE: f64 = 1e21;
    const SMALL: f64 = 1e-6;
    match number.as_f64() {
        Some(value) if number.is_f64() => match value.abs() {
            0.0 if value.is_sign_negative() => "-0".to_owned(),
            size if size == 0.0 || (SMALL..LARGE).contains(&size) => format!("{value}"),
            _ => number.to_string(),
        },
        _ => number.to_string(),
    }
}

fn key(name: &str) -> String {
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    match name {
        "__proto__" => "['__proto__']".to_owned(),
        _ if plain => name.to_owned(),
        _ => quoted(name),
    }
}

/// In single quotes; in others where that needs no escape.
fn quoted(text: &str) -> String {
    let quote = if !text.contains('\'') {
        '\''
    } else if !text.contains('"') {
        '"'
    } else if !text.contains('`') && !text.contains("${") {
        '`'
    } else {
        '\''
    };
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for c in text.chars() {
        match c {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\'' if quote == '\'' => quoted.push_str("\\'"),
            c if c.is_control() => quoted.extend(["\\x", &format!("{:02X}", u32::from(c))]),
            c => quoted.push(c),
        }
    }
    quoted.push(quote);
    quoted
}

/// Length as JavaScript counts it.
fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn first_units(text: &str, count: usize) -> &str {
    let mut seen = 0;
    let end = text.char_indices().find(|(_, c)| {
        seen += c.len_utf16();
        seen > count
    });
    end.map_or(text, |(at, _)| &text[..at])
}

fn plural(count: usize) -> &'static str {
    if count > 1 { "s" } else { "" }
}

#[cfg(test)]
mod tests;
