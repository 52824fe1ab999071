//! SIGKILL of the supervisor: at any moment, while apps die, and in the middle of a reload.

use super::{Experiment, Order};
use crate::report::Report;
use crate::scene::{Mix, Scene, ended};
use nix::sys::signal::Signal;
use rpm_tests::kill;
use std::time::{Duration, Instant};

/// Kills some ms apart, some while the successor is taking over.
pub(crate) const AT_ANY_MOMENT: Experiment = Experiment {
    name: "supervisor-kill",
    about: "SIGKILL of the supervisor at any moment",
    times: 100,
    short_times: 20,
    run: at_any_moment,
};

/// Kills of a supervisor that has lived for a while, on a machine that does nothing else.
pub(crate) const WHILE_IDLE: Experiment = Experiment {
    name: "supervisor-kill-idle",
    about: "SIGKILL of the supervisor of idle services, more than a second apart",
    times: 100,
    short_times: 3,
    run: while_idle,
};

/// Exits that happen while nobody looks.
pub(crate) const WHILE_APPS_DIE: Experiment = Experiment {
    name: "supervisor-kill-exits",
    about: "services end between the supervisor's death and its successor",
    times: 30,
    short_times: 6,
    run: while_apps_die,
};

/// Kills 0 to 300 ms after a reload was asked for.
pub(crate) const IN_A_RELOAD: Experiment = Experiment {
    name: "supervisor-kill-reload",
    about: "SIGKILL of the supervisor while a cluster is reloaded",
    times: 20,
    short_times: 4,
    run: in_a_reload,
};

const SIGNALS: [Signal; 4] = [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGKILL];

fn at_any_moment(order: &mut Order) -> Report {
    let mut scene = Scene::start(Mix::ALL, &[]);
    for round in 0..order.times {
        order.chance.sleep_ms(200);
        let fault = scene.kill_supervisor();
        match round % 3 {
            // The next one comes at once, in the middle of the take-over. From death to death of
            // supervisors that were never ready the keeper waits longer.
            0 => order.chance.sleep_ms(25),
            1 => {
                scene.answered(fault);
                let victim = usize::try_from(order.chance.below(4)).unwrap();
                scene.end_victim(victim, *order.chance.one_of(&SIGNALS));
                scene.check_exit(victim);
            }
            _ => scene.regain(fault),
        }
        if scene.is_lost() {
            break;
        }
    }
    let fault = Instant::now();
    scene.answered(fault);
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    super::promise_regain(order, &mut report);
    report
}

fn while_idle(order: &mut Order) -> Report {
    let idle = Mix { webs: &[], web_lines: 0, lines_a_second: 1, victims: 4 };
    let mut scene = Scene::start(idle, &[]);
    for _ in 0..order.times {
        // One that dies in its first second is started again with a delay, when it is one of many.
        std::thread::sleep(Duration::from_millis(1050));
        order.chance.sleep_ms(100);
        let fault = scene.kill_supervisor();
        scene.regain(fault);
    }
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    super::promise_regain(order, &mut report);
    report
}

fn while_apps_die(order: &mut Order) -> Report {
    let mut scene = Scene::start(Mix::ALL, &[]);
    for _ in 0..order.times {
        order.chance.sleep_ms(100);
        let victims: Vec<usize> = (0..4).filter(|_| order.chance.below(2) == 0).collect();
        let pids: Vec<u32> = victims.iter().map(|index| scene.victim_pid(*index)).collect();
        let Some(supervisor) = scene.supervisor() else { continue };
        let keeper = scene.keeper;
        kill(keeper, Signal::SIGSTOP);
        kill(supervisor, Signal::SIGSTOP);
        for (index, pid) in victims.iter().zip(&pids) {
            scene.end_victim_pid(*index, *pid, *order.chance.one_of(&SIGNALS));
        }
        for pid in &pids {
            ended(*pid);
        }
        kill(supervisor, Signal::SIGKILL);
        scene.report.faults += 1;
        let fault = Instant::now();
        kill(keeper, Signal::SIGCONT);
        scene.regain(fault);
        for index in &victims {
            scene.check_exit(*index);
        }
    }
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    super::promise_regain(order, &mut report);
    report
}

fn in_a_reload(order: &mut Order) -> Report {
    let mut scene = Scene::start(Mix::ALL, &[]);
    for round in 0..order.times {
        let name = ["web-rr", "web-shared", "web-reuseport"][usize::try_from(round % 3).unwrap()];
        let before = scene.rpm.app(name);
        let mut reload = scene.rpm.beside(&["reload", name]);
        order.chance.sleep_ms(300);
        let fault = scene.kill_supervisor();
        scene.regain(fault);
        let status = reload.wait();
        // Finished or rolled back: as many as before, all of one kind, and all serve.
        let end = Instant::now() + Duration::from_secs(15);
        let settled = loop {
            let now = scene.rpm.app(name);
            let online = now.len() == before.len() && now.iter().all(crate::scene::steady);
            if online || Instant::now() > end {
                break online;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let now = scene.rpm.app(name);
        let pids = |all: &[rpm_tests::Process]| all.iter().map(|one| one.pid).collect::<Vec<_>>();
        if !settled {
            let text = format!("{name} is {now:?} after a reload that ended with {status}");
            scene.report.broken.push(text);
        }
        let new = pids(&now).iter().filter(|pid| !pids(&before).contains(pid)).count();
        if status.success() && new != before.len() {
            let text = format!("a reload of {name} was said to be done: {new} of 2 are new");
            scene.report.broken.push(text);
        }
        scene.note(format!("{name}: reload ended with {status}, {new} of {} new", before.len()));
    }
    let mut report = scene.finish();
    // What was reloaded has new processes.
    report.services.wrong = 0;
    report.services.all = 0;
    report.promise_nothing_noticed();
    super::promise_regain(order, &mut report);
    report
}
