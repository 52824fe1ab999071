//! A home of PM2.

use crate::home::Home;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_proto::{Code, Fault};
use serde_json::{Map, Value};
use std::io;

/// A home of PM2.
pub(super) struct Source(Utf8PathBuf);

impl Source {
    /// The home that was named, or the usual one.
    pub(super) fn find(named: Option<&Utf8Path>, ours: &Home) -> Result<Self, Fault> {
        let context = crate::context::find()?;
        let told = std::env::var("PM2_HOME").ok().filter(|path| !path.is_empty());
        let path = match (named, told) {
            (Some(path), _) => context.cwd.join(path),
            // Where it is the home of this program too, the variable says nothing about PM2's.
            (None, Some(path)) if ours.path() != path => context.cwd.join(path),
            (None, _) => context.home.join(".pm2"),
        };
        if path.is_dir() {
            return Ok(Self(path));
        }
        Err(Fault::new(Code::NoDump, format!("there is no home of PM2 in {path}"))
            .help("name it: `rpm import pm2 PM2_HOME`"))
    }

    /// The folder.
    pub(super) fn path(&self) -> &Utf8Path {
        &self.0
    }

    /// The saved list; the one before it where there is none.
    pub(super) fn dump(&self) -> Result<Utf8PathBuf, Fault> {
        let found = ["dump.pm2", "dump.pm2.bak"].into_iter().map(|name| self.0.join(name));
        found.into_iter().find(|path| path.is_file()).ok_or_else(|| {
            Fault::new(Code::NoDump, format!("PM2 has saved no list in {}", self.0))
                .help("`pm2 save` saves what runs")
        })
    }

    /// PM2's daemon, if it runs.
    pub(super) fn running(&self) -> Option<u32> {
        let pid: u32 = std::fs::read_to_string(self.0.join("pm2.pid")).ok()?.trim().parse().ok()?;
        // The number may be another's by now.
        let title = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        title.starts_with(b"PM2").then_some(pid)
    }

    /// Its settings, but for its own lists of modules.
    pub(super) fn settings(&self) -> Result<Map<String, Value>, Fault> {
        let path = self.0.join("module_conf.json");
        let broken = |why: String| {
            Fault::new(Code::ConfigSyntax, format!("PM2's settings {path} cannot be read"))
                .because(why)
        };
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
            other => other.map_err(|error| broken(error.to_string()))?,
        };
        let mut settings: Map<String, Value> =
            serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
        settings.retain(|name, _| !name.starts_with("module-db") && name != "tar-modules");
        Ok(settings)
    }

    /// The modules that are installed there.
    pub(super) fn modules(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.join("modules")).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }
}
