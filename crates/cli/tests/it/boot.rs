//! The service that starts everything at boot.

use std::path::Path;
use std::process::{Command, Output};

fn rpm(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rpm")).args(args).env("RPM_HOME", home).output().unwrap()
}

#[test]
fn a_service_is_written_and_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let (home, root) = (dir.path().join("home"), dir.path().join("image"));
    let root = root.to_str().unwrap();
    let args = ["systemd", "--root", root, "-u", "web", "--hp", "/srv/web"];
    let run = |verb: &str| rpm(&home, &[&[verb], &args[..]].concat());

    assert!(run("startup").status.success());
    let unit = Path::new(root).join("etc/systemd/system/rpm-web.service");
    let text = std::fs::read_to_string(&unit).unwrap();
    assert!(text.contains("Environment=\"RPM_HOME=/srv/web/.rpm\""));
    assert!(!home.exists(), "it needs no daemon");

    assert!(run("unstartup").status.success());
    assert!(!unit.exists());
    let again = run("unstartup");
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("there is no"));
}

#[test]
fn systemd_finds_no_fault_with_its_unit() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_str().unwrap();
    let home = dir.path().join("home");
    assert!(rpm(&home, &["startup", "systemd", "--root", root, "-u", "root"]).status.success());
    let unit = dir.path().join("etc/systemd/system/rpm-root.service");
    // Where there is no systemd, its text is all that can be tested.
    let Ok(verified) = Command::new("systemd-analyze").arg("verify").arg(&unit).output() else {
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && !said.contains("rpm-root"), "{said}");
}
