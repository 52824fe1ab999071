//! Folders of static files: what is under `static` in a config, each an app that serves one.

use crate::context::Context;
use crate::fault::{ConfigFault, FaultKind};
use crate::fields::{whole, wrong_value};
use crate::nearest::nearest;
use crate::paths;
use crate::raw::Raw;
use crate::source::Source;
use crate::syntax::{Node, Object, Value};

/// The script that stands for the static file server.
pub(crate) const SERVE: &str = "serve";
/// What a folder takes.
const KEYS: [&str; 9] =
    ["path", "directory", "port", "host", "spa", "ftp", "basic_auth", "monitor", "name"];
const PORT: u16 = 8080;
const EXAMPLE: &str = "write for example `\"static\": [{ \"path\": \"./dist\", \"port\": 8080 }]`";

/// One folder, with its place in the document.
pub(crate) struct Folder<'a> {
    /// Its place, such as `static[0]`.
    pub(crate) path: String,
    /// What is written.
    pub(crate) object: &'a Object,
    /// The app that serves it.
    pub(crate) raw: Raw,
}

/// The apps that serve the folders under `static`.
pub(crate) fn folders<'a>(
    node: &'a Node,
    source: &Source<'_>,
    context: &Context,
) -> Result<Vec<Folder<'a>>, ConfigFault> {
    let items: Vec<(String, &Node)> = match &node.value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, item)| (format!("static[{at}]"), item)).collect()
        }
        _ => vec![("static".to_owned(), node)],
    };
    items
        .into_iter()
        .map(|(path, node)| {
            let Value::Object(object) = &node.value else {
                return Err(
                    wrong_value(source, &path, node, "folders, each an object").help(EXAMPLE)
                );
            };
            let raw = Reader { source, path: &path, object }.app(context)?;
            Ok(Folder { path, object, raw })
        })
        .collect()
}

/// The app that serves the folder `path` at `port`, with these variables besides.
fn app(name: Option<String>, path: &str, port: u16, context: &Context) -> Raw {
    let folder = paths::absolute(path, &context.cwd, context);
    let mut raw = Raw {
        script: Some(SERVE.to_owned()),
        name: Some(name.unwrap_or_else(|| format!("static-page-server-{port}"))),
        cwd: Some(folder.to_string()),
        ..Raw::default()
    };
    raw.env.text.insert("PM2_SERVE_PATH".to_owned(), folder.into_string());
    raw.env.text.insert("PM2_SERVE_PORT".to_owned(), port.to_string());
    raw
}

struct Reader<'a> {
    source: &'a Source<'a>,
    path: &'a str,
    object: &'a Object,
}

impl Reader<'_> {
    fn app(&self, context: &Context) -> Result<Raw, ConfigFault> {
        self.known()?;
        let path = self.text("path")?.or(self.text("directory")?).unwrap_or_else(|| ".".to_owned());
        let port = self.read("port", "a number from 0 to 65535", |value| {
            whole(value).and_then(|port| u16::try_from(port).ok())
        })?;
        let mut raw = app(self.text("name")?, &path, port.unwrap_or(PORT), context);
        let env = &mut raw.env.text;
        if let Some(host) = self.text("host")? {
            env.insert("PM2_SERVE_HOST".to_owned(), host);
        }
        for (key, variable) in [("spa", "PM2_SERVE_SPA"), ("ftp", "PM2_SERVE_FTP")] {
            let flag = |value: &Value| match value {
                Value::Bool(flag) => Some(*flag),
                _ => None,
            };
            if self.read(key, "`true` or `false`", flag)? == Some(true) {
                env.insert(variable.to_owned(), "true".to_owned());
            }
        }
        if let Some((name, password)) = self.account()? {
            env.insert("PM2_SERVE_BASIC_AUTH".to_owned(), "true".to_owned());
            env.insert("PM2_SERVE_BASIC_AUTH_USERNAME".to_owned(), name);
            env.insert("PM2_SERVE_BASIC_AUTH_PASSWORD".to_owned(), password);
        }
        Ok(raw)
    }

    /// A slip in a name must not leave a folder without its password.
    fn known(&self) -> Result<(), ConfigFault> {
        let Some((key, field)) = self.object.iter().find(|(key, _)| !KEYS.contains(&key.as_str()))
        else {
            return Ok(());
        };
        let what = format!("unknown key `{}.{key}` in {}", self.path, self.source.origin);
        let fault = ConfigFault::new(FaultKind::ConfigValue, what);
        let help = match nearest(key, KEYS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("a folder takes {}", KEYS.join(", ")),
        };
        Err(fault.help(help).maybe_excerpt(self.source.excerpt(&field.key, "unknown key")))
    }

    fn account(&self) -> Result<Option<(String, String)>, ConfigFault> {
        self.read("basic_auth", "an object with `username` and `password`", |value| {
            let Value::Object(object) = value else {
                return None;
            };
            let text = |key: &str| match &object.get(key)?.node.value {
                Value::String(text) if !text.is_empty() => Some(text.clone()),
                _ => None,
            };
            text("username").zip(text("password"))
        })
    }

    fn text(&self, key: &str) -> Result<Option<String>, ConfigFault> {
        self.read(key, "a string", |value| match value {
            Value::String(text) if !text.is_empty() && !text.contains('\0') => Some(text.clone()),
            _ => None,
        })
    }

    fn read<T>(
        &self,
        key: &str,
        takes: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, ConfigFault> {
        match self.object.get(key) {
            Some(field) if field.node.value != Value::Null => {
                let wrong = || {
                    let path = format!("{}.{key}", self.path);
                    wrong_value(self.source, &path, &field.node, takes).help(EXAMPLE)
                };
                read(&field.node.value).map(Some).ok_or_else(wrong)
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Place;

    #[test]
    fn each_folder_is_an_app_that_serves_it() {
        let place = Place::new();
        place.file("dist/index.html", "");
        let loaded = place
            .json(
                r#"{ "static": [
                    { "path": "dist", "port": 9001, "spa": true,
                      "basic_auth": { "username": "me", "password": "secret" } },
                    { "path": "dist", "name": "files", "ftp": true }
                ] }"#,
            )
            .unwrap();
        insta::assert_snapshot!(place.show(&loaded));
    }

    #[test]
    fn a_slip_is_told() {
        let place = Place::new();
        let fault = |text: &str| place.show_fault(&place.json(text).unwrap_err());
        insta::assert_snapshot!(fault(r#"{ "static": [{ "path": ".", "basic_aut": {} }] }"#));
        insta::assert_snapshot!(fault(r#"{ "static": { "basic_auth": { "username": "me" } } }"#));
        insta::assert_snapshot!(fault(r#"{ "static": [{ "port": 99999 }] }"#));
    }
}
