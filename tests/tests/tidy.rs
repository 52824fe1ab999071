//! What the project promises of its own source, held by a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file without its tests.
const LINES_MAX: usize = 400;
/// A function.
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    sources(&root().join("crates"), &mut found);
    sources(&root().join("tests"), &mut found);
    found.sort();
    assert!(found.len() > 50, "the sources are not where they should be");
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect()
}

fn is_test(path: &Path) -> bool {
    let shown = path.to_string_lossy();
    shown.contains("/tests/") || shown.ends_with("tests.rs") || shown.contains("/benches/")
}

/// The lines before the test module.
fn code(text: &str) -> &str {
    text.split("\n#[cfg(test)]\n").next().unwrap_or(text)
}

#[test]
fn each_file_says_what_it_is_for() {
    let silent: Vec<PathBuf> = all_sources()
        .into_iter()
        .filter(|(_, text)| !text.trim_start().starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top of {silent:#?}");
}

#[test]
fn files_hold_one_idea() {
    let long: Vec<String> = all_sources()
        .iter()
        .filter(|(path, _)| !is_test(path))
        .map(|(path, text)| (path, code(text).lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "more than {LINES_MAX} lines: {long:#?}");
}

#[test]
fn functions_fit_a_screen() {
    let mut long = Vec::new();
    for (path, text) in all_sources().iter().filter(|(path, _)| !is_test(path)) {
        let lines: Vec<&str> = code(text).lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let bare = line.trim_start();
            let indent = line.len() - bare.len();
            let words: Vec<&str> = bare.split([' ', '(', '<']).collect();
            let is_fn = words.iter().take(5).any(|word| *word == "fn") && !bare.starts_with("//");
            if !is_fn {
                continue;
            }
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines[start..].iter().position(|line| *line == end).unwrap_or(0);
            if length > FUNCTION_LINES_MAX {
                long.push(format!("{}:{} {length} lines", path.display(), start + 1));
            }
        }
    }
    assert!(long.is_empty(), "more than {FUNCTION_LINES_MAX} lines: {long:#?}");
}

#[test]
fn arrows_between_crates_are_those_of_the_picture() {
    let allowed: &[(&str, &[&str])] = &[
        ("core", &[]),
        ("sys", &[]),
        ("keeper", &["sys"]),
        ("node", &[]),
        ("journal", &[]),
        ("history", &["proto"]),
        ("serve", &[]),
        ("web", &["chronicle", "core", "logbook", "pm2", "proto", "serve"]),
        ("chronicle", &["proto", "sys"]),
        ("alerts", &["proto", "sys"]),
        ("proto", &["core"]),
        ("config", &["core", "sys"]),
        ("pm2", &["core", "proto"]),
        ("logbook", &["pm2"]),
        ("tui", &["chronicle", "core", "logbook", "proto"]),
        (
            "daemon",
            &[
                "alerts",
                "chronicle",
                "core",
                "history",
                "journal",
                "keeper",
                "logbook",
                "node",
                "pm2",
                "proto",
                "sys",
            ],
        ),
        (
            "cli",
            &[
                "alerts",
                "chronicle",
                "config",
                "core",
                "daemon",
                "keeper",
                "logbook",
                "pm2",
                "proto",
                "serve",
                "sys",
                "tui",
                "web",
            ],
        ),
    ];
    let crates: BTreeSet<String> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let named: BTreeSet<String> = allowed.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(crates, named, "a crate is missing from the picture");
    for (name, arrows) in allowed {
        let manifest = root().join("crates").join(name).join("Cargo.toml");
        let text = fs::read_to_string(manifest).unwrap();
        let normal = text.split("[dev-dependencies]").next().unwrap();
        let found: BTreeSet<&str> = normal
            .lines()
            .filter_map(|line| line.strip_prefix("rpm-"))
            .filter_map(|line| line.split(['.', ' ']).next())
            .collect();
        let expected: BTreeSet<&str> = arrows.iter().copied().collect();
        let extra: Vec<&&str> = found.difference(&expected).collect();
        assert!(extra.is_empty(), "{name} has new arrows to {extra:?}");
    }
}

#[test]
fn only_the_os_crate_has_unsafe_code() {
    for (path, text) in all_sources() {
        let allowed = path.to_string_lossy().contains("/crates/sys/");
        let found = text.lines().any(|line| {
            let line = line.trim_start();
            !line.starts_with("//") && (line.contains("unsafe {") || line.contains("unsafe fn"))
        });
        assert!(allowed || !found || path.ends_with("tidy.rs"), "unsafe in {}", path.display());
    }
}

#[test]
fn the_daemon_asks_the_time_in_few_places() {
    let banned = ["Instant::now()", "SystemTime::now()"];
    for (path, text) in all_sources() {
        let shown = path.to_string_lossy().into_owned();
        if is_test(&path) || !shown.contains("/crates/") {
            continue;
        }
        let pure = ["/crates/core/", "/crates/node/"].iter().any(|dir| shown.contains(dir));
        let found = banned.iter().any(|name| code(&text).contains(name));
        assert!(!(pure && found), "{shown} asks the time");
    }
}
