//! What a module's `package.json` says.

use crate::context;
use crate::outcome::Stop;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_config::Selection;
use rpm_core::AppSpec;
use rpm_core::spec::{Env, MODULE};
use rpm_proto::{Code, Fault};
use serde_json::{Map, Value, json};

/// A package that is a module.
pub(in super::super) struct Package {
    folder: Utf8PathBuf,
    /// Its name.
    pub(in super::super) name: String,
    json: Value,
}

impl Package {
    /// Reads the one in a folder.
    pub(in super::super) fn read(folder: &Utf8Path) -> Result<Self, Fault> {
        let path = folder.join("package.json");
        let broken = |why: String| {
            Fault::new(Code::ConfigSyntax, format!("{path} is no package")).because(why)
        };
        let bytes = std::fs::read(&path).map_err(|error| broken(error.to_string()))?;
        let json: Value =
            serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
        let name = json["name"].as_str().map(str::to_owned);
        let name = name.ok_or_else(|| broken("it has no `name`".to_owned()))?;
        Ok(Self { folder: folder.to_owned(), name, json })
    }

    /// The settings that it begins with: its `config`.
    pub(in super::super) fn settings(&self) -> Map<String, Value> {
        let Some(config) = self.json["config"].as_object() else {
            return Map::new();
        };
        // As all settings, they are strings.
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let values: Map<String, Value> =
            config.iter().map(|(key, value)| (key.clone(), Value::from(text(value)))).collect();
        Map::from_iter([(self.name.clone(), Value::Object(values))])
    }

    /// What runs of it: its `apps`, or `pm2`, or its first program, or its main file.
    pub(in super::super) fn apps(&self, base_env: &Env, watch: bool) -> Result<Vec<AppSpec>, Stop> {
        let written = self.written();
        let is_one = written.len() == 1;
        let apps: Vec<Value> = written
            .into_iter()
            .map(|mut app| {
                let own = app.get("name").and_then(Value::as_str).unwrap_or("app").to_owned();
                let name = if is_one { self.name.clone() } else { format!("{}:{own}", self.name) };
                app.insert("name".to_owned(), json!(name));
                app.insert("cwd".to_owned(), json!(self.folder));
                if watch {
                    app.insert("watch".to_owned(), json!(true));
                }
                Value::Object(app)
            })
            .collect();
        let text = json!({ "apps": apps }).to_string();
        let context = rpm_config::Context { cwd: self.folder.clone(), ..context::find()? };
        let selection = Selection { env: None, only: Vec::new(), namespace: None, base_env };
        let origin = format!("package.json of {}", self.name);
        let mut apps = rpm_config::load_json(&text, &origin, &context, &selection)?.apps;
        for app in &mut apps {
            app.extra.insert(MODULE.to_owned(), "true".to_owned());
        }
        Ok(apps)
    }

    fn written(&self) -> Vec<Map<String, Value>> {
        let list = |value: &Value| -> Vec<Map<String, Value>> {
            match value {
                Value::Array(apps) => {
                    apps.iter().filter_map(|it| it.as_object().cloned()).collect()
                }
                Value::Object(app) => vec![app.clone()],
                _ => Vec::new(),
            }
        };
        let pm2 = &self.json["pm2"];
        let told = [&self.json["apps"], &pm2["apps"], pm2];
        if let Some(apps) = told.into_iter().map(list).find(|apps| !apps.is_empty()) {
            return apps;
        }
        let bin = match &self.json["bin"] {
            Value::Object(programs) => programs.values().next().and_then(Value::as_str),
            bin => bin.as_str(),
        };
        let script = bin.or(self.json["main"].as_str()).unwrap_or("index.js");
        vec![Map::from_iter([("script".to_owned(), json!(script))])]
    }
}
