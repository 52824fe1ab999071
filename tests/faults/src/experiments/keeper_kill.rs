//! SIGKILL of the keeper, and of keeper and supervisor at once.

use super::{Experiment, Order};
use crate::report::Report;
use crate::scene::{Mix, Scene};
use nix::sys::signal::Signal;
use rpm_tests::{alive, kill};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The keeper alone.
pub(crate) const ALONE: Experiment = Experiment {
    name: "keeper-kill",
    about: "SIGKILL of the keeper",
    times: 30,
    short_times: 5,
    run: alone,
};

/// Both at once; the next command starts the daemon.
pub(crate) const BOTH: Experiment = Experiment {
    name: "both-kill",
    about: "SIGKILL of supervisor and keeper at once, then `rpm ping`",
    times: 20,
    short_times: 4,
    run: both,
};

/// Everything at once, right after a command was answered.
pub(crate) const POWER_CUT: Experiment = Experiment {
    name: "power-cut",
    about: "SIGKILL of everything right after an acknowledged command, then `rpm resurrect`",
    times: 50,
    short_times: 8,
    run: power_cut,
};

fn alone(order: &mut Order) -> Report {
    let mut scene = Scene::start(Mix::ALL, &[]);
    for round in 0..order.times {
        order.chance.sleep_ms(300);
        let old = scene.keeper;
        let fault = Instant::now();
        kill(old, Signal::SIGKILL);
        scene.report.faults += 1;
        scene.regain(fault);
        crate::scene::ended(old);
        if scene.is_lost() {
            break;
        }
        scene.meet();
        if scene.keeper == old {
            scene.report.broken.push("there is no new keeper".to_owned());
            break;
        }
        // What ended after its parent's death is started again; how it ended is known where the
        // system tells.
        let victim = usize::try_from(round % 4).unwrap();
        scene.end_victim(victim, Signal::SIGUSR1);
        scene.check_restart(victim);
    }
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    super::promise_regain(order, &mut report);
    report
}

/// Stops both before the first dies, so that neither can do anything about the other.
fn kill_both(scene: &mut Scene) {
    let pids = scene.supervisor().into_iter().chain([scene.keeper]);
    let pids: Vec<u32> = pids.collect();
    for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
        for pid in &pids {
            kill(*pid, signal);
        }
    }
    scene.report.faults += 1;
    while pids.iter().any(|pid| alive(*pid)) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn both(order: &mut Order) -> Report {
    let mix = Mix { webs: &["fork", "shared"], ..Mix::ALL };
    let mut scene = Scene::start(mix, &[]);
    for _ in 0..order.times {
        order.chance.sleep_ms(300);
        kill_both(&mut scene);
        // Whoever asks for it starts it; nobody else does.
        let asked = Instant::now();
        scene.rpm.run(&["ping"]);
        scene.regain(asked);
        if scene.is_lost() {
            break;
        }
        scene.meet();
        everything_runs_once(&mut scene);
    }
    let mut report = scene.finish();
    // Workers of a cluster end with their channel: they are started anew. What the supervisor had
    // taken from a pipe and not written yet is gone with it.
    let plain_restarted = report.services.wrong.saturating_sub(2);
    report.promise(plain_restarted == 0, format!("{plain_restarted} plain services restarted"));
    report.promise(report.lines.doubled == 0, format!("{} lines doubled", report.lines.doubled));
    report
}

/// Each instance has one process and no more.
fn everything_runs_once(scene: &mut Scene) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let list = scene.rpm.list();
        let wrong: Vec<String> = list
            .iter()
            .filter(|one| !one.is_online())
            .map(|one| format!("{} is {}", one.name, one.status))
            .collect();
        let is_service =
            |line: &str| line.contains("rpm-faults-service") || line.contains("faults/apps/");
        let all = scene.rpm.processes();
        let running = all.iter().filter(|(_, line)| is_service(line)).count();
        if wrong.is_empty() && running == list.len() {
            return;
        }
        if Instant::now() > end {
            let wanted = list.len();
            let text = format!("{running} processes run for {wanted} instances; {wrong:?}");
            scene.report.broken.push(text);
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn power_cut(order: &mut Order) -> Report {
    let mut scene = Scene::start(Mix { victims: 1, ..Mix::NONE }, &[]);
    let mut wanted = BTreeMap::from([("victim-0".to_owned(), true)]);
    for round in 0..order.times {
        let words = command(order, round, &mut wanted);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = scene.rpm.run(&words);
        if !output.status.success() {
            scene.report.broken.push(output.told(&words));
            break;
        }
        kill_both(&mut scene);
        // Nothing outlives the machine.
        for (pid, _) in scene.rpm.processes() {
            kill(pid, Signal::SIGKILL);
        }
        while !scene.rpm.processes().is_empty() {
            std::thread::sleep(Duration::from_millis(2));
        }
        let output = scene.rpm.run(&["resurrect"]);
        scene.meet();
        let list = scene.rpm.list();
        let found: BTreeMap<String, bool> =
            list.iter().map(|one| (one.name.clone(), one.status != "stopped")).collect();
        if found != wanted {
            let told = output.told(&["resurrect"]);
            let text = format!("after {words:?} there is {found:?}, not {wanted:?}; {told}");
            scene.report.broken.push(text);
            break;
        }
    }
    let mut report = scene.finish();
    report.services = crate::report::Tally::default();
    report.lines = crate::report::Lines::default();
    report
}

/// A command that can succeed, and what is wanted after it: the apps, and whether they run.
fn command(order: &mut Order, round: u64, wanted: &mut BTreeMap<String, bool>) -> Vec<String> {
    let program = rpm_tests::child();
    let names: Vec<String> = wanted.keys().cloned().collect();
    let name = order.chance.one_of(&names).clone();
    let words = match order.chance.below(if wanted.len() < 6 { 4 } else { 3 }) {
        0 if wanted.len() > 1 => {
            wanted.remove(&name);
            vec!["delete", &name]
        }
        1 => {
            wanted.insert(name.clone(), false);
            vec!["stop", &name]
        }
        2 => {
            wanted.insert(name.clone(), true);
            vec!["restart", &name]
        }
        _ => {
            let name = format!("app-{round}");
            wanted.insert(name.clone(), true);
            return ["start", &program, "--name", &name].map(str::to_owned).to_vec();
        }
    };
    words.into_iter().map(str::to_owned).collect()
}
