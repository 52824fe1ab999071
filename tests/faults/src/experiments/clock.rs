//! Clocks that jump, and a daemon that is stopped for a while.

use super::{Experiment, Order, skipped};
use crate::disturb::is_root;
use crate::report::Report;
use crate::scene::{Mix, Scene, counters, service};
use nix::sys::signal::Signal;
use rpm_tests::{Rpm, eventually, kill};
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Monotonic clocks that begin elsewhere.
pub(crate) const CLOCK: Experiment = Experiment {
    name: "clock-jump",
    about: "a daemon whose clocks are days ahead (time namespace), and one that follows it",
    times: 1,
    short_times: 1,
    run: clock_jump,
};

/// SIGSTOP, some seconds, SIGCONT.
pub(crate) const STOPPED: Experiment = Experiment {
    name: "stop-cont",
    about: "keeper and supervisor are stopped for a minute (6 s in the short part)",
    times: 60,
    short_times: 6,
    run: stop_cont,
};

fn clock_jump(_order: &mut Order) -> Report {
    if !is_root() {
        return skipped("needs root, for a time namespace");
    }
    let rpm = Rpm::new();
    let delayed = json!({
        "name": "restless", "script": rpm_tests::child(), "args": ["note:note", "exit:1"],
        "restart_delay": 400, "max_restarts": 1_000_000,
    });
    let config = rpm.config(&[delayed]);
    let inside = |offset: i64| {
        let mut command = std::process::Command::new("unshare");
        let offset = offset.to_string();
        command.args(["-T", "--monotonic", &offset, "--boottime", &offset, "--"]);
        let start = rpm.command(&["start", &config]);
        command.arg(start.get_program()).args(start.get_args());
        command.current_dir(rpm.dir());
        for (name, value) in start.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.stdin(Stdio::null()).output().unwrap()
    };
    let mut report = Report { subject: "rpm".to_owned(), ..Report::default() };
    let mut runs = 0;
    for offset in [864_000, 0] {
        let output = inside(offset);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        if text.contains("unshare") {
            return skipped(format!("no time namespace: {}", text.trim()));
        }
        report.faults += 1;
        let wanted = runs + 4;
        eventually("it is started again and again", || {
            (starts(&rpm).len() >= wanted).then_some(())
        });
        let times = starts(&rpm);
        let pauses: Vec<u64> = times[runs..].windows(2).map(|pair| pair[1] - pair[0]).collect();
        let right = pauses.iter().all(|pause| (390..15_000).contains(pause));
        report.promise(right, format!("with clocks {offset} s ahead, pauses of {pauses:?} ms"));
        // The next one finds the table of one that lived ten days later.
        let (supervisor, keeper) = rpm.daemon();
        for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
            for pid in &[supervisor, keeper] {
                kill(*pid, signal);
            }
        }
        for pid in &[supervisor, keeper] {
            crate::scene::ended(*pid);
        }
        runs = starts(&rpm).len();
    }
    rpm.run(&["list"]);
    report.notes.push("the wall clock cannot be set for one program alone".to_owned());
    report
}

fn starts(rpm: &Rpm) -> Vec<u64> {
    let text = rpm.read("note");
    let starts = text.lines().filter(|line| line.starts_with("start "));
    starts.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

fn stop_cont(order: &mut Order) -> Report {
    let rpm = Rpm::new();
    fs::create_dir_all(counters(&rpm)).unwrap();
    let mut deaf = service(&rpm, "restless-deaf", "deaf", 100, &[]);
    deaf["kill_timeout"] = json!(8000);
    // It says that it is ready while nobody hears it; its patience ends in that time as well.
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("apps/late.js");
    let late = json!({
        "name": "late", "script": script, "wait_ready": true, "listen_timeout": 4000,
        "env": { "DELAY_MS": 2000 },
    });
    // In rr the daemon accepts: who connects meanwhile waits. The others must not notice.
    let webs: &[&str] = if order.short { &["rr", "shared", "fork"] } else { &["shared", "fork"] };
    let mix = Mix { webs, web_lines: 2, lines_a_second: 5, victims: 2 };
    let mut scene = Scene::start_in(rpm, mix, &[deaf]);
    let config = scene.rpm.write("late.json", &json!({ "apps": [late] }).to_string());
    let mut start = scene.rpm.beside(&["start", config.to_str().unwrap()]);
    let first = eventually("late is started", || {
        scene.rpm.app("late").first().map(|one| one.pid).filter(|pid| *pid > 0)
    });
    let mut stop = scene.rpm.beside(&["stop", "restless-deaf"]);
    let deaf_pid = scene.rpm.one("restless-deaf").pid;
    std::thread::sleep(Duration::from_millis(100));
    let victim = scene.victim_pid(0);
    let pids: Vec<u32> = scene.supervisor().into_iter().chain([scene.keeper]).collect();
    for pid in &pids {
        kill(*pid, Signal::SIGSTOP);
    }
    scene.report.faults += 1;
    scene.end_victim_pid(0, victim, Signal::SIGUSR1);
    std::thread::sleep(Duration::from_secs(order.times));
    let fault = Instant::now();
    for pid in pids.iter().rev() {
        kill(*pid, Signal::SIGCONT);
    }
    scene.regain(fault);
    scene.check_exit(0);
    let status = start.wait();
    let late = scene.rpm.one("late");
    let holds = late.pid == first && late.restarts == 0 && late.is_online() && status.success();
    let text = format!("late was {first}, is {} with {} restarts", late.pid, late.restarts);
    scene.report.promise(holds, text);
    let kept = pids.iter().all(|pid| rpm_tests::alive(*pid));
    scene.report.promise(kept, "the supervisor or the keeper was replaced");
    let status = stop.wait();
    let gone = !rpm_tests::alive(deaf_pid);
    scene.report.promise(status.success() && gone, format!("the stop ended with {status}"));
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report
}
