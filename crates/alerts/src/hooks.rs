//! What the user has set up: `alerts.json` in the home. It holds addresses and secrets, so it is for
//! its owner only.

use camino::Utf8Path;
use rpm_proto::{Happening, Level};
use serde::{Deserialize, Serialize};
use std::io;

/// The file within a home.
pub const FILE: &str = "alerts.json";
/// So many hooks there may be.
pub const HOOKS_MAX: usize = 32;
/// So many messages a minute where nothing else is said.
pub const PER_MINUTE: u32 = 20;

/// All hooks of a home.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// The hooks, by id.
    pub hooks: Vec<Hook>,
}

/// One who is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Names it; never used again for another one while it is there.
    pub id: u32,
    /// How it is told.
    pub to: To,
    /// Of these kinds of events; all when empty.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Of events at least so grave.
    #[serde(default = "warn")]
    pub level: Level,
    /// Of these apps, and of the daemon itself; of all when empty.
    #[serde(default)]
    pub apps: Vec<String>,
    /// So many messages a minute at most; what is more is counted, and the count is told.
    #[serde(default = "per_minute")]
    pub per_minute: u32,
    /// A PEM file of authorities, whose certificates a receiver must have instead of one of the web's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

/// How somebody is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum To {
    /// The event as JSON is posted there.
    Webhook {
        /// An `http:` or `https:` address.
        url: String,
        /// Signs each message, so that the receiver knows who sent it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    },
    /// A line of text is posted there in the form that Slack, and many others, take.
    Slack {
        /// The address of an incoming webhook.
        url: String,
    },
    /// The same in Discord's form.
    Discord {
        /// The address of a webhook.
        url: String,
    },
    /// A command is run, with the event as JSON on its standard input.
    Command {
        /// What `sh -c` is given.
        run: String,
    },
}

/// Why there are no hooks.
#[derive(Debug, thiserror::Error)]
pub enum HooksError {
    /// The file cannot be read.
    #[error("{FILE} cannot be read")]
    Io(#[source] io::Error),
    /// It is not what it should be.
    #[error("{FILE} is not what `rpm alerts` writes")]
    Form(#[source] serde_json::Error),
    /// A hook in it cannot be.
    #[error("hook {id} in {FILE}: {why}")]
    Hook {
        /// Which.
        id: u32,
        /// Why.
        why: String,
    },
}

impl Hooks {
    /// Those of a home; none where there is no file.
    pub fn read(home: &Utf8Path) -> Result<Self, HooksError> {
        let text = match std::fs::read(home.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(HooksError::Io(error)),
        };
        let hooks: Self = serde_json::from_slice(&text).map_err(HooksError::Form)?;
        for hook in &hooks.hooks {
            hook.to.check().map_err(|why| HooksError::Hook { id: hook.id, why })?;
        }
        Ok(hooks)
    }

    /// The file's text.
    pub fn text(&self) -> String {
        // A value of ours is always one of JSON.
        let value = serde_json::to_value(self).unwrap_or_default();
        format!("{value:#}\n")
    }

    /// An id that none has.
    pub fn free_id(&self) -> u32 {
        self.hooks.iter().map(|hook| hook.id + 1).max().unwrap_or(0)
    }
}

impl Hook {
    /// Whether it is to be told of an event.
    pub fn wants(&self, event: &Happening) -> bool {
        let is_its = || self.apps.iter().any(|app| event.concerns(app));
        event.level >= self.level
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && (self.apps.is_empty() || event.apps().next().is_none() || is_its())
    }
}

impl To {
    /// Why nobody can be told so.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Webhook { url, .. } | Self::Slack { url } | Self::Discord { url } => check(url),
            Self::Command { run } if run.trim().is_empty() => {
                Err("the command is empty".to_owned())
            }
            Self::Command { .. } => Ok(()),
        }
    }

    /// Where it goes, without what may be secret in an address.
    pub fn shown(&self) -> String {
        match self {
            Self::Webhook { url, .. } | Self::Slack { url } | Self::Discord { url } => {
                let uri: Option<ureq::http::Uri> = url.parse().ok();
                let host = uri
                    .as_ref()
                    .and_then(|uri| uri.authority())
                    .map(ureq::http::uri::Authority::host);
                let scheme = if self.is_https() { "https" } else { "http" };
                format!("{scheme}://{}/…", host.unwrap_or("?"))
            }
            Self::Command { run } => run.clone(),
        }
    }

    /// Whether it is posted to somebody who has a certificate.
    pub fn is_https(&self) -> bool {
        match self {
            Self::Webhook { url, .. } | Self::Slack { url } | Self::Discord { url } => {
                url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
            }
            Self::Command { .. } => false,
        }
    }

    /// Its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Slack { .. } => "slack",
            Self::Discord { .. } => "discord",
            Self::Command { .. } => "command",
        }
    }
}

fn check(url: &str) -> Result<(), String> {
    let uri: ureq::http::Uri = url.parse().map_err(|error| format!("no address: {error}"))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(_)) => Ok(()),
        _ => Err("an address begins with `http://` or `https://`".to_owned()),
    }
}

fn warn() -> Level {
    Level::Warn
}

fn per_minute() -> u32 {
    PER_MINUTE
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        assert_eq!(Hooks::read(&home).unwrap(), Hooks::default());
        let to = To::Webhook { url: "https://x.example/a?k=1".to_owned(), secret: None };
        let mut hooks = Hooks::default();
        hooks.hooks.push(Hook {
            id: hooks.free_id(),
            to,
            kinds: vec![],
            level: Level::Error,
            apps: vec!["api".to_owned()],
            per_minute: 3,
            ca: None,
        });
        std::fs::write(home.join(FILE), hooks.text()).unwrap();
        assert_eq!(Hooks::read(&home).unwrap(), hooks);
        assert_eq!(hooks.free_id(), 1);
        assert_eq!(hooks.hooks[0].to.shown(), "https://x.example/…");
    }

    #[test]
    fn who_is_to_be_told_of_an_app_is_told_of_what_concerns_it() {
        let to = To::Command { run: "true".to_owned() };
        let (kinds, level, per_minute) = (vec![], Level::Info, 1);
        let hook =
            Hook { id: 0, to, kinds, level, apps: vec!["api".to_owned()], per_minute, ca: None };
        let wants = |app: Option<&str>, apps: &[&str]| {
            let mut event =
                json!({ "seq": 1, "at": 1, "kind": "command", "level": "info", "text": "" });
            event["app"] = json!(app);
            event["data"] = json!({ "apps": apps });
            hook.wants(&serde_json::from_value(event).unwrap())
        };
        assert!(wants(Some("api"), &[]) && wants(None, &["api", "worker"]));
        assert!(!wants(Some("worker"), &[]) && !wants(None, &["shop", "worker"]));
        assert!(wants(None, &[]), "what concerns no app concerns all");
    }

    #[test]
    fn what_cannot_be_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        let rows = [
            ("{", "is not what"),
            (r#"{"hook": []}"#, "is not what"),
            (r#"{"hooks": [{"id": 4, "to": {"kind": "slack", "url": "ftp://x"}}]}"#, "hook 4"),
            (r#"{"hooks": [{"id": 0, "to": {"kind": "command", "run": " "}}]}"#, "empty"),
        ];
        for (text, why) in rows {
            std::fs::write(home.join(FILE), text).unwrap();
            let error = Hooks::read(&home).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
