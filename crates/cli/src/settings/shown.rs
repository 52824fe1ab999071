//! Settings as the commands that would set them, as PM2 prints them.

use serde_json::{Map, Value};

/// The lines of one group, or of all. Values that belong to no group have no line in PM2's text;
/// here they have, at the end.
pub(crate) fn lines(values: &Map<String, Value>, only: Option<&str>) -> Vec<String> {
    let shown = values.iter().filter(|(name, _)| only.is_none_or(|only| only == *name));
    let (groups, single): (Vec<_>, Vec<_>) = shown.partition(|(_, value)| value.is_object());
    let mut lines = Vec::new();
    for (name, group) in groups {
        lines.push(format!("Module: {name}"));
        let each = group.as_object().into_iter().flatten();
        lines.extend(each.map(|(key, value)| line(&format!("{name}:{key}"), value)));
    }
    lines.extend(single.into_iter().map(|(name, value)| line(name, value)));
    lines
}

/// A value as an app is told it: text as it is, the rest as JSON.
pub(crate) fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn line(key: &str, value: &Value) -> String {
    format!("$ {} set {key} {}", program(), value_text(value))
}

/// The name that the user calls this program by.
fn program() -> &'static str {
    let called = std::env::args_os().next().unwrap_or_default();
    if std::path::Path::new(&called).file_name().is_some_and(|name| name == "pm2") {
        "pm2"
    } else {
        "rpm"
    }
}
