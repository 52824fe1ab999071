//! Completion knows the names of apps, and shells load it.

use rpm_tests::{Rpm, child_app};
use std::fs;
use std::process::Command;

#[test]
fn names_come_from_the_daemon_and_never_start_one() {
    let rpm = Rpm::new();
    assert_eq!(rpm.ok(&["completion", "names"]), "");
    assert!(!rpm.home().join("rpm.sock").exists(), "a daemon was started");
    rpm.ok(&["start", &rpm.config(&[child_app("api", &[]), child_app("two words", &[])])]);
    assert_eq!(rpm.ok(&["completion", "names"]), "api\ntwo words\n");
}

#[test]
fn bash_offers_the_names_of_apps() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("billing", &[]), child_app("two words", &[])])]);
    let folder = rpm.binary().parent().unwrap().display().to_string();
    let script = "export PATH=\"$1:$PATH\"; source <(rpm completion bash); \
                  offer() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); \
                  _rpm_and_names rpm \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; \
                  printf '%s\\n' \"${COMPREPLY[@]}\"; }; offer rpm restart ''; offer rpm logs bil; \
                  echo --; offer rpm restar";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script, "bash", &folder]).env("RPM_HOME", rpm.home());
    let output = bash.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (names, verbs) = text.split_once("--\n").expect(&text);
    assert_eq!(names.lines().filter(|line| *line == "billing").count(), 2, "{text}");
    assert!(names.lines().any(|line| line == "two words"), "{text}");
    assert!(verbs.lines().any(|line| line == "restart"), "{text}");
}

#[test]
fn it_is_installed_once_and_taken_away() {
    let rpm = Rpm::new();
    let home = rpm.dir();
    rpm.write(".bashrc", "mine=1\n");
    let rpm = rpm.with_env("HOME", home.to_str().unwrap()).with_env("SHELL", "/bin/bash");
    rpm.ok(&["completion", "install"]);
    rpm.ok(&["completion", "install"]);
    let text = fs::read_to_string(home.join(".bashrc")).unwrap();
    assert!(text.starts_with("mine=1\n") && text.matches("completion bash").count() == 1, "{text}");
    rpm.ok(&["completion", "uninstall"]);
    assert_eq!(fs::read_to_string(home.join(".bashrc")).unwrap(), "mine=1\n");
    rpm.ok(&["completion", "install", "fish"]);
    assert!(home.join(".config/fish/config.fish").exists());
    rpm.fails(&["completion", "tcsh"]);
}
