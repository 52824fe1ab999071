//! JSON5, YAML and TOML with places: each key and value knows where it is written, so that any error
//! about it can show the line.
//!
//! PM2 evaluates `.json` files as JavaScript; comments, trailing commas, bare keys and single
//! quotes are what is used of that in practice, and what JSON5 (spec.json5.org) allows.

mod parse;
mod scan;
pub(crate) mod toml;
pub(crate) mod yaml;

pub(crate) use parse::parse;

use indexmap::IndexMap;
use std::ops::Range;

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Byte range in the text.
    pub(crate) span: Range<usize>,
    /// The value.
    pub(crate) value: Value,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, and how it prints.
    Number(f64, String),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Node>),
    /// An object.
    Object(Object),
}

/// The fields of an object in their order; of a key given twice the last counts.
pub(crate) type Object = IndexMap<String, Field>;

/// One field of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// Where its key is.
    pub(crate) key: Range<usize>,
    /// Its value.
    pub(crate) node: Node,
}

/// Why a text is not of its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Where it stops to be.
    pub(crate) span: Range<usize>,
    /// What is wrong there, as a fragment.
    pub(crate) message: String,
}

impl Node {
    /// The value as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(number, text) => serde_json::from_str(text)
                .unwrap_or_else(|_| serde_json::Number::from_f64(*number).into()),
            Value::String(text) => Json::String(text.clone()),
            Value::Array(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Object(fields) => {
                fields.iter().map(|(key, field)| (key.clone(), field.node.to_json())).collect()
            }
        }
    }

    /// What the value is, for a person: `"many" (a string)`.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(_, text) => text.clone(),
            Value::String(text) => format!("\"{}\"", shortened(text)),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        }
    }
}

fn shortened(text: &str) -> String {
    const ENOUGH: usize = 40;
    if text.chars().count() <= ENOUGH {
        return text.escape_debug().to_string();
    }
    let start: String = text.chars().take(ENOUGH).collect();
    format!("{}…", start.escape_debug())
}

#[cfg(test)]
mod tests;
