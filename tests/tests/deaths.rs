//! The keeper dies, or both it and the supervisor: what services and commands notice of it.

use nix::sys::signal::Signal;
use rpm_tests::{
    Load, Process, Rpm, Style, alive, app, child_app, eventually, free_port, get, kill, parent_of,
};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

/// Writes numbered lines for as long as it lives.
const COUNTS: &str = "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.004; done";

fn web(port: u16, mode: &str) -> Value {
    json!({
        "name": mode, "script": app("web.js"), "exec_mode": mode, "wait_ready": true,
        "env": { "PORT": port },
    })
}

fn counter() -> Value {
    json!({ "name": "counter", "script": "/bin/sh", "args": ["-c", COUNTS] })
}

fn lines(rpm: &Rpm) -> Vec<String> {
    let text = fs::read_to_string(rpm.home().join("logs/counter-out.log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// All lines up to now were written once, whole and in order.
fn assert_counted(rpm: &Rpm) {
    let seen = lines(rpm).len();
    let all = eventually("more lines", || Some(lines(rpm)).filter(|all| all.len() > seen + 20));
    for (at, line) in all.iter().enumerate() {
        assert_eq!(*line, format!("line {}", at + 1));
    }
}

/// All lines up to now were written at most once, whole and in order: what was read and not yet
/// written dies with keeper and supervisor.
fn assert_in_order(rpm: &Rpm) {
    let seen = lines(rpm).len();
    let all = eventually("more lines", || Some(lines(rpm)).filter(|all| all.len() > seen + 20));
    let number = |line: &String| line.strip_prefix("line ").and_then(|it| it.parse::<u64>().ok());
    let numbers: Vec<u64> = all.iter().map(|line| number(line).unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

fn pids(rpm: &Rpm) -> Vec<u32> {
    rpm.list().iter().map(|one| one.pid).collect()
}

/// Kills the keeper and waits for the next.
fn kill_keeper(rpm: &Rpm) {
    let (supervisor, keeper) = rpm.daemon();
    kill(keeper, Signal::SIGKILL);
    eventually("another keeper", || {
        let lock = fs::read_to_string(rpm.home().join("keeper.lock")).ok()?;
        let pid: u32 = lock.trim().parse().ok()?;
        (pid != keeper && alive(pid)).then_some(())
    });
    assert_eq!(rpm.daemon().0, supervisor, "the supervisor has to stay");
}

/// Kills both at once.
fn kill_both(rpm: &Rpm) {
    let (supervisor, keeper) = rpm.daemon();
    kill(keeper, Signal::SIGSTOP);
    kill(supervisor, Signal::SIGKILL);
    kill(keeper, Signal::SIGKILL);
    eventually("both are gone", || (!alive(supervisor) && !alive(keeper)).then_some(()));
    // The guard holds the clients' socket for some ms more.
    let is_guard = |line: &str| line.starts_with("rpm") && line.contains("guard");
    eventually("the guard is gone", || {
        (!rpm.processes().iter().any(|(_, line)| is_guard(line))).then_some(())
    });
}

#[test]
fn services_do_not_notice_that_their_keeper_dies() {
    let rpm = Rpm::new();
    let (fork, cluster) = (free_port(), free_port());
    let mut workers = web(cluster, "cluster");
    workers["instances"] = json!(2);
    rpm.ok(&["start", &rpm.config(&[web(fork, "fork"), workers, counter()])]);
    let before = pids(&rpm);
    let loads = [fork, cluster]
        .map(|port| Load::start(port, "/", 3, Style::Short, Duration::from_millis(3)));
    for _ in 0..3 {
        let seen = loads[1].answered();
        eventually("clients are served", || (loads[1].answered() > seen + 30).then_some(()));
        kill_keeper(&rpm);
    }
    assert_eq!(pids(&rpm), before);
    rpm.ok(&["reload", "cluster"]);
    for load in loads {
        load.stop().assert_lossless(50);
    }
    assert_counted(&rpm);
    assert!(rpm.list().iter().all(|one| one.name == "cluster" || one.restarts == 0));
}

#[test]
fn all_is_supervised_on_by_another_keeper() {
    let rpm = Rpm::new();
    let victim = child_app("victim", &["session"]);
    rpm.ok(&["start", &rpm.config(&[victim, child_app("other", &[])])]);
    let (victim, other) = (rpm.one("victim").pid, rpm.one("other").pid);
    kill_keeper(&rpm);
    // Those of before, whose parent is another by now.
    kill(victim, Signal::SIGKILL);
    let next = rpm.eventually_one("victim", "runs again", |one| {
        one.is_online() && one.pid != victim && one.restarts == 1
    });
    let (_, keeper) = rpm.daemon();
    assert_eq!(parent_of(next.pid), Some(keeper));
    rpm.ok(&["stop", "other"]);
    assert!(!alive(other));
    let count = |text: &str| rpm.processes().iter().filter(|(_, line)| line.contains(text)).count();
    eventually("what the victim left is gone", || (count("rpm-test-child") <= 2).then_some(()));
    // The new keeper is a whole one: it starts the next supervisor.
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    eventually("another supervisor", || (rpm.daemon().0 != supervisor).then_some(()));
    assert_eq!(rpm.one("victim").pid, next.pid);
    assert_eq!(rpm.daemon().1, keeper);
    rpm.ok(&["restart", "all"]);
    assert!(rpm.list().iter().all(Process::is_online));
    rpm.ok(&["kill"]);
    assert!(rpm.processes().is_empty());
}

#[test]
fn a_keeper_may_die_while_apps_are_started() {
    let rpm = Rpm::new();
    let mut apps: Vec<Value> = (0..10).map(|n| child_app(&format!("a{n}"), &["fork"])).collect();
    for one in &mut apps {
        one["max_restarts"] = json!(100);
    }
    let config = rpm.config(&apps);
    rpm.ok(&["ping"]);
    let mut start = rpm.beside(&["start", &config]);
    for _ in 0..4 {
        kill_keeper(&rpm);
    }
    start.wait();
    rpm.ok(&["start", &config]);
    let all = rpm.list();
    assert_eq!(all.len(), 10);
    assert!(all.iter().all(Process::is_online), "{all:#?}");
    let children =
        || rpm.processes().iter().filter(|(_, line)| line.contains("rpm-test-child")).count();
    eventually("each once, with its child", || (children() == 20).then_some(()));
}

#[test]
fn services_that_outlived_both_are_taken_up() {
    let rpm = Rpm::new();
    let (fork, cluster) = (free_port(), free_port());
    let mut off = child_app("off", &[]);
    off["autorestart"] = json!(false);
    let apps = [web(fork, "fork"), web(cluster, "cluster"), counter(), off];
    rpm.ok(&["start", &rpm.config(&apps)]);
    rpm.ok(&["stop", "off"]);
    let before: Vec<Process> = rpm.list();
    let pid = |all: &[Process], name: &str| all.iter().find(|one| one.name == name).unwrap().pid;
    let load = Load::start(fork, "/", 3, Style::Short, Duration::from_millis(3));
    for _ in 0..2 {
        let seen = load.answered();
        eventually("clients are served", || (load.answered() > seen + 30).then_some(()));
        kill_both(&rpm);
        let output = rpm.run(&["list"]);
        assert!(output.stderr.is_empty() || output.status.success(), "{}", output.told(&["list"]));
        let output = rpm.run(&["ping"]);
        assert!(output.stderr.contains("did not end well: 2 of its"), "{}", output.stderr);
    }
    load.stop().assert_lossless(50);
    rpm.eventually_one("cluster", "runs again", |one| {
        one.is_online() && one.pid != pid(&before, "cluster")
    });
    let after = rpm.list();
    for name in ["fork", "counter"] {
        assert_eq!(pid(&after, name), pid(&before, name), "{name} was restarted");
    }
    assert_eq!(rpm.one("off").status, "stopped");
    assert_in_order(&rpm);
    // They are supervised as any other.
    kill(pid(&after, "fork"), Signal::SIGKILL);
    rpm.eventually_one("fork", "runs again", |one| {
        one.is_online() && one.pid != pid(&before, "fork")
    });
    rpm.ok(&["stop", "counter"]);
    assert!(!alive(pid(&before, "counter")));
}

#[test]
fn what_is_not_ours_any_more_is_left_alone() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &[])])]);
    let pid = rpm.one("app").pid;
    kill_both(&rpm);
    kill(pid, Signal::SIGKILL);
    eventually("it is gone", || (!alive(pid)).then_some(()));
    rpm.ok(&["ping"]);
    rpm.eventually_one("app", "runs again", |one| one.is_online() && one.pid != pid);
    rpm.ok(&["kill"]);
    rpm.ok(&["ping"]);
    assert!(rpm.list().is_empty(), "after a clean end nothing comes back by itself");
}

#[test]
fn questions_are_asked_again_of_a_successor() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &[])])]);
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGSTOP);
    // Those that wait to be accepted are among them, `proc_net_unix(5)`.
    let socket = rpm.home().join("rpm.sock").to_str().unwrap().to_owned();
    let connected = || fs::read_to_string("/proc/net/unix").unwrap().matches(&socket).count();
    let before = connected();
    let mut list = rpm.beside(&["jlist"]);
    eventually("it has connected", || (connected() > before).then_some(()));
    kill(supervisor, Signal::SIGKILL);
    assert!(list.wait().success());
    list.wait_for(b"\"app\"");
}

#[test]
fn a_command_that_was_cut_short_is_answered_clearly() {
    let rpm = Rpm::new();
    let mut deaf = child_app("deaf", &["ignore:INT"]);
    deaf["kill_timeout"] = json!(2000);
    rpm.ok(&["start", &rpm.config(&[deaf])]);
    let pid = rpm.one("deaf").pid;
    let command = rpm.command(&["stop", "deaf"]).stderr(std::process::Stdio::piped()).spawn();
    eventually("it stops", || (rpm.one("deaf").status == "stopping").then_some(()));
    kill(rpm.daemon().0, Signal::SIGKILL);
    let output = command.unwrap().wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("was replaced while it did this"), "{told}");
    // It comes to its end all the same.
    rpm.eventually_one("deaf", "is stopped", |one| one.status == "stopped");
    assert!(!alive(pid));
}

#[test]
fn a_socket_that_was_just_opened_is_not_lost() {
    let rpm = Rpm::new();
    rpm.ok(&["ping"]);
    for round in 0..3 {
        let port = free_port();
        let mut app = web(port, "cluster");
        app["name"] = json!(format!("web{round}"));
        app["wait_ready"] = json!(false);
        let (supervisor, _) = rpm.daemon();
        let mut start = rpm.beside(&["start", &rpm.config(&[app])]);
        eventually("it answers", || get(port, "/").ok());
        kill(supervisor, Signal::SIGKILL);
        start.wait();
        for _ in 0..3 {
            assert_eq!(get(port, "/").unwrap().status, 200);
        }
    }
    assert!(rpm.list().iter().all(|one| one.is_online() && one.restarts == 0));
}

/// Lets nothing of the daemon run for so long.
fn stop_for(rpm: &Rpm, time: Duration) {
    let (supervisor, keeper) = rpm.daemon();
    for pid in [supervisor, keeper] {
        kill(pid, Signal::SIGSTOP);
    }
    std::thread::sleep(time);
    for pid in [supervisor, keeper] {
        kill(pid, Signal::SIGCONT);
    }
}

#[test]
fn time_in_which_the_daemon_was_stopped_costs_nobody_anything() {
    let rpm = Rpm::new();
    let mut slow = child_app("slow", &["note:began", "sleep:700", "ready"]);
    slow["wait_ready"] = json!(true);
    slow["listen_timeout"] = json!(1500);
    let stopping = "trap 'sleep 0.7; exit 0' INT; touch trapped; while :; do sleep 0.05; done";
    let stopper = json!({
        "name": "stopper", "script": "/bin/sh", "args": ["-c", stopping], "kill_timeout": 1500,
        "treekill": false,
    });
    rpm.ok(&["start", &rpm.config(&[stopper])]);
    eventually("it heeds SIGINT", || rpm.dir().join("trapped").exists().then_some(()));
    let mut start = rpm.beside(&["start", &rpm.config(&[slow])]);
    let mut stop = rpm.beside(&["stop", "stopper"]);
    eventually("both are under way", || {
        let stops = rpm.one("stopper").status == "stopping";
        (stops && !rpm.read("began").is_empty()).then_some(())
    });
    stop_for(&rpm, Duration::from_secs(3));
    assert!(start.wait().success() && stop.wait().success());
    let log = rpm.daemon_log();
    assert!(!log.contains("did not say ready in time"), "{log}");
    assert!(!log.contains("did not stop in time"), "{log}");
}

#[test]
fn a_keeper_that_cannot_be_started_is_tried_again() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &[])])]);
    let pid = rpm.one("app").pid;
    let (supervisor, keeper) = rpm.daemon();
    // No keeper works without its lock.
    let lock = rpm.home().join("keeper.lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    kill(keeper, Signal::SIGKILL);
    let tried = || rpm.daemon_log().matches("no keeper can be started").count();
    eventually("it is tried several times", || (tried() > 2).then_some(()));
    assert_eq!(rpm.one("app").pid, pid, "apps go on");
    let mut start = rpm.beside(&["start", &rpm.config(&[child_app("late", &[])])]);
    fs::remove_dir(&lock).unwrap();
    assert!(start.wait().success(), "a start waits for the keeper");
    assert_eq!(rpm.daemon().0, supervisor);
    assert!(rpm.one("late").is_online());
    assert_eq!((rpm.one("app").pid, rpm.one("app").restarts), (pid, 0));
}
