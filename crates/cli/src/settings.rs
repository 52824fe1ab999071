//! Settings of apps and modules: `module_conf.json` in the home, in PM2's form. The group of an app
//! becomes variables of it.

pub(crate) mod history;
mod key;
pub(crate) mod rotate;
mod shown;

pub(crate) use key::Key;
pub(crate) use shown::{lines, value_text};

use crate::files;
use crate::home::Home;
use camino::Utf8PathBuf;
use indexmap::IndexMap;
use rpm_core::AppSpec;
use rpm_proto::{Code, Fault};
use serde_json::{Map, Value};
use std::fs::File;
use std::io;

/// All settings of a home.
#[derive(Debug)]
pub(crate) struct Settings {
    path: Utf8PathBuf,
    values: Map<String, Value>,
}

impl Settings {
    /// Those of a home; none where there is no file.
    pub(crate) fn read(home: &Home) -> Result<Self, Fault> {
        let path = home.settings();
        let values = match std::fs::read(&path) {
            Ok(bytes) => parse(&path, &bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Map::new(),
            Err(error) => {
                return Err(Fault::new(Code::Io, format!("{path} cannot be read"))
                    .because(error.to_string()));
            }
        };
        Ok(Self { path, values })
    }

    /// Changes those of a home. Commands that do so at the same time wait for each other.
    pub(crate) fn change<T>(
        home: &Home,
        change: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        home.create()?;
        let folder = home.path();
        // Released when it goes out of scope.
        let lock = File::open(folder).and_then(|file| file.lock().map(|()| file));
        let _lock = lock.map_err(|error| {
            Fault::new(Code::Io, format!("{folder} cannot be locked")).because(error.to_string())
        })?;
        let mut settings = Self::read(home)?;
        let before = settings.values.clone();
        let result = change(&mut settings)?;
        if settings.values != before || !settings.path.exists() {
            files::replace(&settings.path, settings.text().as_bytes(), 0o600)?;
        }
        Ok(result)
    }

    /// The file.
    pub(crate) fn text(&self) -> String {
        format!("{:#}\n", Value::Object(self.values.clone()))
    }

    /// All of them.
    pub(crate) fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// The value under a key.
    pub(crate) fn get(&self, key: &Key) -> Option<&Value> {
        let (first, rest) = key.parts().split_first()?;
        rest.iter().try_fold(self.values.get(first)?, |value, part| value.get(part))
    }

    /// Sets one. A value where a group is needed stays, and is a fault.
    pub(crate) fn set(&mut self, key: &Key, value: String) -> Result<(), Fault> {
        let Some((last, groups)) = key.parts().split_last() else {
            return Ok(());
        };
        let mut group = &mut self.values;
        for name in groups {
            let inner = group.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
            group = inner.as_object_mut().ok_or_else(|| {
                Fault::new(Code::Usage, format!("`{name}` is a value, not a group of settings"))
                    .help(format!("`rpm unset {name}` removes it"))
            })?;
        }
        group.insert(last.clone(), Value::String(value));
        Ok(())
    }

    /// Removes one, or a whole group; a group that has become empty goes too.
    pub(crate) fn unset(&mut self, key: &Key) {
        fn remove(group: &mut Map<String, Value>, parts: &[String]) {
            match parts {
                [] => {}
                [last] => drop(group.shift_remove(last)),
                [name, rest @ ..] => {
                    let Some(inner) = group.get_mut(name).and_then(Value::as_object_mut) else {
                        return;
                    };
                    remove(inner, rest);
                    if inner.is_empty() {
                        group.shift_remove(name);
                    }
                }
            }
        }
        remove(&mut self.values, key.parts());
    }

    /// Removes all.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }

    /// Sets those of `others` that are not set here, and gives their number.
    pub(crate) fn fill(&mut self, others: Map<String, Value>) -> usize {
        let mut count = 0;
        for (name, theirs) in others {
            match (self.values.get_mut(&name), theirs) {
                (None, theirs) => {
                    count += theirs.as_object().map_or(1, Map::len);
                    self.values.insert(name, theirs);
                }
                (Some(Value::Object(ours)), Value::Object(theirs)) => {
                    for (key, value) in theirs {
                        if !ours.contains_key(&key) {
                            count += 1;
                            ours.insert(key, value);
                        }
                    }
                }
                (Some(_), _) => {}
            }
        }
        count
    }

    /// Takes all from the text of a file.
    pub(crate) fn replace(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.values = parse(&self.path, bytes)?;
        Ok(())
    }

    /// What an app is told of its settings: each as a variable, and all of them as JSON in one that
    /// has the app's name. Empty for an app without settings.
    pub(crate) fn variables(&self, app: &str) -> IndexMap<String, String> {
        let Some(group) = self.values.get(app).and_then(Value::as_object) else {
            return IndexMap::new();
        };
        let each = group.iter().map(|(name, value)| (name.clone(), value_text(value)));
        let is_name = |name: &str| !name.is_empty() && !name.contains(['=', '\0']);
        each.chain([(app.to_owned(), Value::Object(group.clone()).to_string())])
            .filter(|(name, value)| is_name(name) && !value.contains('\0'))
            .collect()
    }

    /// Gives apps the variables of their settings; as in PM2, they win over the config's.
    pub(crate) fn lend(&self, apps: &mut [AppSpec]) {
        for app in apps {
            let variables = self.variables(&app.name);
            app.env.extend(variables);
        }
    }
}

fn parse(path: &Utf8PathBuf, bytes: &[u8]) -> Result<Map<String, Value>, Fault> {
    let broken = || {
        Fault::new(Code::ConfigSyntax, format!("{path} is not a JSON object"))
            .help("mend the file, or remove it to lose all settings")
    };
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Err(broken()),
        Err(error) => Err(broken().because(error.to_string())),
    }
}

#[cfg(test)]
mod tests;
