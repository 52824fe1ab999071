//! PM2's bus: news for everybody who listens, each under a topic. A frame of the topic and of JSON;
//! who wants what is decided by the listeners.

use crate::amp;
use crate::said::Said;
use rpm_core::spec::ExecMode;
use rpm_core::{Change, Notice, action::News};
use rpm_proto::{Detail, LogLine, Stream};
use serde_json::{Map, Value, json};

/// One piece of news.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// Under which topic.
    pub topic: String,
    /// What.
    pub payload: Value,
}

/// Who says something.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The instance.
    pub id: u32,
    /// Its app.
    pub name: &'a str,
    /// The app's namespace.
    pub namespace: &'a str,
    /// How it is run.
    pub mode: ExecMode,
}

impl Published {
    /// The frame.
    pub fn frame(&self) -> Vec<u8> {
        amp::frame(&[&amp::text(&self.topic), &amp::json(&self.payload)])
    }
}

impl Sender<'_> {
    fn json(&self) -> Value {
        match self.mode {
            ExecMode::Fork => {
                json!({ "pm_id": self.id, "name": self.name, "namespace": self.namespace })
            }
            ExecMode::Cluster => json!({
                "pm_id": self.id, "name": self.name, "rev": null, "namespace": self.namespace
            }),
        }
    }
}

/// What an app says, where that is news and nothing to be kept.
pub fn said(said: &Said, sender: Sender<'_>, at_ms: i64) -> Option<Published> {
    let (topic, payload) = match said {
        Said::Event { topic, data } => {
            (topic.clone(), json!({ "at": at_ms, "data": data, "process": sender.json() }))
        }
        Said::Raw(raw) => {
            ("process:msg".to_owned(), json!({ "at": at_ms, "raw": raw, "process": sender.json() }))
        }
        _ => return None,
    };
    Some(Published { topic, payload })
}

/// A line that an app has printed.
pub fn line(line: &LogLine, namespace: &str) -> Published {
    let topic = match line.stream {
        Stream::Out => "log:out",
        Stream::Err => "log:err",
    };
    let text = String::from_utf8_lossy(&line.bytes);
    let process =
        json!({ "pm_id": line.proc, "name": line.name, "rev": null, "namespace": namespace });
    Published {
        topic: topic.to_owned(),
        payload: json!({ "process": process, "at": line.at, "data": format!("{text}\n") }),
    }
}

/// What happened to a process, in PM2's words; `None` for what PM2 does not tell.
pub fn event(notice: &Notice) -> Option<&'static str> {
    match &notice.news {
        News::Online => Some("online"),
        News::Exited { .. } => Some("exit"),
        News::Errored { .. } => Some("restart overlimit"),
        _ => None,
    }
}

/// What a command did to a process, in PM2's words; `None` for what PM2 does not tell.
pub fn done(change: Change) -> Option<&'static str> {
    match change {
        Change::Started | Change::StartedUnready => Some("start"),
        Change::Restarted | Change::RestartedNotReloaded => Some("restart"),
        Change::Reloaded => Some("reload"),
        Change::Stopped => Some("stop"),
        _ => None,
    }
}

/// That something happened to a process, or was done to it by hand.
pub fn process_event(detail: &Detail, event: &str, manually: bool, at_ms: i64) -> Published {
    let mut process = crate::jlist::pm2_env(detail);
    process.shift_remove("env");
    let payload = json!({ "event": event, "manually": manually, "process": process, "at": at_ms });
    Published { topic: "process:event".to_owned(), payload }
}

/// The daemon is ending.
pub fn killed() -> Published {
    let payload = json!({ "status": "killed", "msg": "PM2 has been killed" });
    Published { topic: "pm2:kill".to_owned(), payload }
}

/// News that a listener was too slow for. PM2 has no such topic; its clients pass over it.
pub fn missed(count: u64) -> Published {
    let mut payload = Map::new();
    payload.insert("missed".to_owned(), json!(count));
    Published { topic: "rpm:missed".to_owned(), payload: Value::Object(payload) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_have_pm2s_form() {
        let sender = Sender { id: 3, name: "api", namespace: "default", mode: ExecMode::Cluster };
        let told = said(&Said::read(r#"{"type":"my:own","data":{"n":1}}"#), sender, 5).unwrap();
        let process = json!({"pm_id": 3, "name": "api", "rev": null, "namespace": "default"});
        assert_eq!(told.topic, "my:own");
        assert_eq!(told.payload, json!({"at": 5, "data": {"n": 1}, "process": process}));
        let raw = said(&Said::read("7"), sender, 5).unwrap();
        assert_eq!((&*raw.topic, &raw.payload["raw"]), ("process:msg", &json!(7)));
        assert_eq!(said(&Said::read(r#"{"node_version":"20.0.0"}"#), sender, 5), None);
    }

    #[test]
    fn a_line_keeps_its_end() {
        let told = line(
            &LogLine { proc: 1, name: "a".into(), stream: Stream::Err, at: 9, bytes: b"x".into() },
            "shop",
        );
        assert_eq!(told.topic, "log:err");
        let frame = told.frame();
        assert!(frame.starts_with(b"\x12\x00\x00\x00\x09s:log:err"));
        assert_eq!(told.payload["data"], "x\n");
    }
}
