//! The JSON schema of config files, for editors.

use super::{ENTRIES, Entry};
use crate::keys::{Key, camel_case};
use serde_json::{Map, Value, json};

/// The JSON schema of config files (draft 2020-12).
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rpm and PM2 config file",
        "anyOf": [
            { "$ref": "#/$defs/file" },
            { "$ref": "#/$defs/app" },
            { "type": "array", "items": { "$ref": "#/$defs/app" } }
        ],
        "$defs": {
            "file": file(),
            "app": app(),
            "static": folder(),
            "deployment": deployment(),
            "variables": {
                "type": "object",
                "propertyNames": { "minLength": 1, "pattern": "^[^=]*$" }
            },
            "words": {
                "type": ["string", "number", "array"],
                "items": { "type": ["string", "number"] }
            },
            "time": {
                "anyOf": [
                    { "type": "number", "minimum": 0 },
                    { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)?$" }
                ]
            },
            "whole": {
                "anyOf": [
                    { "type": "integer", "minimum": 0 },
                    { "type": "string", "pattern": "^[0-9]+$" }
                ]
            }
        }
    })
}

fn file() -> Value {
    let apps = json!({
        "anyOf": [
            { "type": "array", "items": { "$ref": "#/$defs/app" } },
            { "$ref": "#/$defs/app" }
        ]
    });
    json!({
        "type": "object",
        "properties": {
            "apps": apps,
            "pm2": {
                "anyOf": [apps, {
                    "type": "object", "properties": { "apps": apps }, "required": ["apps"]
                }]
            },
            "static": {
                "anyOf": [
                    { "type": "array", "items": { "$ref": "#/$defs/static" } },
                    { "$ref": "#/$defs/static" }
                ]
            },
            "deploy": { "type": "object", "additionalProperties": { "$ref": "#/$defs/deployment" } }
        },
        "anyOf": [
            { "required": ["apps"] },
            { "required": ["pm2"] },
            { "required": ["static"] },
            { "required": ["deploy"] }
        ]
    })
}

fn app() -> Value {
    let mut properties = Map::new();
    properties.insert("$schema".to_owned(), json!({ "type": "string" }));
    for entry in ENTRIES {
        let key = Key::named(entry.name);
        for spelling in spellings(key) {
            properties.insert(spelling.clone(), property(key, entry, &spelling));
        }
    }
    let scripts: Vec<Value> =
        spellings(Key::named("script")).map(|spelling| json!({ "required": [spelling] })).collect();
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {
            "^env_": {
                "anyOf": [{ "$ref": "#/$defs/variables" }, { "type": "null" }],
                "description": "Variables that `--env NAME` merges over `env`."
            }
        },
        "additionalProperties": false,
        "anyOf": scripts
    })
}

/// A key's schema. `null` is as if it were not there.
fn property(key: &Key, entry: &Entry, spelling: &str) -> Value {
    let kind: Value = serde_json::from_str(entry.schema).unwrap_or_default();
    let example: Value = serde_json::from_str(key.example).unwrap_or_default();
    let description = match entry.default {
        "" => entry.meaning.to_owned(),
        default => format!("{} Default: {default}.", entry.meaning),
    };
    let mut property = json!({
        "description": description,
        "examples": [example],
        "anyOf": [kind, { "type": "null" }],
    });
    if spelling != key.name {
        property["description"] = json!(format!("The same as `{}`. {description}", key.name));
    }
    property
}

/// All spellings of a key.
fn spellings(key: &Key) -> impl Iterator<Item = String> {
    let mut all: Vec<String> = Vec::new();
    for name in key.names() {
        for spelling in [name.to_owned(), camel_case(name).collect()] {
            if !all.contains(&spelling) {
                all.push(spelling);
            }
        }
    }
    all.into_iter()
}

fn folder() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "path": { "type": "string" },
            "directory": { "type": "string" },
            "port": { "$ref": "#/$defs/whole" },
            "host": { "type": "string" },
            "spa": { "type": "boolean" },
            "ftp": { "type": "boolean" },
            "basic_auth": {
                "type": "object",
                "properties": { "username": { "type": "string" }, "password": { "type": "string" } },
                "required": ["username", "password"]
            },
            "monitor": {}
        }
    })
}

fn deployment() -> Value {
    let text = json!({ "type": "string" });
    let host = json!({ "type": ["string", "object"] });
    let mut properties = Map::new();
    let hooks = ["pre-setup", "post-setup", "pre-deploy-local", "pre-deploy", "post-deploy"];
    for name in ["user", "key", "repo", "path", "ref", "fetch"].into_iter().chain(hooks) {
        properties.insert(name.to_owned(), text.clone());
    }
    for name in ["forward-agent", "needs_tty"] {
        properties.insert(name.to_owned(), json!({ "type": ["boolean", "string"] }));
    }
    properties
        .insert("host".to_owned(), json!({ "anyOf": [host, { "type": "array", "items": host }] }));
    properties.insert("port".to_owned(), json!({ "$ref": "#/$defs/whole" }));
    properties.insert("ssh_options".to_owned(), json!({ "$ref": "#/$defs/words" }));
    properties.insert("env".to_owned(), json!({ "$ref": "#/$defs/variables" }));
    json!({
        "type": "object",
        "properties": properties,
        "required": ["host", "repo", "path", "ref"]
    })
}
