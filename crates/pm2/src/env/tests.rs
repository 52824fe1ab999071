//! Laws of a process's environment.

use super::*;
use crate::names;
use std::sync::Arc;

fn env_of(pairs: &[(&str, &str)]) -> Env {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn of(spec: &AppSpec, id: u32, slot: u32) -> Env {
    let home = Utf8Path::new("/h");
    let paths = names::paths(spec, id, &home.join("logs"), &home.join("pids"));
    child_env(spec, id, slot, 2, &paths, home)
}

fn spec(base: &[(&str, &str)], own: &[(&str, &str)]) -> AppSpec {
    AppSpec {
        name: "api".to_owned(),
        script: "/srv/api.js".into(),
        cwd: "/srv".into(),
        base_env: Arc::new(env_of(base)),
        env: env_of(own),
        ..AppSpec::default()
    }
}

#[test]
fn an_instance_knows_itself() {
    let spec = AppSpec {
        instance_var: "INSTANCE_ID".to_owned(),
        ..spec(&[("PWD", "/home/me"), ("name", "shell")], &[])
    };
    let env = of(&spec, 5, 1);
    for (name, value) in [
        ("name", "api"),
        ("pm_id", "5"),
        ("INSTANCE_ID", "1"),
        ("PWD", "/srv"),
        ("PM2_HOME", "/h"),
        ("restart_time", "2"),
        ("pm_out_log_path", "/h/logs/api-out-5.log"),
        ("pm_pid_path", "/h/pids/api-5.pid"),
        ("exec_mode", "fork_mode"),
    ] {
        assert_eq!(env.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!env.contains_key("NODE_APP_INSTANCE"));
    assert!(!env.contains_key("pm_log_path"));
}

#[test]
fn what_the_user_sets_wins_but_for_identity() {
    let own = [("name", "mine"), ("status", "busy"), ("pm_id", "99"), ("PWD", "/x")];
    let env = of(&spec(&[], &own), 5, 0);
    assert_eq!((&*env["name"], &*env["status"], &*env["PWD"]), ("mine", "busy", "/x"));
    assert_eq!(env["pm_id"], "5");
}

#[test]
fn every_variable_that_is_told_is_known_as_ours() {
    let spec = spec(&[], &[]);
    for name in of(&spec, 0, 0).keys().filter(|name| *name != "PWD") {
        assert!(is_ours(name, &spec), "{name}");
    }
    assert!(!is_ours("PORT", &spec));
}

#[test]
fn a_variable_grows_with_the_instance() {
    for (start, slot, value) in
        [(Some("3000"), 0, "3000"), (Some("3000"), 3, "3003"), (Some("x"), 2, "2"), (None, 1, "1")]
    {
        let own: Vec<_> = start.map(|start| ("PORT", start)).into_iter().collect();
        let spec = AppSpec { increment_var: Some("PORT".to_owned()), ..spec(&[], &own) };
        assert_eq!(of(&spec, 9, slot)["PORT"], value);
    }
}

#[test]
fn the_shell_is_filtered() {
    let base = [("AWS_KEY", "1"), ("MY_AWS", "1"), ("PATH", "/bin"), ("NPATH", "1")];
    for (filter, kept) in [
        (&["AWS"][..], &["PATH", "NPATH"][..]),
        (&["=PATH"], &["AWS_KEY", "MY_AWS", "NPATH"]),
        (&[""], &[]),
        (&[], &["AWS_KEY", "MY_AWS", "PATH", "NPATH"]),
    ] {
        let spec = AppSpec {
            filter_env: filter.iter().map(|f| (*f).to_owned()).collect(),
            ..spec(&base, &[])
        };
        let env = of(&spec, 0, 0);
        let left: Vec<_> = base.iter().map(|b| b.0).filter(|n| env.contains_key(*n)).collect();
        assert_eq!(left, kept, "{filter:?}");
    }
}

#[test]
fn another_managers_words_are_not_believed() {
    let outer = [
        ("NODE_CHANNEL_FD", "3"),
        ("NODE_UNIQUE_ID", "1"),
        ("pm_id", "8"),
        ("pm_exec_path", "/o.js"),
        ("pm_log_path", "/o.log"),
        ("instance_var", "WORKER"),
        ("WORKER", "4"),
        ("created_at", "1"),
        ("LANG", "C"),
    ];
    let env = of(&spec(&outer, &[]), 0, 0);
    for gone in ["NODE_CHANNEL_FD", "NODE_UNIQUE_ID", "pm_log_path", "WORKER", "created_at"] {
        assert!(!env.contains_key(gone), "{gone}");
    }
    assert_eq!((&*env["LANG"], &*env["pm_id"]), ("C", "0"));
    let env = of(&spec(&[("NODE_UNIQUE_ID", "1"), ("created_at", "1")], &[]), 0, 0);
    assert!(!env.contains_key("NODE_UNIQUE_ID"));
    assert_eq!(env["created_at"], "1");
}

#[test]
fn python_is_not_buffered() {
    let python = |own: &[(&str, &str)]| AppSpec {
        interpreter: Some("/usr/bin/python3".into()),
        ..spec(&[], own)
    };
    assert_eq!(of(&python(&[]), 0, 0)["PYTHONUNBUFFERED"], "1");
    assert_eq!(of(&python(&[("PYTHONUNBUFFERED", "")]), 0, 0)["PYTHONUNBUFFERED"], "");
    assert!(!of(&spec(&[], &[]), 0, 0).contains_key("PYTHONUNBUFFERED"));
}

#[test]
fn unique_ids_are_stable_and_differ() {
    let spec = spec(&[], &[]);
    let id = of(&spec, 0, 0)["unique_id"].clone();
    assert_eq!(id, of(&spec, 0, 0)["unique_id"]);
    assert_ne!(id, of(&spec, 1, 0)["unique_id"]);
    assert_eq!((id.len(), &id[14..15], id.matches('-').count()), (36, "4", 4));
}
