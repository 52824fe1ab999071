//! What the API answers. These forms are told to others and stay as they are, while those of the
//! daemon's socket may change with it. What may be a secret is missing: values of variables are not
//! in any form, and texts are cleared of what looks like one.

mod daemon;
mod host;
mod overview;
mod process;
mod record;
mod series;

pub(crate) use overview::{Accessible, Overview};
pub(crate) use process::{Figure, Process, ProcessDetail};
pub(crate) use record::{CrashReport, CrashSummary, Event, Gravity, Output};
pub(crate) use series::{Plot, Quantity};

use rpm_proto::redact;
use serde_json::Value;

/// JSON without what looks like a secret, by the names of its keys and the form of its texts.
pub(crate) fn clean(name: &str, value: &Value) -> Value {
    match value {
        _ if redact::is_secret_name(name) && !value.is_null() => Value::from(redact::HIDDEN),
        Value::String(text) => Value::from(redact::text(text)),
        Value::Array(values) => values.iter().map(|value| clean("", value)).collect(),
        Value::Object(map) => {
            map.iter().map(|(name, value)| (name.clone(), clean(name, value))).collect()
        }
        plain => plain.clone(),
    }
}

/// A number of JSON, or a text that is one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}
