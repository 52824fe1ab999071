//! The scripted child: an app that does what a test tells it to, see `bin/child.rs`.

use serde_json::{Value, json};
use std::path::PathBuf;

/// The program.
pub fn child() -> String {
    beside_tests("rpm-test-child").to_str().unwrap().to_owned()
}

/// An app for a config file that runs the scripted child.
pub fn child_app(name: &str, script: &[&str]) -> Value {
    json!({ "name": name, "script": child(), "args": script })
}

/// A binary of the workspace, in the folder that the tests were built into.
pub(crate) fn beside_tests(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(|deps| deps.parent()).unwrap();
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing: run `cargo build --workspace --bins`", path.display());
    path
}
