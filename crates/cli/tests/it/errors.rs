//! Each error says what, why, and how to mend it, and ends with status 1.

use crate::fake::{Fake, Say};
use rpm_proto::{Code, Fault, Hello, Reply, Request};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

fn faulty() -> Fault {
    Fault::new(Code::ReloadFailed, "the reload of `api` was stopped")
        .because("[api](0) ended after 31 ms, before it was up (exit code 1)")
        .because("[api](1) was not touched, as one before it failed")
        .help("the instances that ran go on serving; mend the app and reload again")
        .excerpt("last lines of api (0):\n  Error: boom")
}

fn nowhere(args: &[&str]) -> (Option<i32>, String) {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rpm"))
        .args(args)
        .env("RPM_HOME", home.path())
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!home.path().join("rpm.sock").exists(), "{args:?} started a daemon");
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text.replace(home.path().to_str().unwrap(), "HOME"))
}

#[test]
fn a_fault_of_the_daemon_is_shown_whole() {
    let fake = Fake::always(Reply::Failed { fault: faulty(), affected: Vec::new() });
    insta::assert_snapshot!(fake.fails(&["reload", "api"]), @r"
    [PM2][ERROR] the reload of `api` was stopped
      why: [api](0) ended after 31 ms, before it was up (exit code 1)
           [api](1) was not touched, as one before it failed
      help: the instances that ran go on serving; mend the app and reload again

    last lines of api (0):
      Error: boom
    ");
    assert!(fake.fails(&["reload", "api", "-s"]).is_empty());
}

#[test]
fn a_daemon_of_another_version_is_named() {
    let hello = Hello { protocol: 999, version: "9.9.9".to_owned(), pid: 0, ..Hello::ours() };
    let fake = Fake::with_hello(hello, |_| Vec::new());
    insta::assert_snapshot!(fake.fails(&["list"]), @r"
    [PM2][ERROR] this `rpm` is older than the daemon that runs
      why: the daemon is 9.9.9 and speaks protocol 999
           this is VERSION and speaks protocol 1
      help: give the command with the daemon's own program
    ");
    let hello = Hello { protocol: 0, version: "0.0.1".to_owned(), pid: 0, ..Hello::ours() };
    let fake = Fake::with_hello(hello, |_| Vec::new());
    insta::assert_snapshot!(fake.fails(&["list"]), @r"
    [PM2][ERROR] the daemon that runs is older than this `rpm`
      why: the daemon is 0.0.1 and speaks protocol 0
           this is VERSION and speaks protocol 1
      help: `rpm update` lets it become this version; apps go on meanwhile
    ");
}

#[test]
fn a_daemon_of_another_version_can_be_ended() {
    let mut stand_in = Command::new("sleep").arg("1000").spawn().unwrap();
    let hello =
        Hello { protocol: 999, version: "9.9.9".to_owned(), pid: stand_in.id(), ..Hello::ours() };
    let fake = Fake::with_hello(hello, |_| Vec::new());
    let mut kill = fake.command(&["kill"]).stdout(Stdio::null()).spawn().unwrap();
    let status = stand_in.wait().unwrap();
    assert!(kill.wait().unwrap().success());
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
}

#[test]
fn a_daemon_that_hangs_up_is_said() {
    let fake = Fake::new(|_| vec![Say::HangUp]);
    insta::assert_snapshot!(fake.fails(&["stop", "api"]), @r"
    [PM2][ERROR] the daemon hung up
      why: failed to fill whole buffer
      help: give the command again; `rpm.log` in the home says what happened
    ");
    let fake = Fake::always(Reply::Pong);
    insta::assert_snapshot!(fake.fails(&["stop", "api"]), @r"
    [PM2][ERROR] the daemon's answer does not belong to the question
      help: `rpm update` lets the daemon become this version; apps go on meanwhile
    ");
}

#[test]
fn nothing_runs() {
    let shown = |args: &[&str]| {
        let (status, text) = nowhere(args);
        assert_eq!(status, Some(1), "{args:?}: {text}");
        text
    };
    insta::assert_snapshot!(shown(&["stop", "api"]), @r"
    [PM2][ERROR] no process found for `api`
      why: nothing has been started
      help: `rpm start` starts apps, `rpm resurrect` those of the saved list
    ");
    for args in [
        &["restart", "all"][..],
        &["describe", "0"],
        &["env", "0"],
        &["scale", "api", "2"],
        &["sendSignal", "TERM", "api"],
        &["reset", "all"],
        &["save"],
        &["start", "all"],
    ] {
        shown(args);
    }
    for args in
        [&["list"][..], &["status"], &["jlist"], &["kill"], &["id", "x"], &["pid"], &["flush"]]
    {
        assert_eq!(nowhere(args).0, Some(0), "{args:?}");
    }
}

#[test]
fn words_that_do_not_fit() {
    let shown = |args: &[&str]| {
        let (status, text) = nowhere(args);
        assert_eq!(status, Some(1), "{args:?}: {text}");
        text
    };
    insta::assert_snapshot!(shown(&["strat", "app.js"]), @r"
    [PM2][ERROR] `strat` is not a command
      help: did you mean `rpm start`?
    ");
    insta::assert_snapshot!(shown(&["start", "app.js", "--env", "production"]), @r"
    [PM2][ERROR] `--env` needs a config file
      why: the names of environments are written there
      help: name the file: `rpm restart ecosystem.json --env production`
    ");
    insta::assert_snapshot!(shown(&["start"]), @r"
    [PM2][ERROR] there is no ecosystem.config.js here
      help: name a config file or a script: `rpm start app.js`
    ");
    insta::assert_snapshot!(shown(&["scale", "api", "many"]), @r"
    [PM2][ERROR] `many` is not a number of instances
      help: write `8` for eight, `+2` for two more, `-1` for one fewer
    ");
    insta::assert_snapshot!(shown(&["sendSignal", "SIGFOO", "api"]), @r"
    [PM2][ERROR] `SIGFOO` is not a signal
      help: use a name like SIGTERM, or a number from 1 to 64
    ");
    insta::assert_snapshot!(shown(&["list", "--sort", "colour"]), @r"
    no daemon runs in HOME
    [PM2][ERROR] cannot sort by `colour`
      help: `--sort` takes name, namespace, pid, id, cpu, memory, uptime or status, and `:desc` behind it
    ");
    insta::assert_snapshot!(shown(&["stop"]), @r"
    error: the following required arguments were not provided:
      <TARGET>...

    Usage: rpm stop <TARGET>...

    For more information, try '--help'.
    ");
    assert!(shown(&["link"]).contains("there is no `link` in this program"));
    shown(&[]);
}

#[test]
fn a_config_that_cannot_be_read_starts_nothing() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("apps.json");
    std::fs::write(&file, "{ \"apps\": [ { \"name\" \"app\" } ] }\n").unwrap();
    for verb in ["start", "restart", "reload", "stop", "startOrReload"] {
        let (status, text) = nowhere(&[verb, file.to_str().unwrap()]);
        assert_eq!(status, Some(1), "{verb}: {text}");
        assert!(text.contains("apps.json") && text.contains("\"name\" \"app\""), "{verb}: {text}");
    }
    let (status, text) = nowhere(&["start", "missing.js"]);
    assert_eq!(status, Some(1));
    assert!(text.contains("missing.js"), "{text}");
}

#[test]
fn saving_nothing_is_no_error() {
    let fault = Fault::new(Code::NotFound, "there is nothing to save")
        .help("`rpm save --force` saves the empty list");
    let fake = Fake::always(Reply::Failed { fault, affected: Vec::new() });
    let output = fake.run(&["save"]);
    assert!(output.status.success());
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"[PM2][WARN] there is nothing to save; `rpm save --force` saves the empty list");
    assert_eq!(fake.asked(), Request::Save { force: false });
}

#[test]
fn other_programs_of_pm2_are_verbs() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["pm2-dev", "pm2-runtime"] {
        let link = folder.path().join(name);
        symlink(env!("CARGO_BIN_EXE_rpm"), &link).unwrap();
        let output = Command::new(&link).arg("nothing.js").current_dir(&folder).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("[PM2][ERROR] there is no script /"), "{text}");
    }
}
