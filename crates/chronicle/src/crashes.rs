//! Crash reports: a file of JSON for each crash, `crashes/APP-ID-TIME.json` in the home. The oldest
//! go when one app, or all together, have many.

#[cfg(test)]
mod tests;

use camino::Utf8Path;
use rpm_proto::Crash;
use rpm_sys::files::{self, Durability};
use std::collections::BTreeMap;
use std::io;

/// The folder within a home.
pub const FOLDER: &str = "crashes";
/// So many reports of one app are kept.
pub const APP_MAX: usize = 20;
/// So many in all.
pub const ALL_MAX: usize = 200;
/// A larger file is no report of ours.
const FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Names the report of a crash. What could lead out of the folder is no part of it.
pub fn id(app: &str, proc: u32, at: i64) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let app: String = app.chars().map(plain).take(64).collect();
    format!("{}-{proc}-{at}", app.trim_start_matches('.'))
}

/// Keeps a report, and lets the oldest go.
pub fn keep(folder: &Utf8Path, crash: &Crash) -> io::Result<()> {
    files::private_folder(folder.as_std_path())?;
    let path = folder.join(format!("{}.json", crash.id));
    let text = format!("{:#}\n", serde_json::to_value(crash)?);
    // The notes on a crash are not worth a sync, which others would wait for.
    files::replace(path.as_std_path(), text.as_bytes(), 0o600, Durability::Unsynced)?;
    trim(folder)
}

/// All reports, the newest at the end. Files that are none are passed over.
pub fn list(folder: &Utf8Path) -> io::Result<Vec<Crash>> {
    let mut found: Vec<Crash> = names(folder)?
        .into_iter()
        .filter_map(|name| read(&folder.join(format!("{}.json", name.id))))
        .collect();
    found.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    Ok(found)
}

/// The report of that name; `None` when there is none.
pub fn find(folder: &Utf8Path, id: &str) -> io::Result<Option<Crash>> {
    let known = names(folder)?.into_iter().any(|name| name.id == id);
    Ok(known.then(|| read(&folder.join(format!("{id}.json")))).flatten())
}

/// Removes all reports of these apps; of all when none is named. Returns how many.
pub fn clear(folder: &Utf8Path, apps: &[String]) -> io::Result<usize> {
    let mut removed = 0;
    for crash in list(folder)? {
        if apps.is_empty() || apps.contains(&crash.app) {
            std::fs::remove_file(folder.join(format!("{}.json", crash.id)))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// What the name of a report tells.
#[derive(Debug)]
struct Name {
    id: String,
    app: String,
    at: i64,
}

fn names(folder: &Utf8Path) -> io::Result<Vec<Name>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        names.extend(name.to_str().and_then(Name::read));
    }
    Ok(names)
}

impl Name {
    fn read(file: &str) -> Option<Self> {
        let id = file.strip_suffix(".json").filter(|id| !id.starts_with('.'))?;
        let (rest, at) = id.rsplit_once('-')?;
        let (app, proc) = rest.rsplit_once('-')?;
        proc.parse::<u32>().ok()?;
        Some(Self { id: id.to_owned(), app: app.to_owned(), at: at.parse().ok()? })
    }
}

fn read(path: &Utf8Path) -> Option<Crash> {
    let small = std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() <= FILE_BYTES);
    let bytes = small.then(|| std::fs::read(path).ok()).flatten()?;
    serde_json::from_slice(&bytes).ok()
}

fn trim(folder: &Utf8Path) -> io::Result<()> {
    for id in surplus(names(folder)?, APP_MAX, ALL_MAX) {
        files::remove(folder.join(format!("{id}.json")).as_std_path())?;
    }
    Ok(())
}

/// Which are to go, so that each app has `app_max` at most, and all together `all_max`.
fn surplus(names: Vec<Name>, app_max: usize, all_max: usize) -> Vec<String> {
    let mut apps: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for name in names {
        apps.entry(name.app).or_default().push((name.at, name.id));
    }
    let mut gone = Vec::new();
    let mut kept = Vec::new();
    for mut of_app in apps.into_values() {
        of_app.sort();
        let more = of_app.len().saturating_sub(app_max);
        gone.extend(of_app.drain(..more).map(|(_, id)| id));
        kept.extend(of_app);
    }
    kept.sort();
    let more = kept.len().saturating_sub(all_max);
    gone.extend(kept.drain(..more).map(|(_, id)| id));
    gone
}
