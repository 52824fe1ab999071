//! A secret that an app is given stays where only its owner can read it.

use rpm_tests::{Rpm, child, eventually};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const CANARY: &str = "canary7f3a9c";

fn started() -> Rpm {
    // The most that it can be made to say.
    let rpm = Rpm::new().with_env("RPM_LOG", "trace").with_env("SHELL_TOKEN", CANARY);
    let token = format!("--token={CANARY}");
    let app = json!({
        "name": "bird", "script": "/bin/sh", "interpreter": "none",
        "args": ["-c", "echo hello; exec sleep 1000", "sh", token, "--api-key", CANARY],
        "env": { "DB_PASSWORD": CANARY, "URL": format!("pg://me:{CANARY}@db/x") },
    });
    let config = rpm.config(&[app]);
    rpm.ok(&["start", &config]);
    rpm
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

fn holds_canary(path: &Path) -> bool {
    let bytes = fs::read(path).unwrap_or_default();
    bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes())
}

#[test]
fn a_secret_is_only_in_files_of_its_owner() {
    let rpm = started();
    for verb in ["restart", "reload", "stop", "start"] {
        rpm.ok(&[verb, "bird"]);
    }
    rpm.ok(&["save"]);
    rpm.ok(&["jlist"]);
    eventually("it has been logged", || rpm.daemon_log().contains("event=").then_some(()));
    assert!(!rpm.daemon_log().contains(CANARY), "it is in rpm.log");
    let mut holding = 0;
    for path in files(&rpm.home()) {
        if holds_canary(&path) {
            holding += 1;
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    }
    assert!(holding > 0, "the saved list has it, or this test sees nothing");
    let (keeper, supervisor) = rpm.daemon();
    for pid in [keeper, supervisor] {
        assert!(!holds_canary(Path::new(&format!("/proc/{pid}/cmdline"))));
        assert!(!holds_canary(Path::new(&format!("/proc/{pid}/comm"))));
    }
}

#[test]
fn a_report_has_no_secret_and_its_owner_gets_all() {
    let rpm = started();
    for args in [&["report"][..], &["report", "--json"]] {
        let told = rpm.ok(args);
        assert!(told.contains("bird") && told.contains("[redacted]"), "{told}");
        assert!(!told.contains(CANARY), "{told}");
    }
    assert!(rpm.ok(&["jlist"]).contains(CANARY));
    assert!(rpm.ok(&["env", "0"]).contains(CANARY));
}

#[test]
fn a_report_needs_no_daemon() {
    let rpm = Rpm::new();
    let told = rpm.ok(&["report"]);
    assert!(told.contains("it does not run") && told.contains("kernel"), "{told}");
    assert!(!rpm.home().join("rpm.sock").exists(), "it started a daemon");
}

#[test]
fn the_home_is_for_its_owner() {
    let rpm = Rpm::new();
    fs::create_dir_all(rpm.home()).unwrap();
    fs::set_permissions(rpm.home(), fs::Permissions::from_mode(0o755)).unwrap();
    rpm.ok(&["start", &child(), "--name", "app"]);
    for (path, mode) in [
        ("", 0o700),
        ("logs", 0o700),
        ("pids", 0o700),
        ("run", 0o700),
        ("rpm.sock", 0o600),
        ("rpm.log", 0o600),
    ] {
        let path = rpm.home().join(path);
        let found = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
    rpm.ok(&["kill"]);
    let folder = rpm.home().parent().unwrap().to_owned();
    let before = fs::metadata(&folder).unwrap().permissions();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let told = rpm.fails(&["start", &child(), "--name", "app"]).all();
    fs::set_permissions(&folder, before).unwrap();
    assert!(told.contains("everybody may exchange") && told.contains("chmod +t"), "{told}");
}
