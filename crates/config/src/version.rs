//! The version of an app, for people to read.

use camino::Utf8Path;

/// The version in the nearest `package.json` above `script`, or `N/A`.
pub(crate) fn version(script: &Utf8Path) -> String {
    let found = script.ancestors().skip(1).find_map(|folder| {
        let text = std::fs::read_to_string(folder.join("package.json")).ok()?;
        let package: serde_json::Value = serde_json::from_str(&text).ok()?;
        Some(package["version"].as_str()?.to_owned())
    });
    found.unwrap_or_else(|| "N/A".to_owned())
}
