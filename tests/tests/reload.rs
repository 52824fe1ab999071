//! Reload: not one failed request, and a new version that does not come up changes nothing.

use rpm_tests::{Load, Rpm, Style, alive, app, eventually, free_port, get};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::TcpStream;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(3);

/// A cluster of the web server.
fn web(port: u16, instances: u32, more: Value) -> Value {
    let mut web = json!({
        "name": "web", "script": app("web.js"), "exec_mode": "cluster", "instances": instances,
        "wait_ready": true, "listen_timeout": 15000, "env": { "PORT": port },
    });
    let Value::Object(more) = more else { panic!("no members: {more}") };
    web.as_object_mut().unwrap().extend(more);
    web
}

fn start(app: Value) -> Rpm {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[app])]);
    rpm
}

fn pids(rpm: &Rpm) -> BTreeSet<u32> {
    rpm.pids("web").into_iter().collect()
}

/// Reloads so often under load, and asserts that each reload replaced all and cost nothing.
fn reload_often(config: Value, port: u16, style: Style, path: &str, pause: Duration, times: u32) {
    let rpm = start(config);
    let load = Load::start(port, path, 12, style, pause);
    eventually("there is load", || (load.answered() > 20).then_some(()));
    for round in 1..=times {
        let before = pids(&rpm);
        rpm.ok(&["reload", "web"]);
        let after = pids(&rpm);
        assert_eq!(after.len(), before.len());
        assert!(before.is_disjoint(&after), "reload {round} kept {before:?} of {after:?}");
        assert!(before.iter().all(|pid| !alive(*pid)), "reload {round} left an old one");
        let seen = load.answered();
        eventually("the new ones serve", || (load.answered() > seen + 20).then_some(()));
    }
    let result = load.stop();
    result.assert_lossless(u64::from(times) * 40);
    let served = result.by_pid.len();
    assert!(served > usize::try_from(times).unwrap(), "only {served} processes have served");
    for process in rpm.app("web") {
        assert_eq!(process.restarts, u64::from(times));
        assert!(process.is_online());
    }
}

#[test]
fn twenty_reloads_with_a_connection_for_each_request() {
    let port = free_port();
    reload_often(web(port, 2, json!({})), port, Style::Short, "/", PAUSE, 20);
}

#[test]
fn twenty_reloads_with_keep_alive() {
    let port = free_port();
    reload_often(web(port, 2, json!({})), port, Style::KeepAlive, "/", PAUSE, 20);
}

#[test]
fn keep_alive_clients_that_pause() {
    let port = free_port();
    let pause = Duration::from_millis(300);
    reload_often(web(port, 2, json!({})), port, Style::KeepAlive, "/", pause, 4);
}

#[test]
fn slow_requests_are_finished() {
    for style in [Style::Short, Style::KeepAlive] {
        let port = free_port();
        reload_often(web(port, 2, json!({})), port, style, "/slow/200", PAUSE, 4);
    }
}

#[test]
fn the_other_policies_lose_nothing_either() {
    for policy in ["shared", "reuseport"] {
        for style in [Style::Short, Style::KeepAlive] {
            let port = free_port();
            let config = web(port, 2, json!({ "cluster_policy": policy }));
            reload_often(config, port, style, "/", PAUSE, 4);
        }
    }
}

#[test]
fn without_the_drain_preload_short_connections_lose_nothing() {
    let port = free_port();
    let config = web(port, 2, json!({ "drain": false }));
    reload_often(config, port, Style::Short, "/", PAUSE, 4);
}

#[test]
fn a_reload_that_fails_changes_nothing() {
    let rpm = Rpm::new();
    let port = free_port();
    let broken = rpm.dir().join("broken");
    let config = web(port, 4, json!({ "env": { "PORT": port, "BROKEN": broken.to_str() } }));
    rpm.ok(&["start", &rpm.config(&[config])]);
    let before = pids(&rpm);
    rpm.write("broken", "");
    let load = Load::start(port, "/", 8, Style::KeepAlive, PAUSE);
    let short = Load::start(port, "/", 4, Style::Short, PAUSE);
    let output = rpm.fails(&["reload", "web"]);
    for line in ["cannot read the settings", "giving up: broken on purpose"] {
        assert!(output.stderr.contains(line), "{line:?} is not shown: {}", output.stderr);
    }
    assert_eq!(pids(&rpm), before, "not the same processes serve");
    assert!(rpm.app("web").iter().all(|one| one.is_online() && one.restarts == 0));
    let seen = load.answered();
    eventually("they serve on", || (load.answered() > seen + 100).then_some(()));
    load.stop().assert_lossless(100);
    short.stop().assert_lossless(20);
    // Mended, it works.
    std::fs::remove_file(broken).unwrap();
    rpm.ok(&["reload", "web"]);
    assert!(before.is_disjoint(&pids(&rpm)));
}

#[test]
fn a_new_version_that_is_not_ready_in_time_changes_nothing() {
    let rpm = Rpm::new();
    let port = free_port();
    rpm.ok(&["start", &rpm.config(&[web(port, 2, json!({}))])]);
    let before = pids(&rpm);
    let never = json!({ "PORT": port, "NEVER_READY": "1" });
    let config = rpm.config(&[web(port, 2, json!({ "env": never, "listen_timeout": 1000 }))]);
    let load = Load::start(port, "/", 6, Style::KeepAlive, PAUSE);
    let output = rpm.fails(&["reload", &config]);
    assert!(output.stderr.contains("ready"), "{}", output.stderr);
    assert_eq!(pids(&rpm), before);
    eventually("only the old ones are left", || (node_processes(&rpm) == 2).then_some(()));
    load.stop().assert_lossless(50);
}

fn node_processes(rpm: &Rpm) -> usize {
    rpm.processes().iter().filter(|(_, line)| line.contains("web.js")).count()
}

#[test]
fn a_reload_with_changed_settings_brings_them() {
    let rpm = Rpm::new();
    let port = free_port();
    rpm.ok(&["start", &rpm.config(&[web(port, 2, json!({}))])]);
    assert_eq!(get(port, "/").unwrap().json()["release"], Value::Null);
    let release = json!({ "PORT": port, "RELEASE": "2" });
    let config = rpm.config(&[web(port, 2, json!({ "env": release }))]);
    let load = Load::start(port, "/", 6, Style::KeepAlive, PAUSE);
    rpm.ok(&["startOrReload", &config]);
    load.stop().assert_lossless(20);
    for _ in 0..6 {
        assert_eq!(get(port, "/").unwrap().json()["release"], "2");
    }
    // From the shell, when that is asked for.
    let again =
        rpm.command(&["reload", "web", "--update-env"]).env("RELEASE", "3").output().unwrap();
    assert!(again.status.success(), "{again:?}");
    for _ in 0..6 {
        assert_eq!(get(port, "/").unwrap().json()["release"], "3");
    }
}

#[test]
fn start_or_reload_starts_what_is_missing() {
    let rpm = Rpm::new();
    let port = free_port();
    let config = rpm.config(&[web(port, 2, json!({}))]);
    rpm.ok(&["startOrReload", &config]);
    let before = pids(&rpm);
    assert_eq!(before.len(), 2);
    rpm.ok(&["startOrReload", &config]);
    assert!(before.is_disjoint(&pids(&rpm)));
}

#[test]
fn idle_connections_end_in_time() {
    let rpm = Rpm::new();
    let port = free_port();
    let net = json!({
        "name": "web", "script": app("net.js"), "exec_mode": "cluster", "instances": 2,
        "wait_ready": true, "listen_timeout": 15000, "drain_timeout": 400, "kill_timeout": 400,
        "env": { "PORT": port },
    });
    rpm.ok(&["start", &rpm.config(&[net])]);
    // Nobody says anything on these; they would keep the old workers for ever.
    let open: Vec<TcpStream> =
        (0..4).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    let before = pids(&rpm);
    rpm.ok(&["reload", "web"]);
    eventually("the old ones are gone", || before.iter().all(|pid| !alive(*pid)).then_some(()));
    drop(open);
}

#[test]
fn a_reload_in_fork_mode_is_a_restart_and_says_so() {
    let rpm = Rpm::new();
    let port = free_port();
    let config = web(port, 1, json!({ "exec_mode": "fork" }));
    rpm.ok(&["start", &rpm.config(&[config])]);
    let before = rpm.one("web");
    let output = rpm.run(&["reload", "web"]);
    assert!(output.status.success(), "{output:?}");
    let said = output.all();
    assert!(said.contains("restarted: only running cluster workers are reloaded"), "{said}");
    let after = rpm.one("web");
    assert_ne!(after.pid, before.pid);
    assert_eq!(after.restarts, 1);
    assert_eq!(get(port, "/").unwrap().status, 200);
}

#[test]
fn two_reloads_at_once_do_not_mix() {
    let rpm = Rpm::new();
    let port = free_port();
    let env = json!({ "PORT": port, "START_DELAY": "700" });
    rpm.ok(&["start", &rpm.config(&[web(port, 2, json!({ "env": env }))])]);
    let mut first = rpm.beside(&["reload", "web"]);
    eventually("the first has begun", || (node_processes(&rpm) > 2).then_some(()));
    let second = rpm.fails(&["reload", "web"]);
    assert!(second.stderr.contains("reload"), "{second:?}");
    assert!(first.wait().success());
    assert!(rpm.app("web").iter().all(|one| one.is_online() && one.restarts == 1));
}

#[test]
fn a_stop_during_a_reload_wins() {
    let rpm = Rpm::new();
    let port = free_port();
    let env = json!({ "PORT": port, "START_DELAY": "1500" });
    rpm.ok(&["start", &rpm.config(&[web(port, 2, json!({ "env": env }))])]);
    let mut reload = rpm.beside(&["reload", "web"]);
    eventually("it has begun", || (node_processes(&rpm) > 2).then_some(()));
    rpm.ok(&["stop", "web"]);
    assert_eq!(node_processes(&rpm), 0);
    assert!(!reload.wait().success(), "a reload that was overtaken has not succeeded");
    assert!(rpm.app("web").iter().all(|one| one.status == "stopped" && one.pid == 0));
}

#[test]
fn too_much_memory_in_a_cluster_costs_no_request() {
    let port = free_port();
    let rpm = start(web(port, 2, json!({ "max_memory_restart": "150M" })));
    let load = Load::start(port, "/", 6, Style::KeepAlive, PAUSE);
    let grown = get(port, "/grow/200").unwrap().json()["pid"].as_u64().unwrap();
    let grown = u32::try_from(grown).unwrap();
    eventually("the grown one is replaced", || (!pids(&rpm).contains(&grown)).then_some(()));
    eventually("the grown one is gone", || (!alive(grown)).then_some(()));
    load.stop().assert_lossless(50);
    let restarts: u64 = rpm.app("web").iter().map(|one| one.restarts).sum();
    assert_eq!(restarts, 1);
}

#[test]
fn scaling_down_costs_no_request() {
    let port = free_port();
    let rpm = start(web(port, 4, json!({})));
    let load = Load::start(port, "/", 8, Style::KeepAlive, PAUSE);
    let short = Load::start(port, "/", 4, Style::Short, PAUSE);
    for count in ["2", "5", "1", "3"] {
        rpm.ok(&["scale", "web", count]);
        assert_eq!(rpm.app("web").len().to_string(), count);
        let seen = load.answered();
        eventually("clients are served", || (load.answered() > seen + 50).then_some(()));
    }
    load.stop().assert_lossless(200);
    short.stop().assert_lossless(50);
}
