//! The reference knows each key, and the schema agrees with what is read.

use super::ENTRIES;
use super::check::check;
use super::page::page;
use super::schema;
use crate::keys::KEYS;
use crate::testing::Place;
use serde_json::{Value, json};

fn fits(config: &Value) -> Result<(), String> {
    let schema = schema();
    check(&schema, &schema, config)
}

fn app_with(key: &str, value: &Value) -> Value {
    let mut app = json!({ "name": "a", "script": "app.js" });
    app[key] = value.clone();
    app
}

#[test]
fn each_key_has_an_entry_and_each_entry_a_key() {
    let keys: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    let entries: Vec<&str> = ENTRIES.iter().map(|entry| entry.name).collect();
    assert_eq!(keys, entries, "the table of keys and that of meanings");
    for entry in ENTRIES {
        assert!(entry.meaning.ends_with('.'), "{}", entry.name);
        assert!(serde_json::from_str::<Value>(entry.schema).is_ok(), "{}", entry.name);
    }
}

#[test]
fn each_example_is_accepted_by_the_schema_and_by_the_reader() {
    let place = Place::new();
    place.file("server.js", "");
    for key in KEYS {
        let example: Value = serde_json::from_str(key.example).unwrap();
        for spelling in key.names() {
            let app = app_with(spelling, &example);
            let config = json!({ "apps": [app] });
            assert_eq!(fits(&config), Ok(()), "`{spelling}` with {example}");
            // What is there on a machine, such as users and interpreters, is not the schema's.
            if !["exec_interpreter", "cwd", "uid", "gid"].contains(&key.name) {
                let read = place.json(&config.to_string());
                assert!(read.is_ok(), "`{spelling}` with {example}: {read:?}");
            }
        }
    }
}

#[test]
fn what_cannot_be_is_refused_by_the_schema_and_by_the_reader() {
    let place = Place::new();
    let odd = json!([[[1]]]);
    for key in KEYS.iter().filter(|key| key.takes != "anything") {
        let config = json!({ "apps": [app_with(key.name, &odd)] });
        assert!(fits(&config).is_err(), "the schema takes {odd} for `{}`", key.name);
        let read = place.json(&config.to_string());
        assert!(read.is_err(), "the reader takes {odd} for `{}`", key.name);
    }
    for config in [
        json!({ "apps": [{ "script": "a.js", "max_memory_restrat": "1G" }] }),
        json!({ "apps": [{ "name": "no script" }] }),
        json!({ "apps": 3 }),
        json!(3),
        json!({ "apps": [{ "script": "a.js", "env_production": 3 }] }),
    ] {
        assert!(fits(&config).is_err(), "{config}");
    }
}

#[test]
fn the_examples_of_this_project_fit() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            let config = crate::syntax::parse(&text).unwrap().to_json();
            assert_eq!(fits(&config), Ok(()), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 2, "there are {seen} examples");
}

#[test]
fn the_reference_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/config.md");
    let page = page();
    for key in KEYS {
        let line = format!("| `{}`", key.name);
        assert!(page.lines().any(|it| it.starts_with(&line)), "no line about `{}`", key.name);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == page, "docs/config.md is stale: run the tests with UPDATE_DOCS=1");
}
