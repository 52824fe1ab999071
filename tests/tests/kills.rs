//! The supervisor is killed again and again while clients connect: none of them may notice.
//!
//! `RPM_KILLS` sets how often it is killed in each policy.

use nix::sys::signal::Signal;
use rpm_tests::{Load, Process, Rpm, Style, alive, app, eventually, free_port, kill};
use serde_json::{Value, json};
use std::time::Duration;

/// Kills in each policy, when nothing else is asked for.
const KILLS: u64 = 6;

#[test]
fn no_connection_is_lost_with_the_supervisor() {
    let kills = std::env::var("RPM_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    for (policy, sticky) in [("rr", false), ("rr", true), ("shared", false), ("reuseport", false)] {
        let rpm = Rpm::new();
        let port = free_port();
        rpm.ok(&["start", &rpm.config(&[web(port, policy, sticky)])]);
        let before = rpm.pids("web");
        let load = Load::start(port, "/", 8, Style::Short, Duration::ZERO);
        for round in 0..kills {
            let (supervisor, _) = rpm.daemon();
            let enough = load.answered() + 20 + round * 7 % 50;
            eventually("clients are served", || (load.answered() > enough).then_some(()));
            kill(supervisor, Signal::SIGKILL);
            eventually("it is gone", || (!alive(supervisor)).then_some(()));
        }
        let enough = load.answered() + 50;
        eventually("clients are served", || (load.answered() > enough).then_some(()));
        let result = load.stop();
        eprintln!(
            "{policy}, sticky {sticky}: {kills} kills, {} requests, {} failed, longest {:?}",
            result.requests,
            result.failures.len(),
            result.longest,
        );
        result.assert_lossless(kills * 20);
        assert_eq!(rpm.pids("web"), before);
        assert!(rpm.app("web").iter().all(Process::is_online));
    }
}

fn web(port: u16, policy: &str, sticky: bool) -> Value {
    json!({
        "name": "web", "script": app("web.js"), "exec_mode": "cluster", "instances": 2,
        "wait_ready": true, "env": { "PORT": port }, "cluster_policy": policy, "sticky": sticky,
    })
}
