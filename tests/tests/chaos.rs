//! Commands and deaths in any order; afterwards everything is as the last command wanted it.

use nix::sys::signal::Signal;
use rpm_tests::{Process, Rpm, alive, app, child, child_app, eventually, free_port, get, kill};
use serde_json::json;
use std::time::Duration;

/// A source of chance that gives the same each time (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        let count = u64::try_from(all.len()).unwrap();
        all[usize::try_from(self.below(count)).unwrap()]
    }
}

const COMMANDS: &[&[&str]] = &[
    &["restart", "web"],
    &["restart", "all"],
    &["reload", "web"],
    &["reload", "all"],
    &["stop", "web"],
    &["stop", "plain"],
    &["start", "web"],
    &["start", "plain"],
    &["scale", "web", "1"],
    &["scale", "web", "3"],
    &["scale", "plain", "+1"],
    &["scale", "plain", "1"],
    &["reset", "all"],
    &["flush"],
    &["save"],
];

fn lives(rpm: &Rpm, chance: &mut Chance) {
    let mut beside = Vec::new();
    for _ in 0..40 {
        let words = chance.one_of(COMMANDS);
        match chance.below(8) {
            0 => {
                let (supervisor, _) = rpm.daemon();
                kill(supervisor, Signal::SIGKILL);
            }
            1 => {
                let pids: Vec<u32> = rpm.list().iter().map(|one| one.pid).collect();
                let running: Vec<u32> = pids.into_iter().filter(|pid| *pid != 0).collect();
                if !running.is_empty() {
                    kill(chance.one_of(&running), Signal::SIGKILL);
                }
            }
            2 => beside.push(rpm.beside(words)),
            // Commands and deaths come at any moment.
            3 => std::thread::sleep(Duration::from_millis(chance.below(200))),
            4 => {
                let (_, keeper) = rpm.daemon();
                kill(keeper, Signal::SIGKILL);
                eventually("another keeper", || (rpm.daemon().1 != keeper).then_some(()));
            }
            5 => {
                let (supervisor, keeper) = rpm.daemon();
                kill(keeper, Signal::SIGSTOP);
                kill(supervisor, Signal::SIGKILL);
                kill(keeper, Signal::SIGKILL);
                eventually("both are gone", || {
                    (!alive(supervisor) && !alive(keeper)).then_some(())
                });
                // A process that is ending may still hold the socket.
                eventually("a daemon", || rpm.run(&["ping"]).status.success().then_some(()));
            }
            _ => drop(rpm.run(words)),
        }
    }
    for mut command in beside {
        command.wait();
    }
}

/// The processes of this home that are neither the supervisor nor the keeper.
fn services(rpm: &Rpm) -> Vec<(u32, String)> {
    let all = rpm.processes().into_iter();
    all.filter(|(_, line)| line.contains("web.js") || line.contains(&child())).collect()
}

fn chaos(seed: u64) {
    let rpm = Rpm::new();
    let port = free_port();
    let web = json!({
        "name": "web", "script": app("web.js"), "exec_mode": "cluster", "instances": 2,
        "wait_ready": true, "max_restarts": 100, "env": { "PORT": port },
    });
    let mut plain = child_app("plain", &["fork", "session"]);
    plain["max_restarts"] = json!(100);
    let config = rpm.config(&[web, plain]);
    rpm.ok(&["start", &config]);
    lives(&rpm, &mut Chance(seed));
    // Whatever that was: this is what is wanted now.
    rpm.daemon();
    rpm.ok(&["startOrRestart", &config]);
    let all = rpm.list();
    assert_eq!((rpm.app("web").len(), rpm.app("plain").len()), (2, 1), "{all:#?}");
    assert!(all.iter().all(Process::is_online), "{all:#?}");
    assert_eq!(get(port, "/").unwrap().status, 200);
    // Two workers, and the plain one with its two children.
    eventually("nothing else runs", || (services(&rpm).len() == 2 + 3).then_some(()));
    let pids: Vec<u32> = rpm.list().iter().map(|one| one.pid).collect();
    assert!(pids.iter().all(|pid| alive(*pid)));
    rpm.ok(&["stop", "all"]);
    assert_eq!(services(&rpm), [], "something outlived a stop of all");
}

#[test]
fn one() {
    chaos(0x9e37_79b9_7f4a_7c15);
}

#[test]
fn two() {
    chaos(0xd1b5_4a32_d192_ed03);
}

/// With a seed of one's choice in `RPM_CHAOS_SEED`.
#[test]
fn three() {
    let chosen = std::env::var("RPM_CHAOS_SEED").ok().and_then(|text| text.parse().ok());
    chaos(chosen.unwrap_or(0x2545_f491_4f6c_dd1d));
}
