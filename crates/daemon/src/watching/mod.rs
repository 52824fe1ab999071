//! Apps that are restarted when their files change.
//!
//! A thread of its own, which is there when the first app asks for it, tells what has changed. Here
//! it is decided when that is acted upon (`quiet`); what then happens is for the core to decide. What
//! a supervisor watched its successor watches again: it asks for the same.

mod glance;
mod pattern;
mod quiet;
mod sight;
mod thread;
mod tree;

use quiet::Quiet;
use rpm_core::spec::{AppSpec, WatchOptions};
use rpm_core::{Event, Mono};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use thread::Watcher;
use tokio::sync::mpsc;

/// What is watched for one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The app.
    pub(crate) app: String,
    /// Its working directory.
    pub(crate) cwd: PathBuf,
    /// What of it.
    pub(crate) options: WatchOptions,
    /// What we write ourselves: a change of it never counts.
    pub(crate) own: Vec<PathBuf>,
}

/// News from the thread.
#[derive(Debug)]
pub(crate) enum WatchNews {
    /// The files of an app are watched.
    Begun {
        /// The app.
        app: String,
        /// How many folders; 0 when they are looked at from time to time.
        folders: usize,
    },
    /// A file has changed.
    Changed {
        /// The app.
        app: String,
        /// The file.
        path: String,
    },
    /// Not all is watched.
    Trouble {
        /// The app.
        app: String,
        /// Why, and what can be done.
        why: String,
    },
}

/// What is watched, and what has changed of it.
#[derive(Debug)]
pub(crate) struct Watching {
    news: mpsc::Sender<WatchNews>,
    watcher: Option<Watcher>,
    plans: Vec<Plan>,
    quiet: Quiet,
    troubles: BTreeMap<String, String>,
}

impl Plan {
    /// What is watched for an instance with this spec.
    pub(crate) fn of(spec: &AppSpec, own: Vec<PathBuf>) -> Self {
        let (app, cwd) = (spec.name.clone(), spec.cwd.clone().into());
        Self { app, cwd, options: spec.watch.clone(), own }
    }

    /// Whether the same is watched for the same app.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.app == other.app && self.cwd == other.cwd && self.options == other.options
    }

    /// Tells it from others: an app may have instances that differ.
    fn key(&self) -> String {
        format!("{}\n{}\n{}", self.app, self.cwd.display(), self.options.paths.join("\n"))
    }
}

impl Watching {
    /// Nothing is watched yet. As many news wait to be [heard](Self::hear) as `room` says; then the
    /// thread waits.
    pub(crate) fn new(room: usize) -> (Self, mpsc::Receiver<WatchNews>) {
        let (news, told) = mpsc::channel(room);
        let watching = Self {
            news,
            watcher: None,
            plans: Vec::new(),
            quiet: Quiet::default(),
            troubles: BTreeMap::new(),
        };
        (watching, told)
    }

    /// Watches for these from now on, and for no others.
    pub(crate) fn update(&mut self, plans: Vec<Plan>) {
        if plans == self.plans {
            return;
        }
        let is_watched = |app: &str| plans.iter().any(|plan| plan.app == app);
        self.quiet.keep(is_watched);
        self.troubles.retain(|app, _| is_watched(app));
        self.plans = plans;
        if self.watcher.is_none() {
            match Watcher::start(self.news.clone()) {
                Ok(watcher) => self.watcher = Some(watcher),
                Err(error) => {
                    let why = words(&error);
                    tracing::error!(%why, "files cannot be watched");
                    let apps = self.plans.iter().map(|plan| plan.app.clone());
                    self.troubles.extend(apps.map(|app| (app, why.clone())));
                    // Tried again when the next app asks for it.
                    self.plans.clear();
                }
            }
        }
        if let Some(watcher) = &self.watcher {
            watcher.wish(self.plans.clone());
        }
    }

    /// Takes note of what the thread tells.
    pub(crate) fn hear(&mut self, now: Mono, news: WatchNews) {
        match news {
            WatchNews::Begun { app, folders } => {
                self.troubles.remove(&app);
                tracing::info!(%app, folders, "watching its files");
            }
            WatchNews::Changed { app, path } => {
                let delay_ms = self.plans.iter().find(|plan| plan.app == app);
                // What is not watched any more may still be told of.
                if let Some(delay_ms) = delay_ms.map(|plan| plan.options.delay_ms) {
                    self.quiet.changed(now, app, path, delay_ms);
                }
            }
            WatchNews::Trouble { app, why } => {
                tracing::warn!(%app, %why, "not all of its files are watched");
                self.troubles.insert(app, why);
            }
        }
    }

    /// When there is something to be told next; `None` when there is nothing.
    pub(crate) fn due(&self) -> Option<Mono> {
        self.quiet.due()
    }

    /// What is to be told by now, but for the apps that are `busy`.
    pub(crate) fn take(&mut self, now: Mono, busy: impl Fn(&str) -> bool) -> Vec<Event> {
        let over = self.quiet.take(now, busy);
        over.into_iter().map(|(app, path)| Event::FilesChanged { app, path }).collect()
    }

    /// Why not all files of an app are watched; `None` when they are.
    pub(crate) fn trouble(&self, app: &str) -> Option<&str> {
        self.troubles.get(app).map(String::as_str)
    }
}

/// Why files cannot be watched, and how that is mended.
fn words(error: &io::Error) -> String {
    const ENOSPC: i32 = 28;
    const EMFILE: i32 = 24;
    let (what, name) = match error.raw_os_error() {
        Some(ENOSPC) => ("watches more folders", "max_user_watches"),
        Some(EMFILE) => ("has more watchers", "max_user_instances"),
        _ => return error.to_string(),
    };
    let limit = std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}"));
    let limit = limit.map_or_else(|_| "?".to_owned(), |limit| limit.trim().to_owned());
    format!(
        "the user {what} than the system allows (fs.inotify.{name} = {limit}); raise it with \
         `sysctl fs.inotify.{name}=524288`, or name large folders in `ignore_watch`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_reached_is_named() {
        let full = words(&io::Error::from_raw_os_error(28));
        assert!(full.contains("sysctl fs.inotify.max_user_watches="), "{full}");
        let many = words(&io::Error::from_raw_os_error(24));
        assert!(many.contains("fs.inotify.max_user_instances = "), "{many}");
    }
}
