//! As much of JSON schema as ours uses, to hold configs against it.

use regex_lite::Regex;
use serde_json::Value;

/// What is wrong with `value`, first found; a word of the schema that is not known panics.
pub(super) fn check(schema: &Value, root: &Value, value: &Value) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        let fits = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" | "examples" => true,
            "$ref" => {
                let place = rule.as_str().unwrap().strip_prefix('#').unwrap();
                check(root.pointer(place).unwrap(), root, value)?;
                true
            }
            "anyOf" => rule.as_array().unwrap().iter().any(|one| check(one, root, value).is_ok()),
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "type" => match rule {
                Value::Array(types) => types.iter().any(|one| is(one.as_str().unwrap(), value)),
                one => is(one.as_str().unwrap(), value),
            },
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "minLength" => {
                value.as_str().is_none_or(|text| text.len() as u64 >= rule.as_u64().unwrap())
            }
            "pattern" => value
                .as_str()
                .is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
            "items" => value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| check(rule, root, item).is_ok())),
            "required" => value.as_object().is_none_or(|object| {
                rule.as_array()
                    .unwrap()
                    .iter()
                    .all(|key| object.contains_key(key.as_str().unwrap()))
            }),
            "propertyNames" => value.as_object().is_none_or(|object| {
                object.keys().all(|key| check(rule, root, &Value::from(key.as_str())).is_ok())
            }),
            "properties" | "patternProperties" | "additionalProperties" => {
                properties(schema, root, value)?;
                true
            }
            other => panic!("`{other}` in the schema is not known to its test"),
        };
        if !fits {
            return Err(format!("{value} does not fit `{word}`: {rule}"));
        }
    }
    Ok(())
}

fn properties(schema: &Value, root: &Value, value: &Value) -> Result<(), String> {
    for (key, value) in value.as_object().into_iter().flatten() {
        let patterns = schema["patternProperties"].as_object();
        let by_pattern = patterns
            .into_iter()
            .flatten()
            .find(|(pattern, _)| Regex::new(pattern).unwrap().is_match(key));
        let known = schema["properties"].get(key).or(by_pattern.map(|(_, rule)| rule));
        match (known, &schema["additionalProperties"]) {
            (Some(rule), _) => check(rule, root, value).map_err(|why| format!("`{key}`: {why}"))?,
            (None, Value::Bool(false)) => return Err(format!("`{key}` is not known")),
            (None, Value::Object(_)) => check(&schema["additionalProperties"], root, value)?,
            (None, _) => {}
        }
    }
    Ok(())
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("`{other}` is no type"),
    }
}
