//! What PM2 did with a scenario, kept until the scenario changes.

use crate::install::{self, VERSION};
use crate::play::Seen;
use crate::scenario::{self, Scenario};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// What was seen the last time.
pub(crate) fn recall(scenario: &Scenario) -> Option<Vec<Seen>> {
    serde_json::from_slice(&fs::read(place(scenario)).ok()?).ok()
}

/// Keeps what was seen.
pub(crate) fn remember(scenario: &Scenario, seen: &[Seen]) {
    let path = place(scenario);
    let written = fs::create_dir_all(path.parent().unwrap())
        .and_then(|()| fs::write(&path, serde_json::to_vec(seen).unwrap()));
    if let Err(error) = written {
        eprintln!("{}: {error}", path.display());
    }
}

fn place(scenario: &Scenario) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (VERSION, &scenario.files, &scenario.env, &scenario.steps).hash(&mut hasher);
    let mut apps: Vec<PathBuf> = fs::read_dir(scenario::folder().join("apps"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    apps.sort();
    for app in apps {
        fs::read(app).unwrap().hash(&mut hasher);
    }
    install::cache().join(format!("seen-{VERSION}")).join(format!("{:016x}", hasher.finish()))
}
