//! What is to be seen at a glance: processes with their figures, the daemon, the machine.

use rpm_proto::Watched;
use rpm_tests::{Rpm, app, child, environ, eventually, free_port, get, packages};
use serde_json::{Value, json};

fn watched(rpm: &Rpm, name: &str) -> Watched {
    let found = rpm.observed().processes.into_iter().find(|it| it.view.name == name);
    found.unwrap_or_else(|| panic!("{name} is not observed"))
}

#[test]
fn a_process_is_seen_with_what_it_uses() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &child(), "--name", "app", "--", "lines:10:hello", "alloc:20"]);
    let seen = eventually("its output is counted", || {
        let seen = watched(&rpm, "app");
        (seen.log_bytes == 80 && seen.view.memory > 20 << 20).then_some(seen)
    });
    assert_eq!(seen.view.id, 0);
    assert!(seen.descriptors.is_some_and(|count| (3..100).contains(&count)), "{seen:?}");
    assert!(seen.monitor.is_empty());
}

#[test]
fn cpu_time_of_children_that_ended_counts() {
    let rpm = Rpm::new();
    // Each child works for some hundredths of a second and is waited for.
    let work = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
    let script = format!("for n in 1 2 3 4 5; do sh -c '{work}'; done; exec sleep 600");
    let script = rpm.write("work.sh", &script);
    rpm.ok(&["start", script.to_str().unwrap(), "--name", "app", "--interpreter", "sh"]);
    let pid = rpm.one("app").pid;
    eventually("the work is done", || {
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.starts_with("sleep").then_some(())
    });
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<u64> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .skip(11)
        .take(4)
        .map(|field| field.parse().unwrap())
        .collect();
    assert!(fields[2] > 0, "its children have used nothing: {stat}");
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let expected = fields.iter().sum::<u64>() as f64 / 100.0;
    let seen = eventually("a look after the work", || {
        let seen = watched(&rpm, "app").cpu_seconds;
        (seen > expected - 0.02).then_some(seen)
    });
    assert!(seen < expected + 0.05, "{seen} is not {expected}");
}

#[test]
fn what_an_app_tells_becomes_figures() {
    let path = packages();
    let rpm = Rpm::new().with_env("NODE_PATH", path.to_str().unwrap());
    rpm.ok(&["start", &app("metrics.cjs"), "--name", "io"]);
    let seen = eventually("its figures", || {
        let seen = watched(&rpm, "io");
        let figures = seen.figures;
        (figures.heap_used.is_some() && figures.event_loop_ms.is_some()).then_some(seen)
    });
    let figures = seen.figures;
    assert!(figures.heap_used > Some(1 << 20) && figures.heap_total >= figures.heap_used);
    assert!(figures.handles.is_some() && figures.event_loop_p95_ms >= figures.event_loop_ms);
    // In the daemon's own words too, with what is the app's own.
    assert_eq!(seen.monitor["users"]["value"], 1);
    assert_eq!(seen.monitor["Used Heap Size"]["unit"], "MiB");
}

#[test]
fn the_machine_and_the_daemon_are_seen() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &child(), "--name", "app"]);
    let observed = rpm.observed();
    let (host, daemon) = (&observed.host, &observed.daemon);
    let (supervisor, keeper) = rpm.daemon();
    assert_eq!((daemon.supervisor.pid, daemon.keeper.pid), (supervisor, keeper));
    assert!(daemon.supervisor.memory > 1 << 20 && daemon.supervisor.descriptors > 5);
    assert!(host.memory_total > host.memory_available && host.memory_available > 1 << 20);
    assert!(host.cpus > 0 && host.uptime_s > 0 && host.system.starts_with("Linux "));
    assert!(host.disks.iter().any(|disk| disk.mount == "/" && disk.total > disk.available));
    assert!(host.networks.iter().all(|network| network.name != "lo"));
    // Rates are of some time: with one more look there are some.
    eventually("the processors have worked", || {
        let host = rpm.observed().host;
        (host.cpu > 0.0 && host.cpu <= 100.0).then_some(())
    });
}

/// An app that answers HTTP requests, with our preload.
fn figures_of(rpm: &Rpm, config: &Value) -> Watched {
    let port = free_port();
    let mut config = config.clone();
    config["env"] = json!({ "PORT": port });
    config["pmx"] = json!(true);
    rpm.ok(&["start", &rpm.config(&[config])]);
    eventually("figures with requests", || {
        // It may not listen yet.
        drop(get(port, "/"));
        let seen = rpm.observed().processes.remove(0);
        seen.figures.requests_per_s.is_some_and(|rate| rate > 0.0).then_some(seen)
    })
}

#[test]
fn an_app_without_any_package_tells_figures_where_it_is_to() {
    for (mode, script) in [("fork", "serve.mjs"), ("cluster", "serve.cjs")] {
        let rpm = Rpm::new();
        let esm = "import http from 'node:http';";
        let cjs = "const http = require('http');";
        let head = if script.ends_with("mjs") { esm } else { cjs };
        let text = format!(
            "{head} http.createServer((_, it) => setTimeout(() => it.end('x'), 20))\
             .listen(process.env.PORT); console.log('options', process.env.NODE_OPTIONS);"
        );
        let script = rpm.write(script, &text);
        let seen = figures_of(&rpm, &json!({ "name": "app", "script": script, "exec_mode": mode }));
        let figures = seen.figures;
        assert!(figures.request_ms.is_some_and(|ms| (19.0..2000.0).contains(&ms)), "{figures:?}");
        assert!(figures.heap_used > Some(1 << 20) && figures.heap_total >= figures.heap_used);
        assert!(figures.handles > Some(0) && figures.event_loop_ms.is_some(), "{figures:?}");
        let shown = rpm.one("app");
        assert_eq!(shown.env("axm_monitor")["HTTP"]["unit"], "req/s");
        assert!(shown.env("node_version").is_string());
        assert!(rpm.ok(&["describe", "app"]).contains("Event Loop Latency p95"));
        // What the app starts does not load it.
        assert!(rpm.ok(&["logs", "--nostream"]).contains("options undefined"));
        // It is kept with the list.
        rpm.ok(&["save"]);
        let dump = std::fs::read_to_string(rpm.home().join("dump.pm2")).unwrap();
        assert!(dump.contains("\"pmx_metrics\": true"), "{dump}");
    }
}

#[test]
fn an_app_with_pm2s_own_library_tells_its_own_figures() {
    let path = packages();
    let rpm = Rpm::new().with_env("NODE_PATH", path.to_str().unwrap());
    let io = json!({ "name": "io", "script": app("metrics.cjs"), "pmx": true });
    rpm.ok(&["start", &rpm.config(&[io])]);
    let of = |name: &str| watched(&rpm, "io").monitor.get(name).map(|it| it["type"].clone());
    let theirs = eventually("its figures", || of("Event Loop Latency"));
    assert_eq!(theirs, "internal/libuv/latency/p50");
    // Ours would come within five seconds, and would take its place.
    let begun = watched(&rpm, "io").view.started_at;
    eventually("seven seconds of its life", || {
        assert_eq!(of("Event Loop Latency").unwrap(), theirs);
        (rpm.observed().at - begun > 7000).then_some(())
    });
}

#[test]
fn nothing_is_loaded_into_an_app_that_did_not_ask() {
    let rpm = Rpm::new();
    let text = "console.log('options', process.env.NODE_OPTIONS); setInterval(() => {}, 1000)";
    let script = rpm.write("app.cjs", text);
    rpm.ok(&["start", script.to_str().unwrap(), "--name", "app"]);
    let pid = rpm.one("app").pid;
    assert_eq!(environ(pid, "NODE_OPTIONS"), None);
    assert_eq!(rpm.one("app").env("pmx"), &json!(true), "as PM2 says");
}

#[test]
fn the_machine_is_shown() {
    let rpm = Rpm::new();
    assert!(rpm.run(&["sysmonit"]).all().contains("no daemon runs"));
    rpm.ok(&["start", &child(), "--name", "app"]);
    let shown = rpm.ok(&["sysmonit"]);
    for part in ["cpu", "processors", "memory", "/ ", "received/s"] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    let json: Value = serde_json::from_str(&rpm.ok(&["sysmonit", "--json"])).unwrap();
    assert!(json["memory_total"].as_u64() > Some(1 << 20));
    let pm2s = rpm.ok(&["slist"]);
    assert!(pm2s.starts_with("{\n  'CPU Usage': { value: "), "{pm2s}");
    assert!(pm2s.contains("'fs:use:/': { value: "), "{pm2s}");
    assert!(rpm.ok(&["sysinfos", "-t"]).contains("├─ RAM Total\n│  ├─ value: "));
    assert!(rpm.ok(&["list"]).contains("\nhost metrics | cpu: "));
    assert!(!rpm.ok(&["status"]).contains("host metrics"));
    rpm.ok(&["set", "pm2:sysmonit", "false"]);
    assert!(!rpm.ok(&["list"]).contains("host metrics"));
}
