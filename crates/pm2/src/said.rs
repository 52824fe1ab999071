//! What an app says on its channel, in the words of PM2's libraries, and what is kept of it.
//!
//! An app offers actions, tells figures of itself and its configuration: these are kept, within
//! bounds, and shown by `jlist`. All else is news for whoever listens on the [`bus`](crate::bus).

use rpm_proto::Told;
use serde_json::{Map, Value};

/// So many actions of one app are kept.
const ACTIONS_MAX: usize = 256;
/// So many figures of one app are kept, and as many options.
const KEYS_MAX: usize = 512;
/// An action, a figure or an option larger than this, in bytes of JSON, is not kept.
const VALUE_MAX: usize = 16 * 1024;
/// All figures of one app, and all its options, take at most so much.
const ALL_MAX: usize = 128 * 1024;

/// One message, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// It offers an action.
    Action(Value),
    /// Figures, by name.
    Monitor(Map<String, Value>),
    /// Its configuration, by name.
    Options(Map<String, Value>),
    /// The version of its Node.
    NodeVersion(String),
    /// News under a name of its own.
    Event {
        /// The name.
        topic: String,
        /// The news.
        data: Value,
    },
    /// Anything else.
    Raw(Value),
    /// Nothing to anybody.
    Nothing,
}

/// Whether what is kept has changed, and in what way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has not.
    None,
    /// In what the app will tell again by itself.
    Passing,
    /// In what the app tells once.
    Lasting,
}

impl Said {
    /// Reads a message, which is JSON.
    pub fn read(message: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(message) else {
            return Self::Nothing;
        };
        let Value::Object(mut object) = value else {
            return Self::Raw(value);
        };
        let has_data = object.get("data").is_some_and(is_truthy);
        let topic = object.get("type").and_then(Value::as_str).filter(|topic| !topic.is_empty());
        if let (Some(topic), true) = (topic.map(str::to_owned), has_data) {
            return Self::typed(topic, object.remove("data").unwrap_or_default());
        }
        match object.get("node_version").and_then(Value::as_str) {
            Some(version) => Self::NodeVersion(version.to_owned()),
            None => Self::Raw(Value::Object(object)),
        }
    }

    fn typed(topic: String, data: Value) -> Self {
        match (topic.as_str(), data) {
            ("axm:action", data @ Value::Object(_)) => Self::Action(data),
            ("axm:monitor", Value::Object(figures)) => Self::Monitor(figures),
            ("axm:option:configuration", Value::Object(options)) => Self::Options(options),
            (
                "axm:action" | "axm:monitor" | "axm:option:configuration" | "axm:option:setPID",
                _,
            ) => Self::Nothing,
            (_, data) => Self::Event { topic, data },
        }
    }
}

/// Takes note of what is kept; the rest changes nothing.
pub fn note(told: &mut Told, said: Said) -> Change {
    match said {
        Said::Action(action) => offer(told, action),
        Said::Monitor(figures) => {
            merge(&mut told.monitor, figures);
            Change::Passing
        }
        Said::Options(mut options) => {
            // An app has the name that its user gave it.
            options.shift_remove("name");
            merge(&mut told.options, options);
            Change::Lasting
        }
        Said::NodeVersion(version) if version.len() < 64 => {
            told.node_version = Some(version);
            Change::Lasting
        }
        Said::NodeVersion(_) | Said::Event { .. } | Said::Raw(_) | Said::Nothing => Change::None,
    }
}

/// Whether the app offers the action.
pub fn offers(told: &Told, action: &str) -> bool {
    told.actions.iter().any(|offered| offered["action_name"] == action)
}

fn offer(told: &mut Told, action: Value) -> Change {
    let name = action["action_name"].as_str();
    let known = name.is_none_or(|name| offers(told, name));
    if known || told.actions.len() >= ACTIONS_MAX || size(&action) > VALUE_MAX {
        return Change::None;
    }
    told.actions.push(action);
    Change::Lasting
}

/// The newer wins; what does not fit is left out.
fn merge(kept: &mut Map<String, Value>, told: Map<String, Value>) {
    let mut total: usize = kept.iter().map(|(key, value)| key.len() + size(value)).sum();
    for (key, value) in told {
        let new = key.len() + size(&value);
        let old = kept.get(&key).map_or(0, |value| key.len() + size(value));
        let fits = new <= VALUE_MAX && total - old + new <= ALL_MAX;
        if fits && (old > 0 || kept.len() < KEYS_MAX) {
            total = total - old + new;
            kept.insert(key, value);
        }
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(values) => 2 + values.iter().map(size).sum::<usize>(),
        Value::Object(map) => {
            2 + map.iter().map(|(key, it)| key.len() + 4 + size(it)).sum::<usize>()
        }
    }
}

/// As JavaScript has it.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

#[cfg(test)]
mod tests;
