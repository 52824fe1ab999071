//! Who accepts, and replacing workers under load.

use crate::http::{Load, get, get_from, open, pid_of, spread};
use crate::world::{Start, World, free_port, policy, start};
use rpm_core::spec::{ClusterOptions, ClusterPolicy};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};
use std::net::IpAddr;
use std::time::Duration;

const POLICIES: [ClusterPolicy; 3] =
    [ClusterPolicy::Rr, ClusterPolicy::Shared, ClusterPolicy::ReusePort];

fn reload_under_load(of: ClusterPolicy, keep: bool, pause: Duration, rounds: usize) {
    let port = free_port();
    let mut world = World::new();
    let one = |slot| Start { slot, options: policy(of), ..start("web.js", port) };
    world.app(2, one);
    let load = Load::start(port, "/", 12, keep, pause);
    for round in 0..rounds {
        load.wait(20);
        let slot = u32::try_from(round % 2).unwrap();
        let oldest = *world.runs.keys().next().unwrap();
        world.replace(oldest, one(slot));
    }
    load.wait(20);
    load.stop_lossless();
    assert!(world.runs.keys().all(|run| run.0 > 2), "all were replaced");
}

#[test]
fn no_short_connection_fails_in_a_reload() {
    for policy in POLICIES {
        reload_under_load(policy, false, Duration::ZERO, 6);
    }
}

#[test]
fn no_busy_connection_fails_in_a_reload() {
    for policy in POLICIES {
        reload_under_load(policy, true, Duration::ZERO, 6);
    }
}

#[test]
fn no_connection_with_pauses_fails_in_a_reload() {
    reload_under_load(ClusterPolicy::Rr, true, Duration::from_millis(300), 4);
}

#[test]
fn a_response_under_way_ends_its_connection() {
    let port = free_port();
    let mut world = World::new();
    let run = world.spawn(start("hold.cjs", port));
    world.await_told(run, "ready");
    let mut stream = open(port).unwrap();
    stream.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    world.await_told(run, "\"held\"");
    world.channels.drain(run);
    world.channels.send(run, "\"go\"".to_owned());
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("Connection: close"), "{answer}");
    world.await_told(run, "disconnected");
    assert!(world.end(run, None).success());
}

#[test]
fn http2_sessions_are_told_to_go_elsewhere() {
    let port = free_port();
    let mut world = World::new();
    let run = world.spawn(start("h2.cjs", port));
    world.await_told(run, "ready");
    let mut client = std::process::Command::new("node")
        .arg(crate::world::script("h2-client.cjs"))
        .env("PORT", port.to_string())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(client.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "begun");
    world.channels.drain(run);
    assert_eq!(lines.next().unwrap().unwrap(), "goaway");
    world.channels.send(run, "\"go\"".to_owned());
    assert_eq!(lines.next().unwrap().unwrap(), "answered whole");
    world.await_told(run, "disconnected");
    assert!(world.end(run, None).success());
    assert!(client.wait().unwrap().success());
}

#[test]
fn each_policy_serves_from_all_workers() {
    for of in POLICIES {
        let port = free_port();
        let mut world = World::new();
        world.app(2, |slot| Start { slot, options: policy(of), ..start("web.js", port) });
        let mut seen = BTreeSet::new();
        world.eventually("all serve", |world| {
            seen.insert(pid_of(&get(port, "/").unwrap()));
            seen.iter().copied().eq(world.pids())
        });
        assert_eq!(world.held(), if of == ClusterPolicy::ReusePort { 2 } else { 1 });
        world.channels.app_gone("app".to_owned());
        world.eventually("the sockets are given up", |world| world.held() == 0);
    }
}

#[test]
fn a_slot_without_a_worker_is_served_by_the_others() {
    let port = free_port();
    let mut world = World::new();
    let options = policy(ClusterPolicy::ReusePort);
    world.app(3, |slot| Start { slot, options: options.clone(), ..start("web.js", port) });
    let victim = *world.runs.keys().nth(1).unwrap();
    world.end(victim, Some(9));
    for _ in 0..60 {
        assert!(world.pids().contains(&pid_of(&get(port, "/").unwrap())));
    }
}

#[test]
fn an_unprivileged_stranger_on_the_port_is_not_hidden_by_reuse() {
    let holder = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let mut world = World::new();
    let options = policy(ClusterPolicy::ReusePort);
    let run = world.spawn(Start { options, ..start("in-use.js", port) });
    world.eventually("it is refused", |world| world.log(run).contains("first EADDRINUSE"));
}

#[test]
fn a_source_address_keeps_its_worker() {
    let port = free_port();
    let mut world = World::new();
    let options = ClusterOptions { sticky: true, ..ClusterOptions::default() };
    let one = |slot| Start { slot, options: options.clone(), ..start("web.js", port) };
    world.app(4, one);
    let address = |last: u8| IpAddr::from([127, 0, 0, last]);
    let homes: BTreeMap<u8, u64> =
        (1..=60).map(|last| (last, get_from(address(last), port))).collect();
    for _ in 0..3 {
        for (last, pid) in &homes {
            assert_eq!(get_from(address(*last), port), *pid);
        }
    }
    let used: BTreeSet<u64> = homes.values().copied().collect();
    assert_eq!(used.len(), 4, "{homes:?}");
    // A replaced worker inherits its slot's addresses; nobody else moves.
    let first = *world.runs.keys().next().unwrap();
    let old = u64::from(world.runs[&first].pid);
    let new = world.replace(first, one(0));
    let new = u64::from(world.runs[&new].pid);
    for (last, pid) in &homes {
        let expected = if *pid == old { new } else { *pid };
        assert_eq!(get_from(address(*last), port), expected);
    }
}

#[test]
fn the_policy_may_change_with_a_reload() {
    let port = free_port();
    let mut world = World::new();
    world.app(2, |slot| Start { slot, ..start("web.js", port) });
    let load = Load::start(port, "/", 4, false, Duration::ZERO);
    for of in [ClusterPolicy::Shared, ClusterPolicy::Rr] {
        for slot in 0..2 {
            let oldest = *world.runs.keys().next().unwrap();
            world.replace(oldest, Start { slot, options: policy(of), ..start("web.js", port) });
            load.wait(20);
        }
    }
    load.stop_lossless();
    assert_eq!(spread(port, 20).len(), 2);
}
