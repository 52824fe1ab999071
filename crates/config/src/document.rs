//! Where the apps are in a config: under `apps`, under `pm2` (in a `package.json`), or the whole
//! of it.

use crate::fault::{ConfigFault, FaultKind};
use crate::fields::{self, wrong_value};
use crate::keys;
use crate::nearest::nearest;
use crate::raw::Vars;
use crate::source::Source;
use crate::syntax::{Node, Object, Value};

/// A config, its apps found.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    /// Each app with its place, such as `apps[2]`.
    pub(crate) apps: Vec<(String, &'a Object)>,
    /// What is under `deploy`.
    deploy: Option<&'a Node>,
    /// What is under `static`.
    pub(crate) folders: Option<&'a Node>,
}

impl<'a> Document<'a> {
    /// Finds the apps.
    pub(crate) fn of(root: &'a Node, source: &Source<'_>) -> Result<Self, ConfigFault> {
        let mut document = Self { apps: Vec::new(), deploy: None, folders: None };
        if let Value::Object(object) = &root.value {
            document.deploy = object.get("deploy").map(|field| &field.node);
            document.folders = object.get("static").map(|field| &field.node);
            for holder in ["apps", "pm2"] {
                if let Some(field) = object.get(holder) {
                    document.take(holder, &field.node, source)?;
                    return Ok(document);
                }
            }
            let is_app = object.keys().any(|key| keys::is_known(key));
            if !is_app && document.folders.is_none() && document.deploy.is_none() {
                return Err(no_app(object, source));
            }
            if !is_app {
                return Ok(document);
            }
        }
        document.take("", root, source)?;
        Ok(document)
    }

    /// The variables of the deployment to an environment.
    pub(crate) fn deployed(
        &self,
        name: &str,
        source: &Source<'_>,
    ) -> Result<Option<Vars>, ConfigFault> {
        let field = |node: &'a Node, key: &str| match &node.value {
            Value::Object(object) => object.get(key).map(|field| &field.node),
            _ => None,
        };
        let found = self.deploy.and_then(|deploy| field(deploy, name));
        match found.and_then(|target| field(target, "env")) {
            Some(env) => fields::vars(source, &format!("deploy.{name}.env"), env).map(Some),
            None => Ok(None),
        }
    }

    fn take(&mut self, path: &str, node: &'a Node, source: &Source<'_>) -> Result<(), ConfigFault> {
        match &node.value {
            // `pm2` holds either the apps or an object with `apps`.
            Value::Object(object) if path == "pm2" && object.contains_key("apps") => {
                self.take("pm2.apps", &object["apps"].node, source)
            }
            Value::Object(object) => {
                self.apps.push((path.to_owned(), object));
                Ok(())
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    let Value::Object(object) = &item.value else {
                        return Err(not_an_app(&path, item, source));
                    };
                    self.apps.push((path, object));
                }
                Ok(())
            }
            _ => Err(not_an_app(path, node, source)),
        }
    }
}

const EXAMPLE: &str =
    "write for example `{ \"apps\": [{ \"name\": \"api\", \"script\": \"./server.js\" }] }`";

fn not_an_app(path: &str, node: &Node, source: &Source<'_>) -> ConfigFault {
    if path.is_empty() {
        let what = format!("{} is {}, not a list of apps", source.origin, node.describe());
        return ConfigFault::new(FaultKind::ConfigValue, what).help(EXAMPLE);
    }
    wrong_value(source, path, node, "apps, each an object").help(EXAMPLE)
}

fn no_app(object: &Object, source: &Source<'_>) -> ConfigFault {
    let what = format!("{} describes no app", source.origin);
    let slip = object
        .iter()
        .find_map(|(key, field)| Some((nearest(key, ["apps", "script", "command"])?, field)));
    let fault = ConfigFault::new(FaultKind::ConfigValue, what)
        .because("it has neither `apps` nor `script`");
    match slip {
        Some((meant, field)) => fault
            .help(format!("did you mean `{meant}`?"))
            .maybe_excerpt(source.excerpt(&field.key, "unknown key")),
        None => fault.help(EXAMPLE),
    }
}
