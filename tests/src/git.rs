//! Git repositories of tests.

use std::path::Path;
use std::process::Command;

/// Runs git in a folder, as nobody in particular; it has to succeed.
pub fn git(folder: &Path, words: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=me", "-c", "user.email=me@example.org", "-C"])
        .arg(folder)
        .args(words)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}
