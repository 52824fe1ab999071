//! Commands that are under way when the supervisor dies, and followers of logs.

use super::{Experiment, Order};
use crate::report::Report;
use crate::scene::{Mix, Scene, service, steady};
use nix::sys::signal::Signal;
use rpm_tests::{Process, Rpm, alive, kill};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Each is done, or answered clearly.
pub(crate) const IN_FLIGHT: Experiment = Experiment {
    name: "commands-in-flight",
    about: "SIGKILL of the supervisor while a command is under way, with followers",
    times: 60,
    short_times: 10,
    run: in_flight,
};

/// No command takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

fn in_flight(order: &mut Order) -> Report {
    let folder = Rpm::new();
    std::fs::create_dir_all(crate::scene::counters(&folder)).unwrap();
    let apps = ["restless-a", "restless-b"].map(|name| service(&folder, name, "20", 100, &[]));
    let mut scene = Scene::start_in(folder, Mix { victims: 0, ..Mix::ALL }, &apps);
    let mut follower = scene.rpm.beside(&["logs", "raw", "--lines", "0"]);
    let (mut done, mut refused) = (0, 0);
    for _ in 0..order.times {
        let name = *order.chance.one_of(&["restless-a", "restless-b"]);
        let verb = *order.chance.one_of(&["restart", "stop", "reload", "start", "jlist", "reset"]);
        let before = scene.rpm.one(name);
        let words = if verb == "jlist" { vec!["jlist"] } else { vec![verb, name] };
        let mut command = scene.rpm.command(&words);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        order.chance.sleep_ms(60);
        let fault = scene.kill_supervisor();
        let Some((success, text)) = ended(command) else {
            scene.report.broken.push(format!("{words:?} did not end"));
            break;
        };
        scene.regain(fault);
        if scene.is_lost() {
            break;
        }
        if success {
            done += 1;
            if let Some(wrong) = acknowledged(&scene.rpm, verb, &before) {
                scene.report.broken.push(format!("{words:?} was acknowledged, but {wrong}"));
            }
        } else {
            refused += 1;
            if !is_clear(&text) {
                scene.report.broken.push(format!("{words:?} was answered: {}", text.trim()));
            }
        }
        settle(&mut scene, name);
    }
    let follows = follower.is_running() && {
        follower.forget();
        follower.hears(b"raw", Duration::from_secs(5))
    };
    scene.report.promise(follows, "a follower of logs has not come back");
    scene.note(format!("{done} commands were done, {refused} were answered with what to do"));
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report
}

/// How a command ended, and all it printed; nothing when it hangs.
fn ended(command: Child) -> Option<(bool, String)> {
    let pid = command.id();
    let (send, receive) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let _ = send.send(command.wait_with_output().unwrap());
    });
    let output = receive.recv_timeout(PATIENCE);
    if output.is_err() {
        kill(pid, Signal::SIGKILL);
    }
    reader.join().unwrap();
    let output = output.ok()?;
    let text = [&*output.stdout, &*output.stderr].map(String::from_utf8_lossy).concat();
    Some((output.status.success(), text))
}

/// What is not as an answered command has it.
fn acknowledged(rpm: &Rpm, verb: &str, before: &Process) -> Option<String> {
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let now = rpm.one(&before.name);
        let holds = match verb {
            "stop" => now.pid == 0 && now.status == "stopped" && !alive(before.pid.max(2)),
            "restart" | "reload" => now.is_online() && now.pid != before.pid,
            "start" => now.is_online(),
            "reset" => now.restarts == 0,
            _ => true,
        };
        if holds {
            return None;
        }
        if Instant::now() > end {
            let (name, status, pid) = (now.name, now.status, now.pid);
            return Some(format!("{name} is {status} with pid {pid}, before {}", before.pid));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether an answer says what a person can do now.
fn is_clear(text: &str) -> bool {
    let names_the_daemon = text.contains("daemon") || text.contains("supervisor");
    let says_what_to_do = text.contains("rpm ");
    let is_raw = ["panicked", "EOF while", "expected value", "decode"]
        .iter()
        .any(|words| text.contains(words));
    names_the_daemon && says_what_to_do && !is_raw
}

/// Has the app run again, whatever became of it.
fn settle(scene: &mut Scene, name: &str) {
    let now = scene.rpm.one(name);
    if !steady(&now) {
        let output = scene.rpm.run(&["restart", name]);
        if !output.status.success() {
            scene.report.broken.push(output.told(&["restart", name]));
        }
    }
}
