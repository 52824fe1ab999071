//! What a record of PM2's own says of watched files.

use rpm_core::spec::WatchOptions;
use serde_json::{Map, Value};

/// Lenient: what is of the wrong kind was not said.
pub(super) fn options(record: &Map<String, Value>) -> WatchOptions {
    let usual = WatchOptions::default();
    let watch = record.get("watch");
    let more = |name: &str| record.get("watch_options").and_then(|options| options.get(name));
    let polls = more("usePolling") == Some(&Value::Bool(true));
    WatchOptions {
        on: watch.is_some_and(|watch| !matches!(watch, Value::Bool(false) | Value::Null)),
        paths: watch.and_then(paths).unwrap_or_default(),
        ignore: record.get("ignore_watch").and_then(paths),
        delay_ms: record.get("watch_delay").and_then(Value::as_u64).unwrap_or_default(),
        follow_links: more("followSymlinks") != Some(&Value::Bool(false)),
        depth: more("depth").and_then(Value::as_u64).and_then(|depth| depth.try_into().ok()),
        poll_ms: polls.then(|| more("interval").and_then(Value::as_u64).unwrap_or(100).max(1)),
        ..usual
    }
}

fn paths(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(path) => Some(vec![path.clone()]),
        Value::Array(paths) => {
            Some(paths.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => None,
    }
}
