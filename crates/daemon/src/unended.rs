//! What was acknowledged in lives that did not end well, until it is taken up again.
//!
//! `rpm resurrect` restores it; the saved list is for lives that ended as they were meant to.

use crate::dump;
use crate::home::Home;
use crate::store;
use rpm_core::{AppSpec, Supervisor};
use std::io;

/// Adds the apps of a table; they win over those of the same name that are there from an earlier
/// life. An empty table adds nothing.
pub(crate) fn add(home: &Home, table: &Supervisor) -> io::Result<usize> {
    let mut apps = dump::apps(table.wanted());
    let count = apps.len();
    if count > 0 {
        let earlier = load(home).unwrap_or_default();
        let names: Vec<String> = apps.iter().map(|app| app.name.clone()).collect();
        apps.extend(earlier.into_iter().filter(|app| !names.contains(&app.name)));
        store::replace(&home.unended(), &serde_json::to_vec(&apps)?)?;
    }
    Ok(count)
}

/// What is there; `None` when nothing is, or it cannot be read.
pub(crate) fn load(home: &Home) -> Option<Vec<AppSpec>> {
    let path = home.unended();
    let bytes = std::fs::read(&path).ok()?;
    serde_json::from_slice(&bytes)
        .inspect_err(|error| tracing::error!(%path, %error, "it cannot be read"))
        .ok()
}
