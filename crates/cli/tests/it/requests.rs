//! What is asked of the daemon.

use crate::fake::{Fake, Say, view};
use rpm_core::spec::Setting;
use rpm_core::{Affected, Change, Existing, ProcId, ScaleTo, Signal, Target};
use rpm_proto::{Reply, Request, Verb};

/// A daemon that knows `api` and `mail` and does what it is told.
fn obedient() -> Fake {
    Fake::new(|request| {
        let reply = match request {
            Request::List => Reply::Processes { processes: vec![view(0, "api"), view(1, "mail")] },
            Request::Ping => Reply::Pong,
            Request::Flush { .. } => Reply::Flushed { files: vec!["/l/a.log".to_owned()] },
            Request::Save { .. } => Reply::Saved { path: "/h/dump.pm2".to_owned(), processes: 2 },
            _ => {
                let affected =
                    Affected { proc: ProcId(0), name: "api".to_owned(), change: Change::Started };
                Reply::Done { affected: vec![affected] }
            }
        };
        vec![Say::Reply(reply)]
    })
}

fn targets(names: &[&str]) -> Vec<Target> {
    names.iter().map(|name| Target::from(*name)).collect()
}

fn act(verb: Verb, names: &[&str]) -> Request {
    Request::Act { verb, targets: targets(names), env: None, settings: Vec::new(), parallel: None }
}

fn config(fake: &Fake, name: &str) -> String {
    let path = fake.home().join(name);
    let apps = r#"[{ name: "api", script: "/bin/sh" }, { name: "new", script: "/bin/sh" }]"#;
    std::fs::write(&path, apps).unwrap();
    path.to_str().unwrap().to_owned()
}

fn applied(request: Request) -> (Vec<String>, Existing, Option<u32>) {
    match request {
        Request::Apply { apps, existing, parallel, .. } => {
            (apps.into_iter().map(|app| app.name).collect(), existing, parallel)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn verbs_on_what_is_known_are_one_request() {
    let fake = obedient();
    for (words, verb) in [
        (&["stop", "api", "mail"][..], Verb::Stop),
        (&["restart", "api", "mail"], Verb::Restart),
        (&["reload", "api", "mail"], Verb::Reload),
        (&["delete", "api", "mail"], Verb::Delete),
        (&["del", "-s", "api", "mail"], Verb::Delete),
        (&["reset", "api", "mail"], Verb::Reset),
    ] {
        fake.ok(words);
        assert_eq!(fake.asked(), act(verb, &["api", "mail"]), "{words:?}");
    }
    fake.ok(&["reload", "api", "--parallel", "3"]);
    let Request::Act { parallel, .. } = fake.asked() else { panic!() };
    assert_eq!(parallel, Some(3));
}

#[test]
fn start_knows_names_from_files() {
    let fake = obedient();
    std::fs::write(fake.home().join("app.js"), "").unwrap();
    std::fs::write(fake.home().join("mail"), "").unwrap();
    for name in ["api", "mail", "default", "all", "7", "/^a/"] {
        fake.ok(&["start", name]);
        assert_eq!(fake.asked(), act(Verb::Start, &[name]), "{name}");
    }
    fake.ok(&["start", "app.js", "--interpreter", "/bin/sh", "-n", "x", "--", "-n", "y"]);
    let Request::Apply { base_env, apps, existing, .. } = fake.asked() else { panic!() };
    assert_eq!((&*apps[0].name, &*apps[0].args), ("x", &["-n".to_owned(), "y".to_owned()][..]));
    assert_eq!(existing, Existing::Refuse);
    assert!(base_env.contains_key("RPM_HOME") && apps[0].base_env.is_empty());
    fake.ok(&["start", "app.js", "--interpreter", "/bin/sh", "-f"]);
    assert_eq!(applied(fake.asked()), (vec!["app".to_owned()], Existing::Duplicate, None));
}

#[test]
fn configs_are_applied_whole_and_stopped_as_far_as_known() {
    let fake = obedient();
    let file = config(&fake, "apps.json");
    let both = || vec!["api".to_owned(), "new".to_owned()];
    for (words, existing) in [
        (&["start", &file][..], Existing::Restart),
        (&["restart", &file], Existing::Restart),
        (&["startOrRestart", &file], Existing::Restart),
        (&["reload", &file, "--parallel", "2"], Existing::Reload),
        (&["startOrReload", &file], Existing::Reload),
        (&["startOrGracefulReload", &file], Existing::Reload),
    ] {
        fake.ok(words);
        let (names, how, parallel) = applied(fake.asked());
        assert_eq!((names, how), (both(), existing), "{words:?}");
        assert_eq!(parallel, words.contains(&"2").then_some(2));
    }
    fake.ok(&["stop", &file]);
    assert_eq!(fake.asked(), act(Verb::Stop, &["api"]));
    config(&fake, "ecosystem.config.json");
    config(&fake, "ecosystem.json");
    fake.ok(&["start"]);
    assert_eq!(applied(fake.asked()).0, both());
    fake.ok(&["start", "--only", "new"]);
    assert_eq!(applied(fake.asked()).0, ["new"]);
}

#[test]
fn names_and_files_are_done_in_their_order() {
    let fake = obedient();
    let file = config(&fake, "apps.json");
    fake.ok(&["restart", "api", "mail", &file, "mail"]);
    let heard = fake.heard();
    let kinds: Vec<&str> = heard
        .iter()
        .map(|request| match request {
            Request::Act { targets, .. } if targets.len() == 2 => "two",
            Request::Act { .. } => "one",
            Request::Apply { .. } => "file",
            Request::List => "table",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["two", "file", "one", "table"]);
}

#[test]
fn the_shells_environment_goes_along_when_asked_for() {
    let fake = obedient();
    let mut command = fake.command(&["restart", "api", "-a"]);
    // As in an app that restarts another one.
    let told = [("pm_id", "9"), ("pm_exec_path", "/x"), ("name", "outer"), ("MINE", "yes")];
    assert!(command.envs(told).output().unwrap().status.success());
    let Request::Act { env: Some(env), .. } = fake.asked() else { panic!() };
    assert_eq!(env.get("MINE").map(String::as_str), Some("yes"));
    assert!(!env.contains_key("pm_id") && !env.contains_key("name"), "{env:?}");
    fake.ok(&["restart", "api"]);
    assert_eq!(fake.asked(), act(Verb::Restart, &["api"]));
}

#[test]
fn the_other_verbs() {
    let fake = obedient();
    let name = || "api".to_owned();
    for (words, request) in [
        (&["scale", "api", "-1"][..], Request::Scale { name: name(), to: ScaleTo::By(-1) }),
        (&["scale", "api", "0"], Request::Scale { name: name(), to: ScaleTo::Exactly(0) }),
        (
            &["sendSignal", "usr2", "api"],
            Request::Signal { targets: targets(&["api"]), signal: Signal(12) },
        ),
        (&["flush"], Request::Flush { target: None }),
        (&["flush", "api"], Request::Flush { target: Some("api".into()) }),
        (&["reloadLogs"], Request::ReopenLogs),
        (&["save", "--force"], Request::Save { force: true }),
        (&["dump"], Request::Save { force: false }),
        (&["resurrect"], Request::Resurrect),
        (&["ping"], Request::Ping),
    ] {
        // What is no `Flushed` is not understood; only the request counts here.
        fake.run(words);
        assert_eq!(fake.asked(), request, "{words:?}");
    }
}

#[test]
fn flags_change_what_runs_and_the_others_are_warned_of() {
    let fake = obedient();
    let words = ["restart", "api", "-i", "4", "--max-memory-restart", "1G", "--", "--port", "1"];
    let output = fake.run(&words);
    assert!(output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    insta::assert_snapshot!(text, @"[PM2][WARN] --instances: only for what is started new; ignored");
    let Request::Act { settings, .. } = fake.asked() else { panic!() };
    let args = Setting::Args(vec!["--port".to_owned(), "1".to_owned()]);
    assert_eq!(settings, [args, Setting::MaxMemory(Some(1 << 30))]);
    fake.run(&["stop", "api", "--watch"]);
    let Request::Act { settings, .. } = fake.asked() else { panic!() };
    assert_eq!(settings, [Setting::Watch(false)]);
    let output = fake.run(&["delete", "api", "--time"]);
    let text = String::from_utf8(output.stderr).unwrap();
    insta::assert_snapshot!(text, @"[PM2][WARN] --time: only for what is started new; ignored");
}
