//! A thread that goes on where another stopped.

use crate::http::{Load, get, spread};
use crate::world::{Start, World, free_port, policy, start};
use rpm_core::spec::ClusterPolicy;
use std::time::Duration;

#[test]
fn workers_go_on_and_can_be_replaced() {
    for of in [ClusterPolicy::Rr, ClusterPolicy::Shared, ClusterPolicy::ReusePort] {
        let port = free_port();
        let mut world = World::new();
        let one = |slot| Start { slot, options: policy(of), ..start("web.js", port) };
        world.app(2, one);
        let before = world.pids();
        let load = Load::start(port, "/", 6, true, Duration::ZERO);
        load.wait(50);
        for _ in 0..3 {
            world.take_over();
            load.wait(50);
        }
        load.stop_lossless();
        assert_eq!(world.pids(), before);
        let load = Load::start(port, "/", 6, false, Duration::ZERO);
        for slot in 0..2 {
            let oldest = *world.runs.keys().next().unwrap();
            world.replace(oldest, one(slot));
        }
        load.wait(20);
        load.stop_lossless();
        world.channels.app_gone("app".to_owned());
        world.eventually("the sockets are given up", |world| world.held() == 0);
    }
}

#[test]
fn a_drain_that_was_begun_is_finished() {
    let port = free_port();
    let mut world = World::new();
    world.app(2, |slot| Start { slot, ..start("web.js", port) });
    let first = *world.runs.keys().next().unwrap();
    world.channels.drain(first);
    world.take_over();
    world.await_told(first, "disconnected");
    assert!(world.end(first, None).success());
    get(port, "/").unwrap();
}

#[test]
fn sockets_of_nobody_are_given_up() {
    let port = free_port();
    let mut world = World::new();
    let run = world.spawn(start("web.js", port));
    world.await_told(run, "ready");
    assert_eq!(spread(port, 2).len(), 1);
    world.take_over();
    world.end(run, Some(9));
    // The app still exists: its listener is kept for the next run.
    let next = world.spawn(start("web.js", port));
    world.await_told(next, "ready");
    assert_eq!(world.held(), 1);
    get(port, "/").unwrap();
}
