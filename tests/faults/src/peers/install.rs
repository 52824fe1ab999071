//! Other process managers, installed into a folder of their own the first time.

use crate::disturb;
use std::fs;
use std::path::PathBuf;

/// The folder where `name` is installed.
pub(super) fn install(name: &str) -> Result<PathBuf, String> {
    let folder = PathBuf::from("/tmp/rpm-faults-peers").join(name);
    let done = folder.join("installed");
    if done.exists() {
        return Ok(folder);
    }
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let at = folder.to_str().unwrap();
    match name {
        "pm2" => disturb::run(
            "npm",
            &["install", "--prefix", at, "--no-audit", "--no-fund", "--silent", "pm2@7"],
        )?,
        "supervisord" => {
            disturb::run("python3", &["-m", "venv", at])?;
            let pip = folder.join("bin/pip");
            disturb::run(pip.to_str().unwrap(), &["install", "--quiet", "supervisor"])?;
        }
        _ => return Err(format!("no manager is called {name}")),
    }
    fs::write(done, "").map_err(|error| error.to_string())?;
    Ok(folder)
}
