//! PM2, in a folder beside what was built.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The measure.
pub(crate) const VERSION: &str = "7.0.4";

/// Its module for log rotation.
const LOGROTATE: &str = "pm2-logrotate@3.0.0";

/// Where the suite keeps what it needs from run to run.
pub(crate) fn cache() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.parent().and_then(Path::parent).unwrap().join("differential")
}

/// The folder with PM2's programs; installs it the first time.
pub(crate) fn pm2() -> Result<PathBuf, String> {
    let folder = cache().join(format!("pm2-{VERSION}"));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let lock = File::create(folder.join("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let programs = folder.join("node_modules/.bin");
    let installed = folder.join(format!("installed-{LOGROTATE}"));
    if installed.exists() {
        return Ok(programs);
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&folder);
    let output = npm.args([&format!("pm2@{VERSION}"), LOGROTATE]).output();
    let output = output.map_err(|error| format!("npm cannot be run ({error}): install Node"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!(
            "npm cannot install pm2@{VERSION}: is its registry reachable?\n{text}"
        ));
    }
    fs::write(installed, "").map_err(|error| error.to_string())?;
    Ok(programs)
}
