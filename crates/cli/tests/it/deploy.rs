//! A deployment of a real repository to this machine.

use std::path::Path;
use std::process::Command;

fn run(folder: &Path, program: &str, args: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(args)
        .current_dir(folder)
        .env("RPM_HOME", folder.join("home"))
        .env("HOME", folder)
        .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@b.c")])
        .envs([("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@b.c")])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn commit(repo: &Path, text: &str) {
    std::fs::write(repo.join("version"), text).unwrap();
    for args in [&["add", "."][..], &["commit", "-qm", text]] {
        let (done, said) = run(repo, "git", args);
        assert!(done, "{said}");
    }
}

#[test]
fn set_up_update_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let repo = dir.path().join("repo");
    std::fs::create_dir(&repo).unwrap();
    assert!(run(&repo, "git", &["init", "-q", "-b", "main"]).0);
    commit(&repo, "one");
    let root = dir.path().join("it's the target");
    let config = serde_json::json!({ "deploy": { "production": {
        "host": "localhost",
        "repo": repo,
        "ref": "origin/main",
        "path": root,
        "env": { "stage": "live" },
        "pre-deploy-local": "echo local > \"$SHARED/here\"",
        "post-setup": "false; echo set up > \"$SHARED/setup\"",
        "post-deploy": "cat version; echo $STAGE > \"$SHARED/stage\"",
    } } });
    std::fs::write(dir.path().join("ecosystem.json"), config.to_string()).unwrap();
    let rpm = |args: &[&str]| {
        let args: Vec<&str> =
            ["deploy", "production"].into_iter().chain(args.iter().copied()).collect();
        run(dir.path(), env!("CARGO_BIN_EXE_rpm"), &args)
    };
    let ok = |args: &[&str]| {
        let (done, said) = rpm(args);
        assert!(done, "{said}");
        said
    };
    let version = || std::fs::read_to_string(root.join("current/version")).unwrap();

    assert!(ok(&["setup"]).contains("--> Success"));
    assert_eq!(version(), "one");
    assert!(root.join("shared/setup").exists() && root.join("shared/logs").exists());
    ok(&[]);
    commit(&repo, "two");
    assert!(ok(&["update"]).contains("two"));
    assert_eq!(version(), "two");
    assert_eq!(std::fs::read_to_string(root.join("shared/stage")).unwrap(), "live\n");
    assert!(root.join("shared/here").exists());
    assert_eq!(ok(&["list"]).lines().count(), 2);

    ok(&["revert"]);
    assert_eq!(version(), "one");
    let current = ok(&["current"]);
    assert_ne!(current, ok(&["previous"]));
    assert_eq!(ok(&["exec", "cat version"]), "one");
    ok(&["ref", "origin/main"]);
    assert_eq!(version(), "two");

    let (done, said) = rpm(&["ref", "no-such"]);
    assert!(!done && said.contains("updating failed on localhost"), "{said}");
    let (done, said) = rpm(&["revert", "99"]);
    assert!(!done && said.contains("not so many deployments"), "{said}");
    let (done, said) = rpm(&["exec", "exit 3"]);
    assert!(!done && said.contains("exit status: 3"), "{said}");
    assert!(!dir.path().join("home/rpm.sock").exists(), "no daemon is needed");
}

#[test]
fn what_is_not_pushed_is_not_deployed() {
    let dir = tempfile::tempdir().unwrap();
    let work = dir.path();
    assert!(run(work, "git", &["init", "-q", "-b", "main"]).0);
    let config = serde_json::json!({ "deploy": { "live": {
        "host": "localhost", "repo": work, "ref": "origin/main", "path": work.join("target"),
        "post-deploy": "true",
    } } });
    std::fs::write(work.join("ecosystem.json"), config.to_string()).unwrap();
    commit(work, "one");
    let rpm = |args: &[&str]| run(work, env!("CARGO_BIN_EXE_rpm"), args);
    assert!(rpm(&["deploy", "live", "setup"]).0);
    std::fs::write(work.join("version"), "changed").unwrap();
    let (done, said) = rpm(&["deploy", "live"]);
    assert!(!done && said.contains("not committed"), "{said}");
    assert!(rpm(&["deploy", "live", "--force"]).0);
    let (done, said) = rpm(&["deploy", "lve"]);
    assert!(!done && said.contains("did you mean `live`?"), "{said}");
}
