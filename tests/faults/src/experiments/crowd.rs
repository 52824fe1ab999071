//! Many services that end at once, and one that does not.

use super::{Experiment, Order};
use crate::report::Report;
use crate::scene::{Mix, Scene, counters, service};
use nix::sys::signal::Signal;
use rpm_tests::{Rpm, kill};
use serde_json::json;
use std::fs;
use std::time::{Duration, Instant};

/// Apps that end as soon as they begin.
pub(crate) const CRASH_LOOP: Experiment = Experiment {
    name: "crash-loop-500",
    about: "500 apps that end at once, all the time (50 in the short part)",
    times: 8,
    short_times: 3,
    run: crash_loop,
};

/// A stop that waits.
pub(crate) const DEAF_STOP: Experiment = Experiment {
    name: "deaf-stop",
    about: "a stop that waits for a deaf app while others crash",
    times: 5,
    short_times: 1,
    run: deaf_stop,
};

/// All at once, with the supervisor.
pub(crate) const HERD: Experiment = Experiment {
    name: "herd",
    about: "200 services and the supervisor killed at once (40 in the short part)",
    times: 4,
    short_times: 1,
    run: herd,
};

fn crash_loop(order: &mut Order) -> Report {
    let rpm = Rpm::new();
    fs::create_dir_all(counters(&rpm)).unwrap();
    let count = if order.short { 50 } else { 500 };
    let loops = json!({
        "name": "restless", "script": "/bin/false", "instances": count, "exec_mode": "fork",
        "max_restarts": 1_000_000, "exp_backoff_restart_delay": 100,
    });
    let mut scene = Scene::start_in(rpm, Mix::ALL, &[]);
    let config = scene.rpm.write("loops.json", &json!({ "apps": [loops] }).to_string());
    // Its answer says that they do not run.
    scene.rpm.run(&["start", config.to_str().unwrap()]);
    let end = Instant::now() + Duration::from_secs(order.times);
    while Instant::now() < end {
        scene.regain(Instant::now());
        std::thread::sleep(Duration::from_millis(200));
    }
    scene.end_victim(0, Signal::SIGUSR1);
    scene.check_exit(0);
    let restarts: u64 = scene.rpm.app("restless").iter().map(|one| one.restarts).sum();
    scene.report.faults = restarts;
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report.promise_memory(super::MEMORY_KIB);
    report
}

fn deaf_stop(order: &mut Order) -> Report {
    let rpm = Rpm::new();
    fs::create_dir_all(counters(&rpm)).unwrap();
    let mut deaf = service(&rpm, "restless-deaf", "deaf", 100, &[]);
    deaf["kill_timeout"] = json!(3000);
    let mut scene = Scene::start_in(rpm, Mix::ALL, &[deaf]);
    for _ in 0..order.times {
        let begun = Instant::now();
        let mut stop = scene.rpm.beside(&["stop", "restless-deaf"]);
        for victim in [0, 2] {
            let crashed = Instant::now();
            scene.end_victim(victim, Signal::SIGUSR2);
            scene.check_exit(victim);
            scene.report.faults += 1;
            let took = crashed.elapsed();
            let text = format!("a crash was answered after {took:?}, while a stop waited");
            scene.report.promise(took < Duration::from_millis(2500), text);
        }
        let status = stop.wait();
        let took = begun.elapsed();
        let in_time = (Duration::from_millis(2900)..Duration::from_secs(15)).contains(&took);
        let text = format!("the stop took {took:?} and ended with {status}");
        scene.report.promise(in_time && status.success(), text);
        scene.rpm.run(&["start", "restless-deaf"]);
    }
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report
}

fn herd(order: &mut Order) -> Report {
    let rpm = Rpm::new();
    fs::create_dir_all(counters(&rpm)).unwrap();
    let count: u64 = if order.short { 40 } else { 200 };
    let mut herd = service(&rpm, "restless", "10", 100, &[]);
    herd["instances"] = json!(count);
    herd["exec_mode"] = json!("fork");
    let mut scene = Scene::start_in(rpm, Mix { victims: 0, ..Mix::ALL }, &[herd]);
    for round in 1..=order.times {
        let pids = scene.rpm.pids("restless");
        scene.report.exits.all += count;
        // Every second time the supervisor is among them.
        let fault = if round % 2 == 0 { Instant::now() } else { scene.kill_supervisor() };
        for pid in &pids {
            kill(*pid, Signal::SIGKILL);
        }
        scene.report.faults += count;
        scene.regain(fault);
        let end = Instant::now() + Duration::from_mins(1);
        let is_right = |one: &rpm_tests::Process| {
            one.restarts == round && one.is_online() && one.env("exit_signal") == "SIGKILL"
        };
        let right = loop {
            let now = scene.rpm.app("restless");
            let right = u64::try_from(now.iter().filter(|one| is_right(one)).count()).unwrap();
            if right == count || Instant::now() > end {
                break right;
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        scene.report.exits.wrong += count - right;
        scene.note(format!("all {count} run again after {:?}", fault.elapsed()));
        if right < count {
            break;
        }
    }
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report.promise_memory(super::MEMORY_KIB);
    report
}
