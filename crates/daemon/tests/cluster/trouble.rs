//! Workers that die, block, or run out of descriptors.

use crate::http::{Load, get, pid_of, spread};
use crate::world::{Start, World, free_port, start};
use rpm_core::Generation;
use std::time::{Duration, Instant};

fn run_of(world: &World, pid: u64) -> Generation {
    *world.runs.iter().find(|(_, run)| u64::from(run.pid) == pid).unwrap().0
}

#[test]
fn a_killed_worker_costs_its_neighbours_nothing() {
    let port = free_port();
    let mut world = World::new();
    let one = |slot| Start { slot, ..start("web.js", port) };
    world.app(2, one);
    let clients = 8;
    let load = Load::start(port, "/", clients, false, Duration::ZERO);
    for _ in 0..5 {
        load.wait(50);
        let oldest = *world.runs.keys().next().unwrap();
        world.end(oldest, Some(9));
        load.wait(20);
        let run = world.spawn(one(0));
        world.await_told(run, "ready");
    }
    let (answered, failed) = load.stop();
    // Only what it was answering goes with it.
    assert!(failed.len() <= 5 * clients, "{} of {answered}: {failed:?}", failed.len());
    let hung = failed.iter().filter(|text| text.contains("timed out")).count();
    assert_eq!(hung, 0, "{failed:?}");
}

#[test]
fn a_stopped_worker_gives_back_what_it_did_not_take() {
    let port = free_port();
    let mut world = World::new();
    world.app(2, |slot| Start { slot, ..start("web.js", port) });
    let first = *world.runs.keys().next().unwrap();
    // Stopped, it takes what is handed to it no further than its channel.
    crate::world::kill(world.runs[&first].pid, 19);
    let load = Load::start(port, "/", 6, false, Duration::ZERO);
    load.wait(30);
    world.end(first, Some(9));
    load.wait(30);
    load.stop_lossless();
}

#[test]
fn a_blocked_worker_is_gone_round() {
    let port = free_port();
    let mut world = World::new();
    world.app(2, |slot| Start { slot, ..start("web.js", port) });
    let blocked = pid_of(&get(port, "/block/6000").unwrap());
    let begun = Instant::now();
    // At most its window of connections goes to it.
    let load = Load::start(port, "/", 8, false, Duration::ZERO);
    load.wait(60);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    load.stop_lossless();
    assert!(spread(port, 10).contains_key(&blocked));
}

#[test]
fn a_worker_without_descriptors_loses_nothing() {
    let port = free_port();
    let mut world = World::new();
    world.app(2, |slot| Start { slot, ..start("web.js", port) });
    let load = Load::start(port, "/", 6, false, Duration::ZERO);
    load.wait(50);
    let starved = pid_of(&get(port, "/starve/700").unwrap());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(900) {
        load.wait(20);
    }
    load.stop_lossless();
    assert!(run_of(&world, starved).0 > 0);
    world.eventually("it serves again", |_| pid_of(&get(port, "/").unwrap()) == starved);
}

#[test]
fn a_worker_that_refuses_passes_on() {
    let port = free_port();
    let mut world = World::new();
    let one = |slot| {
        let mut start = Start { slot, ..start("refuse.cjs", port) };
        if slot == 0 {
            start.env.push(("MAX", "1".to_owned()));
        }
        start
    };
    world.app(2, one);
    let load = Load::start(port, "/", 8, false, Duration::ZERO);
    load.wait(300);
    load.stop_lossless();
}
