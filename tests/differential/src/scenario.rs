//! A scenario, as it is written in a TOML file.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What is played with both, and how they may differ.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// Unique in its family.
    pub(crate) name: String,
    /// The folder that its file is in.
    #[serde(skip)]
    pub(crate) family: String,
    /// What it is about, in the words of the docs.
    pub(crate) about: String,
    /// Whether it belongs to the part that is played with each change.
    #[serde(default)]
    pub(crate) fast: bool,
    /// Whether a command that fails with both is the point.
    #[serde(default)]
    pub(crate) fails: bool,
    /// The number of PM2's defect that it shows.
    pub(crate) defect: Option<String>,
    /// Files to make, by path in the working folder.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// Variables of all commands.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// The steps, see [`crate::step`].
    #[serde(rename = "do")]
    pub(crate) steps: Vec<String>,
    /// What may differ, and has to.
    #[serde(default)]
    pub(crate) differs: Vec<Differs>,
}

/// A difference that is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Differs {
    /// The observation.
    pub(crate) what: String,
    /// Its value with PM2; `*` for any.
    pub(crate) pm2: String,
    /// Its value with rpm; `*` for any.
    pub(crate) rpm: String,
    /// The reason.
    pub(crate) why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: Vec<Scenario>,
}

impl Scenario {
    /// Family and name.
    pub(crate) fn title(&self) -> String {
        format!("{}/{}", self.family, self.name)
    }
}

/// The folder of this crate.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// All scenarios, in the order of families, files and places.
pub(crate) fn all() -> Result<Vec<Scenario>, String> {
    let mut found = Vec::new();
    for family in sorted(&folder().join("scenarios"))? {
        for path in sorted(&family)? {
            let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
            let file: File =
                toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            let name = family.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let named = |scenario| Scenario { family: name.clone(), ..scenario };
            found.extend(file.scenario.into_iter().map(named));
        }
    }
    let mut titles: Vec<String> = found.iter().map(Scenario::title).collect();
    titles.sort();
    match titles.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("two scenarios are called {}", pair[0])),
        None => Ok(found),
    }
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let shown = folder.display();
    let entries = fs::read_dir(folder).map_err(|error| format!("{shown}: {error}"))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}
