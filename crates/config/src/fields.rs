//! The fields of one app in a config, each read as what it should be, or a fault that shows what
//! is there, what is accepted, and an example.

use crate::fault::{ConfigFault, FaultKind};
use crate::keys::{self, Key};
use crate::raw::Vars;
use crate::source::Source;
use crate::syntax::{Field, Node, Object, Value};
use crate::units;

/// One app's object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    /// Where it is written.
    pub(crate) source: Source<'a>,
    /// Its place in the document: `apps[2]`.
    pub(crate) path: &'a str,
    /// What is written.
    pub(crate) object: &'a Object,
}

type Read<T> = Result<Option<T>, ConfigFault>;

impl<'a> Fields<'a> {
    /// The field of a key, by any of its spellings. `null` is as if it were not there.
    pub(crate) fn get(&self, name: &str) -> Option<(&'a str, &'a Field)> {
        let object = self.object;
        let names = Key::named(name).names();
        let found = names.filter_map(|name| object.iter().find(|(key, _)| keys::spells(key, name)));
        found
            .filter(|(_, field)| field.node.value != Value::Null)
            .map(|(key, field)| (key.as_str(), field))
            .next()
    }

    /// A string; a number is taken as its text where `numbers` says so.
    pub(crate) fn text(&self, name: &str) -> Read<String> {
        self.read(name, |value| match value {
            Value::String(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// A string that is not empty.
    pub(crate) fn filled(&self, name: &str) -> Read<String> {
        self.read(name, |value| match value {
            Value::String(text) if !text.is_empty() && !text.contains('\0') => Some(text.clone()),
            _ => None,
        })
    }

    /// A string or a number, as text.
    pub(crate) fn text_or_number(&self, name: &str) -> Read<String> {
        self.read(name, |value| match value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(_, text) => Some(text.clone()),
            _ => None,
        })
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Read<bool> {
        self.read(name, |value| match value {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        })
    }

    /// A whole number, also as a string of digits.
    pub(crate) fn whole(&self, name: &str) -> Read<u64> {
        self.read(name, whole)
    }

    /// A time in milliseconds.
    pub(crate) fn duration_ms(&self, name: &str) -> Read<u64> {
        self.read(name, duration_ms)
    }

    /// A list of words.
    pub(crate) fn words(&self, name: &str) -> Read<Vec<String>> {
        self.read(name, |value| match value {
            Value::String(text) => Some(units::words(text)),
            Value::Array(items) => items.iter().map(word).collect(),
            Value::Number(_, text) => Some(vec![text.clone()]),
            _ => None,
        })
    }

    /// Whatever `read` makes of the value; `None` is a fault.
    pub(crate) fn read<T>(&self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Read<T> {
        match self.get(name) {
            None => Ok(None),
            Some((key, field)) => match read(&field.node.value) {
                Some(value) => Ok(Some(value)),
                None => Err(self.mistyped(Key::named(name), key, &field.node)),
            },
        }
    }

    /// The variables under `key`, which is `env` or `env_NAME`.
    pub(crate) fn vars(&self, key: &str) -> Result<Vars, ConfigFault> {
        match self.object.get(key) {
            Some(field) if field.node.value != Value::Null => {
                vars(&self.source, &format!("{}{key}", self.prefix()), &field.node)
            }
            _ => Ok(Vars::default()),
        }
    }

    /// A fault about the value of a key.
    fn mistyped(&self, key: &Key, spelling: &str, node: &Node) -> ConfigFault {
        let path = format!("{}{spelling}", self.prefix());
        wrong_value(&self.source, &path, node, key.takes)
            .help(format!("write for example `\"{spelling}\": {}`", key.example))
    }

    /// What comes before the name of a field.
    pub(crate) fn prefix(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("{}.", self.path) }
    }
}

/// A fault about a value that is not what its place takes.
pub(crate) fn wrong_value(
    source: &Source<'_>,
    path: &str,
    node: &Node,
    takes: &str,
) -> ConfigFault {
    let what = format!("`{path}` in {} cannot be {}", source.origin, node.describe());
    ConfigFault::new(FaultKind::ConfigValue, what)
        .because(format!("it takes {takes}"))
        .maybe_excerpt(source.excerpt(&node.span, "this value"))
}

/// An object of variables. What is no string is written as JSON does.
pub(crate) fn vars(source: &Source<'_>, path: &str, node: &Node) -> Result<Vars, ConfigFault> {
    let Value::Object(object) = &node.value else {
        return Err(wrong_value(source, path, node, "an object of variables")
            .help("write for example `\"env\": { \"PORT\": 3000 }`"));
    };
    let mut vars = Vars::default();
    for (name, field) in object {
        let bad_name = name.is_empty() || name.contains(['=', '\0']);
        let text = match &field.node.value {
            Value::String(text) | Value::Number(_, text) => text.clone(),
            _ => field.node.to_json().to_string(),
        };
        if bad_name || text.contains('\0') {
            let what = format!("`{path}` in {} has a variable that cannot be", source.origin);
            return Err(ConfigFault::new(FaultKind::ConfigValue, what)
                .because("a name is not empty and has no `=`, and nothing has a zero byte")
                .maybe_excerpt(source.excerpt(&field.key, "this variable")));
        }
        if let Value::Number(..) | Value::Bool(_) = field.node.value {
            vars.typed.insert(name.clone(), field.node.to_json());
        }
        vars.text.insert(name.clone(), text);
    }
    Ok(vars)
}

/// A whole number, also as a string of digits.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number, _) => units::whole_of(*number),
        Value::String(text) => units::whole(text),
        _ => None,
    }
}

/// A time in milliseconds.
pub(crate) fn duration_ms(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number, _) => units::whole_of(*number),
        Value::String(text) => units::duration_ms(text),
        _ => None,
    }
}

/// One item of a list of words.
pub(crate) fn word(item: &Node) -> Option<String> {
    match &item.value {
        Value::String(text) | Value::Number(_, text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
