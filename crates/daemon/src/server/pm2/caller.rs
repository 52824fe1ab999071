//! Who asks. PM2's command compares the daemon's version with its own, and prints five lines before
//! its answer when they differ; so each caller is told its own.

use interprocess::local_socket::tokio::{Stream, prelude::*};
use std::cell::OnceCell;
use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// The version that is told when that of the caller cannot be found out.
const VERSION: &str = "7.0.4";
/// So many folders above the caller's program are looked at.
const FOLDERS_MAX: usize = 6;
/// A `package.json` larger than this is not PM2's.
const MANIFEST_MAX: u64 = 256 * 1024;
/// SIGQUIT, by which a client learns that the daemon has ended.
const QUIT: i32 = 3;

/// The process at the other end.
#[derive(Debug)]
pub(super) struct Caller {
    pid: Option<u32>,
    pidfd: Option<OwnedFd>,
    version: OnceCell<String>,
}

impl Caller {
    /// The process that has connected.
    pub(super) fn of(stream: &Stream) -> Self {
        let pid = stream.peer_creds().ok().and_then(|peer| peer.pid());
        let pid = pid.and_then(|pid| u32::try_from(pid).ok());
        let pidfd = pid.and_then(|pid| rpm_sys::pidfd::open(pid).ok());
        Self { pid, pidfd, version: OnceCell::new() }
    }

    /// The version of its PM2.
    pub(super) fn version(&self) -> &str {
        self.version
            .get_or_init(|| self.pid.and_then(version_of).unwrap_or_else(|| VERSION.to_owned()))
    }

    /// Tells it that the daemon ends, when it is the process that it says it is.
    pub(super) fn quit(&self, said: Option<u32>) {
        if said.is_some() && said == self.pid {
            let sent = self.pidfd.as_ref().map(|pidfd| rpm_sys::pidfd::send_signal(pidfd, QUIT));
            if let Some(Err(error)) = sent {
                tracing::debug!(%error, "a client does not learn that the daemon ends");
            }
        }
    }
}

/// From its command line: the script, its real place, and the manifest of PM2 above it.
fn version_of(pid: u32) -> Option<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = line.split(|byte| *byte == 0).skip(1);
    let mut words = words.filter_map(|word| std::str::from_utf8(word).ok());
    let script = words.find(|word| !word.is_empty() && !word.starts_with('-'))?;
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    let script = fs::canonicalize(cwd.join(script)).ok()?;
    let found = script.ancestors().skip(1).take(FOLDERS_MAX).find_map(manifest_version);
    // A program that uses PM2's library has it among its packages.
    found.or_else(|| {
        let folders = script.ancestors().skip(1).take(FOLDERS_MAX);
        folders.map(|folder| folder.join("node_modules/pm2")).find_map(|it| manifest_version(&it))
    })
}

fn manifest_version(folder: &Path) -> Option<String> {
    let path: PathBuf = folder.join("package.json");
    let mut text = String::new();
    fs::File::open(path).ok()?.take(MANIFEST_MAX).read_to_string(&mut text).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
    let version = manifest["version"].as_str()?;
    let plain = version.len() < 32 && version.bytes().all(|byte| byte.is_ascii_graphic());
    (manifest["name"] == "pm2" && plain).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pm2s_manifest_tells_a_version() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| fs::write(folder.path().join("package.json"), text).unwrap();
        write(r#"{"name": "pm2", "version": "5.4.3"}"#);
        assert_eq!(manifest_version(folder.path()).as_deref(), Some("5.4.3"));
        for other in
            [r#"{"name": "app", "version": "1.0.0"}"#, r#"{"name": "pm2", "version": "1\n2"}"#, "{"]
        {
            write(other);
            assert_eq!(manifest_version(folder.path()), None, "{other}");
        }
    }
}
