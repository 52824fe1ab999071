//! An event in the making, and the words for what the core does.

use super::asked::Meant;
use crate::news::Words;
use rpm_core::action::News;
use rpm_core::{Ending, Notice};
use rpm_proto::{Happening, Level};
use serde_json::{Map, Value};

/// An event that has no number yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    kind: &'static str,
    level: Level,
    app: Option<String>,
    id: Option<u32>,
    text: String,
    by: Option<String>,
    data: Map<String, Value>,
}

/// Who asked for something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct By {
    /// The user's id, as the kernel tells it.
    pub(crate) uid: Option<u32>,
    /// The program's process.
    pub(crate) pid: Option<u32>,
    /// What it is asked with, where that is not a command of ours; see [`Self::set_via`].
    pub(crate) via: Option<String>,
}

/// A command that is about more apps than these does not name them one by one.
const APPS_MAX: usize = 50;
/// So much of a program's word for itself is told.
const VIA_CHARS_MAX: usize = 40;

impl Draft {
    /// What happened, in a sentence.
    pub(crate) fn new(kind: &'static str, level: Level, text: impl Into<String>) -> Self {
        let (app, id, by, data) = (None, None, None, Map::new());
        Self { kind, level, app, id, text: text.into(), by, data }
    }

    /// With one more detail.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }

    /// What happened to an instance; `None` for a step on the way that is no news to a person.
    pub(crate) fn of(notice: &Notice) -> Option<Self> {
        let (kind, level) = kind(&notice.news)?;
        let text = format!("{} ({}) {}", notice.name, notice.proc.0, Words(&notice.news));
        let mut draft = Self::new(kind, level, text);
        (draft.app, draft.id) = (Some(notice.name.clone()), Some(notice.proc.0));
        Some(match &notice.news {
            News::Exited { how, lived_ms, .. } => draft.ended(*how).with("uptime_ms", *lived_ms),
            News::Waiting { delay_ms } => draft.with("delay_ms", *delay_ms),
            News::Errored { reason } => draft.with("reason", reason.as_str()),
            News::MemoryExceeded { memory, limit } => {
                draft.with("memory", *memory).with("limit", *limit)
            }
            News::WatchdogMissed { watchdog_ms } => draft.with("watchdog_ms", *watchdog_ms),
            News::FilesChanged { path } => draft.with("path", path.as_str()),
            _ => draft,
        })
    }

    /// What a client asks for.
    pub(super) fn command(meant: Meant, by: &By) -> Self {
        let Meant { words, mut apps, id } = meant;
        let who = by.who();
        let mut draft = Self::new("command", Level::Info, format!("{who} asked: {words}"));
        draft.by = Some(format!("{who}: {words}"));
        draft = draft.with("command", words).with("uid", by.uid).with("pid", by.pid);
        match apps.len() {
            0 | 1 => (draft.app, draft.id) = (apps.pop_first(), id),
            2..=APPS_MAX => draft = draft.with("apps", Vec::from_iter(apps)),
            _ => {}
        }
        draft
    }

    /// With the number and the time that it gets.
    pub(crate) fn into_happening(self, seq: u64, at: i64) -> Happening {
        let Self { kind, level, app, id, text, by, data } = self;
        Happening { seq, at, kind: kind.to_owned(), level, app, id, text, by, data }
    }

    fn ended(self, how: Ending) -> Self {
        match how {
            Ending::Code(code) => self.with("code", code),
            Ending::Signal(signal) => self.with("signal", signal.to_string()),
            Ending::Unknown => self,
        }
    }
}

impl By {
    /// Notes what it is asked with. That word comes from outside, and goes to files and terminals.
    pub(crate) fn set_via(&mut self, via: Option<&str>) {
        let plain = |it: &str| -> String {
            it.chars().filter(|char| !char.is_control()).take(VIA_CHARS_MAX).collect()
        };
        self.via = via.map(plain).filter(|it| !it.trim().is_empty());
    }

    /// Such as `uid 1000`. Names are not looked up: that may ask a server.
    fn who(&self) -> String {
        let who = match self.uid {
            None => "somebody".to_owned(),
            Some(0) => "root".to_owned(),
            Some(uid) => format!("uid {uid}"),
        };
        match &self.via {
            Some(via) => format!("{who} with {via}"),
            None => who,
        }
    }
}

fn kind(news: &News) -> Option<(&'static str, Level)> {
    Some(match news {
        News::Launching | News::Spawned { .. } | News::Stopping | News::Draining => return None,
        News::Online => ("online", Level::Info),
        News::ReadyTimeout => ("ready_timeout", Level::Warn),
        News::Killed => ("killed", Level::Warn),
        News::Exited { crashed: true, .. } => ("crash", Level::Error),
        News::Exited { .. } => ("exit", Level::Info),
        News::Waiting { .. } => ("backoff", Level::Info),
        News::Stopped => ("stop", Level::Info),
        News::Errored { .. } => ("errored", Level::Error),
        News::SpawnFailed { .. } => ("spawn_failed", Level::Error),
        News::MemoryExceeded { .. } => ("memory_restart", Level::Warn),
        News::WatchdogMissed { .. } => ("watchdog_restart", Level::Warn),
        News::Scheduled => ("cron_restart", Level::Info),
        News::FilesChanged { .. } => ("watch_restart", Level::Info),
        News::ReloadFailed { .. } => ("reload_failed", Level::Error),
        News::Reloaded => ("reload", Level::Info),
        News::Deleted => ("delete", Level::Info),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_core::{ProcId, Signal};

    #[test]
    fn what_happens_to_an_app_is_told_with_its_details() {
        let notice = |news| Notice { proc: ProcId(3), name: "api".into(), generation: None, news };
        let how = Ending::Signal(Signal::KILL);
        let crash = notice(News::Exited { how, crashed: true, lived_ms: 5 });
        let told = Draft::of(&crash).unwrap().into_happening(7, 9);
        assert_eq!((told.seq, told.at, &*told.kind, told.level), (7, 9, "crash", Level::Error));
        assert_eq!((told.app.as_deref(), told.id), (Some("api"), Some(3)));
        assert_eq!(told.text, "api (3) exited (SIGKILL)");
        assert_eq!(told.data["signal"], "SIGKILL");
        assert_eq!(told.data["uptime_ms"], 5);
        assert_eq!(Draft::of(&notice(News::Launching)), None);
    }

    #[test]
    fn who_asks_is_told_with_what_it_is_about() {
        let by = By { uid: Some(0), pid: Some(9), via: None };
        let command = |apps: &[&str], id| {
            let apps = apps.iter().map(ToString::to_string).collect();
            let meant = Meant { words: "restart api (3)".to_owned(), apps, id };
            Draft::command(meant, &by).into_happening(1, 1)
        };
        let told = command(&["api"], Some(3));
        assert_eq!(told.by.as_deref(), Some("root: restart api (3)"));
        assert_eq!(told.text, "root asked: restart api (3)");
        assert_eq!((told.app.as_deref(), told.id), (Some("api"), Some(3)));
        let told = command(&["api", "worker"], None);
        assert_eq!((told.app, told.id), (None, None));
        assert_eq!(told.data["apps"], serde_json::json!(["api", "worker"]));
    }

    #[test]
    fn what_a_program_calls_itself_is_bounded_and_plain() {
        let who = |via: Option<&str>| {
            let mut by = By { uid: Some(0), ..By::default() };
            by.set_via(via);
            by.who()
        };
        assert_eq!(who(Some("the web page")), "root with the web page");
        assert_eq!(who(Some("a\u{1b}[2J\r\nb")), "root with a[2Jb");
        assert_eq!(who(Some(&"ü".repeat(5000))), format!("root with {}", "ü".repeat(40)));
        for nothing in [None, Some(""), Some(" \n")] {
            assert_eq!(who(nothing), "root");
        }
    }
}
