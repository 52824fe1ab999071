//! Node, and packages from npm that some tests run with.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is installed, at versions that are known to work.
const PACKAGES: &[&str] = &[
    "express@5.1.0",
    "fastify@5.6.1",
    "@nestjs/core@11.1.6",
    "@nestjs/common@11.1.6",
    "@nestjs/platform-express@11.1.6",
    "reflect-metadata@0.2.2",
    "rxjs@7.8.2",
    "socket.io@4.8.1",
    "socket.io-client@4.8.1",
    "pm2@7.0.4",
    "@pm2/io@6.1.0",
];

/// The `node_modules` with the packages; installs them at the first call on a machine.
pub fn packages() -> PathBuf {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache");
    fs::create_dir_all(&cache).unwrap();
    let lock = File::create(cache.join("lock")).unwrap();
    lock.lock().unwrap();
    let done = cache.join("installed");
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&done).is_ok_and(|found| found == wanted) {
        return cache.join("node_modules");
    }
    fs::write(cache.join("package.json"), "{\"private\":true}").unwrap();
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"]);
    let output = npm.args(PACKAGES).current_dir(&cache).output().expect("npm is needed");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "npm install failed: {text}");
    fs::write(done, wanted).unwrap();
    cache.join("node_modules")
}

/// Runs a Node script to its end and gives what it printed.
pub fn node(script: &str, args: &[&str], env: &[(&str, &str)]) -> String {
    let output = Command::new("node")
        .arg(script)
        .args(args)
        .envs(env.iter().copied())
        .output()
        .expect("node is needed");
    let (out, err) = (&output.stdout, &output.stderr);
    let [out, err] = [out, err].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{script} failed ({}): {out}{err}", output.status);
    out
}
