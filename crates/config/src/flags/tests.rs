//! Flags as people type them.

use super::*;
use crate::testing::Place;
use std::fmt::Write;

#[expect(clippy::unnecessary_wraps, reason = "the form of an optional flag")]
fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn a_script_alone() {
    let place = Place::new();
    let app = from_flags("app.js", &Flags::default(), &place.context, &place.env).unwrap();
    insta::assert_snapshot!(place.show_app(&app));
}

/// Every flag with a value.
fn all() -> Flags {
    Flags {
        name: text("x"),
        namespace: text("n"),
        interpreter: text("node"),
        interpreter_args: text("--a '--b c'"),
        output: text("o.log"),
        error: text("NULL"),
        log: Some(None),
        log_type: text("json"),
        log_date_format: text("HH"),
        time: true,
        merge_logs: true,
        disable_logs: true,
        filter_env: vec!["AWS".to_owned()],
        instances: text("-1"),
        watch: Some(vec!["lib".to_owned()]),
        ignore_watch: text("tmp"),
        watch_delay: text("2"),
        ext: text("js"),
        cwd: text("src"),
        pid: text("x.pid"),
        kill_timeout: text("5000"),
        kill_signal: text("SIGTERM"),
        listen_timeout: text("4s"),
        shutdown_with_message: true,
        wait_ready: true,
        cron_restart: Some("0 3 * * *".to_owned()),
        max_memory_restart: text("200M"),
        restart_delay: text("1"),
        exp_backoff_restart_delay: text("100"),
        max_restarts: text("3"),
        min_uptime: text("2s"),
        stop_exit_codes: vec!["1,2".to_owned(), "3 4".to_owned()],
        no_autorestart: true,
        no_autostart: true,
        no_treekill: true,
        no_pmx: true,
        no_vizion: true,
        fork: false,
        uid: text("4242"),
        gid: text("4242"),
        cluster_policy: text("shared"),
        cluster_window: text("1"),
        sticky: true,
        no_drain: true,
        drain_timeout: text("1"),
        args: vec!["--port".to_owned(), "1".to_owned()],
    }
}

#[test]
fn all_flags() {
    let place = Place::new();
    let flags = all();
    let app = from_flags("my.server.mjs", &flags, &place.context, &place.env).unwrap();
    insta::assert_snapshot!(place.show_app(&app));
}

#[test]
fn values_that_do_not_fit() {
    let place = Place::new();
    let flags = Flags::default;
    let mut shown = String::new();
    for flags in [
        Flags { instances: text("foo"), ..flags() },
        Flags { max_memory_restart: text("200MB"), ..flags() },
        Flags { kill_timeout: text("foo"), ..flags() },
        Flags { restart_delay: text("-1"), ..flags() },
        Flags { max_restarts: text("1.5"), ..flags() },
        Flags { stop_exit_codes: vec!["a".to_owned()], ..flags() },
        Flags { kill_signal: text("SIGFOO"), ..flags() },
        Flags { log_type: text("xml"), ..flags() },
        Flags { cluster_policy: text("x"), ..flags() },
        Flags { interpreter: text("nosuch"), ..flags() },
        Flags { uid: text("no-such-user"), ..flags() },
        Flags { cwd: text("nowhere"), ..flags() },
    ] {
        let fault = from_flags("app.js", &flags, &place.context, &place.env).unwrap_err();
        write!(shown, "{}\n\n", place.show_fault(&fault)).unwrap();
    }
    let fault = from_flags("nope.js", &flags(), &place.context, &place.env).unwrap_err();
    insta::assert_snapshot!(shown + &place.show_fault(&fault));
}

#[test]
fn typescript_needs_a_runtime_that_reads_it() {
    let place = Place::new();
    place.file("app.ts", "");
    for (version, args) in [
        ("v22.18.0", Some(&[][..])),
        ("v24.0.1", Some(&[])),
        ("v23.2.0", Some(&["--experimental-strip-types"])),
        ("v22.6.0", Some(&["--experimental-strip-types"])),
        ("v20.20.2", None),
    ] {
        place.program("bin/node", &format!("#!/bin/sh\necho {version}\n"));
        let app = from_flags("app.ts", &Flags::default(), &place.context, &place.env);
        match args {
            Some(args) => assert_eq!(app.unwrap().interpreter_args, args, "{version}"),
            None => assert_eq!(app.unwrap_err().kind, FaultKind::InterpreterMissing, "{version}"),
        }
    }
    place.program("bin/bun", "\0");
    let app = from_flags("app.ts", &Flags::default(), &place.context, &place.env).unwrap();
    assert_eq!(app.interpreter, Some(place.context.cwd.join("bin/bun")));
}

#[test]
fn what_is_written_is_the_same_app() {
    let place = Place::new();
    place.file("src/app.js", "");
    let flags = Flags { ext: None, ..all() };
    let text = serde_json::to_string(&crate::written("app.js", &flags).unwrap()).unwrap();
    place.file("x-pm2.json", &text);
    let mut of_flags = from_flags("app.js", &flags, &place.context, &place.env).unwrap();
    let loaded = crate::load_file("x-pm2.json".into(), &place.context, &place.selection()).unwrap();
    let [mut of_file] = <[AppSpec; 1]>::try_from(loaded.apps).unwrap();
    // What only PM2's outputs show is spelt as it was given.
    (of_flags.extra, of_file.extra) = Default::default();
    assert_eq!(of_file, of_flags, "{text}");
    assert!(crate::written("app.js", &all()).unwrap_err().to_string().contains("--ext"));
}
