//! What users write.

use rpm_config::{Context, Selection};
use rpm_core::AppSpec;
use rpm_core::spec::Env;

/// An ecosystem file in JSON or JSON5. What is JSON means what JSON says.
pub fn config_json5(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(expected) = serde_json::from_str::<serde_json::Value>(text) {
        let found = rpm_config::fuzzing::json5(text).expect("what is JSON is JSON5");
        assert_eq!(plain(found), plain(expected), "not what JSON says");
    }
    load(text, "ecosystem.json");
}

/// An ecosystem file in YAML.
pub fn config_yaml(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        load(text, "ecosystem.yaml");
    }
}

/// An ecosystem file in TOML.
pub fn config_toml(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        load(text, "ecosystem.toml");
    }
}

fn load(text: &str, origin: &str) {
    let context = Context {
        cwd: "/".into(),
        home: "/".into(),
        path: "/bin".to_owned(),
        user: "me".to_owned(),
        uid: 0,
        program: "/bin/rpm".into(),
        cpus: 2,
    };
    let base_env = Env::new();
    for env in [None, Some("production".to_owned())] {
        let selection = Selection { env, only: Vec::new(), namespace: None, base_env: &base_env };
        match rpm_config::fuzzing::load(text, origin, &context, &selection) {
            Ok(loaded) => loaded.apps.iter().for_each(can_be_kept),
            Err(fault) => assert!(!fault.what.is_empty()),
        }
    }
}

fn can_be_kept(spec: &AppSpec) {
    assert!(!spec.name.is_empty(), "an app without a name");
    let text = serde_json::to_string(spec).expect("a spec can be written");
    let again: AppSpec = serde_json::from_str(&text).expect("a spec can be read");
    assert_eq!(again, *spec);
}

/// Without the spelling of numbers, nor their last bits: the other reader is a little off.
fn plain(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) => number.as_f64().map(|number| format!("{number:.12e}")).into(),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, plain(value))).collect()
        }
        other => other,
    }
}
