//! A daemon without descriptors, without processes, without memory.

use super::{Experiment, Order, skipped};
use crate::disturb::{Group, descriptors, files_max, set_files_max};
use crate::report::Report;
use crate::scene::{Mix, Scene};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// No more files than are open, for two seconds.
pub(crate) const NO_FDS: Experiment = Experiment {
    name: "no-fds",
    about: "no descriptors left to the supervisor, then to the keeper",
    times: 4,
    short_times: 2,
    run: no_fds,
};

/// No more processes than run.
pub(crate) const NO_PIDS: Experiment = Experiment {
    name: "no-pids",
    about: "no processes left to the daemon (pids control group)",
    times: 4,
    short_times: 1,
    run: no_pids,
};

/// Less memory than is used.
pub(crate) const NO_MEMORY: Experiment = Experiment {
    name: "no-memory",
    about: "no memory left to the supervisor (memory control group), with 5,000 lines a second",
    times: 4,
    short_times: 1,
    run: no_memory,
};

const MIX: Mix = Mix { victims: 2, ..Mix::ALL };

fn no_fds(order: &mut Order) -> Report {
    let mut scene = Scene::start(MIX, &[]);
    for round in 0..order.times {
        let supervisor = scene.supervisor().unwrap();
        let pid = if round % 2 == 0 { supervisor } else { scene.keeper };
        let usual = files_max(pid).unwrap();
        if let Err(why) = set_files_max(pid, &descriptors(pid).to_string()) {
            drop(scene.finish());
            return skipped(why);
        }
        scene.report.faults += 1;
        let victim = scene.try_to_end(0, Signal::SIGUSR1);
        std::thread::sleep(Duration::from_secs(2));
        if set_files_max(pid, &usual).is_err() {
            scene.note(format!("process {pid} is gone"));
        }
        recovered(&mut scene, victim);
    }
    said(&mut scene, &["descriptors", "Too many open files", "EMFILE", "too many open files"]);
    let mut report = scene.finish();
    // A log file cannot be opened either.
    report.promise_nothing_silent(101);
    report
}

fn no_pids(order: &mut Order) -> Report {
    let group = match Group::create("pids", &[]) {
        Ok(group) => group,
        Err(why) => return skipped(why),
    };
    let mut scene = Scene::start(MIX, &[]);
    group.take(scene.keeper);
    group.take(scene.supervisor().unwrap());
    for _ in 0..order.times {
        let now = group.read("pids.current");
        group.set("pids.max", &now.to_string());
        let victim = scene.try_to_end(0, Signal::SIGUSR1);
        std::thread::sleep(Duration::from_secs(1));
        // Nor can a successor be started.
        scene.kill_supervisor();
        group.set("pids.max", "1");
        std::thread::sleep(Duration::from_secs(1));
        group.set("pids.max", "max");
        recovered(&mut scene, victim);
    }
    said(&mut scene, &["Resource temporarily unavailable", "EAGAIN", "processes"]);
    let mut report = scene.finish();
    drop(group);
    report.promise_nothing_noticed();
    report
}

fn no_memory(order: &mut Order) -> Report {
    let group = match Group::create("memory", &[]) {
        Ok(group) => group,
        Err(why) => return skipped(why),
    };
    let mut scene = Scene::start(Mix { lines_a_second: 1000, victims: 0, ..MIX }, &[]);
    // The keeper is kept from the kernel's choice where the system allows it (oom_score_adj).
    group.take(scene.supervisor().unwrap());
    for _ in 0..order.times {
        // Less than it needs from now on; files that are in memory do not count for long.
        let some = 512 << 10;
        group.set("memory.limit_in_bytes", &(64 << 20).to_string());
        let set = group.try_set("memory.limit_in_bytes", some);
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end {
            let mut list = scene.rpm.command(&["jlist"]);
            let list = list.stdout(std::process::Stdio::null()).spawn();
            std::thread::sleep(Duration::from_millis(100));
            if let Ok(mut list) = list {
                let _ = list.kill();
                let _ = list.wait();
            }
        }
        scene.report.faults += 1;
        scene.note(format!("limit of {} KiB set: {set}", some >> 10));
        group.set("memory.limit_in_bytes", "-1");
        recovered(&mut scene, None);
        if scene.is_lost() {
            break;
        }
        if let Some(supervisor) = scene.supervisor() {
            group.take(supervisor);
        }
    }
    let hits = group.read("memory.failcnt");
    scene.note(format!("the limit was hit {hits} times"));
    let mut report = scene.finish();
    drop(group);
    report.promise_nothing_noticed();
    report
}

/// It goes on as if nothing had been.
fn recovered(scene: &mut Scene, victim: Option<usize>) {
    let begun = Instant::now();
    scene.regain(begun);
    if scene.is_lost() {
        return;
    }
    scene.meet();
    if let Some(victim) = victim {
        scene.check_return(victim);
    }
}

/// What could not be done is in the daemon's log.
fn said(scene: &mut Scene, words: &[&str]) {
    let log = scene.rpm.daemon_log();
    let found = words.iter().any(|word| log.contains(word));
    scene.report.promise(found, "the daemon's log does not say what was missing");
}
