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

/// Whether a shell is there. Where it is not, what is said of it is not tried, and CI fails.
fn is_there(shell: &str) -> bool {
    let found = Command::new(shell).arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: there is no {shell} on this machine; completion in it is not tried");
        let profile = std::env::var("NEXTEST_PROFILE").unwrap_or_default();
        assert_ne!(profile, "ci", "CI needs {shell}: apt-get install {shell}");
    }
    found
}

/// Runs a script in a shell, where `rpm` is ours and two apps run; gives what it printed.
fn tried(shell: &str, args: &[&str]) -> String {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("billing", &[]), child_app("two words", &[])])]);
    let folder = rpm.binary().parent().unwrap().display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    // Shells that wait for somebody are not waited for.
    let output = Command::new("timeout")
        .args(["60", shell])
        .args(args)
        .current_dir(rpm.dir())
        .env("PATH", path)
        .env("RPM_HOME", rpm.home())
        .env("HOME", rpm.dir())
        .env("TERM", "xterm")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shell}: {}\n{text}\n{told}", output.status);
    text
}

#[test]
fn fish_offers_the_names_of_apps() {
    if !is_there("fish") {
        return;
    }
    let script = "rpm completion fish | source; complete -C 'rpm restart '; echo ==; \
                  complete -C 'rpm logs bil'; echo ==; complete -C 'rpm restar'";
    let text = tried("fish", &["--no-config", "-c", script]);
    let parts: Vec<&str> = text.split("==\n").collect();
    assert!(parts[0].lines().any(|line| line == "billing"), "{text}");
    assert!(parts[0].lines().any(|line| line == "two words"), "{text}");
    assert_eq!(parts[1], "billing\n", "{text}");
    assert!(parts[2].starts_with("restart\t"), "{text}");
}

/// Another zsh, at a terminal: words are typed, completed with the tabulator, and entered.
const SCRIPT: &str = r#"
    zmodload zsh/zpty
    zpty z 'zsh -f -i'
    zpty -w z 'PROMPT= RPROMPT=; autoload -U compinit; compinit -u -D'
    zpty -w z 'source <(rpm completion zsh)'
    zpty -w z 'rpm() { if [[ $1 = completion ]]; then command rpm "$@"
                       else print -r -- "GOT:${(j:,:)@}:END"; fi }'
    zpty -w z 'print READY:$((1+1))'
    zpty -r z out '*READY:2*'
    for line in 'rpm restart bil' 'rpm logs two' 'rpm restar'; do
        zpty -w -n z "$line"$'\t\n'
        zpty -r z out '*GOT:*:END*'
        print -r -- "${${out##*GOT:}%:END*}"
    done
    zpty -d z"#;

#[test]
fn zsh_offers_the_names_of_apps() {
    if !is_there("zsh") {
        return;
    }
    assert_eq!(tried("zsh", &["-f", "-c", SCRIPT]), "restart,billing\nlogs,two words\nrestart\n");
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
