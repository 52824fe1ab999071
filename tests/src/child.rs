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
pub fn beside_tests(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    // Tests are in `deps` of that folder, binaries in the folder itself.
    let folder = this.parent().unwrap();
    let folder = if folder.ends_with("deps") { folder.parent().unwrap() } else { folder };
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing: run `cargo build --workspace --bins`", path.display());
    path
}
