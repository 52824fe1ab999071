//! What outlives the daemon: the saved list, and the services themselves.

use nix::sys::signal::Signal;
use rpm_tests::{
    Load, Process, Rpm, Style, alive, app, child, child_app, eventually, free_port, kill,
};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn dump(rpm: &Rpm) -> Vec<Value> {
    let text = fs::read_to_string(rpm.home().join("dump.pm2")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone()
}

/// What of a process should be the same after a save and a resurrect.
fn shape(process: &Process) -> Value {
    let keys = [
        "args",
        "pm_exec_path",
        "pm_cwd",
        "exec_mode",
        "exec_interpreter",
        "namespace",
        "max_memory_restart",
        "kill_timeout",
        "autorestart",
        "instance_var",
        "OWN",
        "pm_out_log_path",
        "merge_logs",
        "log_date_format",
    ];
    let env: Vec<&Value> = keys.iter().map(|key| process.env(key)).collect();
    json!([process.name, process.status, env])
}

#[test]
fn save_kill_resurrect() {
    let rpm = Rpm::new();
    let mut many = child_app("many", &["say:x"]);
    many["instances"] = json!(3);
    many["exec_mode"] = json!("fork");
    many["namespace"] = json!("space");
    many["max_memory_restart"] = json!("200M");
    many["kill_timeout"] = json!(1234);
    many["env"] = json!({ "OWN": "variable" });
    many["log_date_format"] = json!("YYYY");
    rpm.ok(&["start", &rpm.config(&[many, child_app("one", &[]), child_app("off", &[])])]);
    rpm.ok(&["stop", "off"]);
    let before: Vec<Value> = rpm.list().iter().map(shape).collect();
    rpm.ok(&["save"]);
    rpm.ok(&["kill"]);
    assert!(rpm.processes().is_empty());
    assert!(rpm.list().is_empty(), "a killed daemon's list comes back only when asked for");
    rpm.ok(&["resurrect"]);
    let after = rpm.list();
    let shapes: Vec<Value> = after.iter().map(shape).collect();
    assert_eq!(shapes, before);
    assert!(after.iter().filter(|one| one.name != "off").all(Process::is_online));
    // Once more does no harm.
    let pids: Vec<u32> = after.iter().map(|one| one.pid).collect();
    rpm.ok(&["resurrect"]);
    assert_eq!(rpm.list().iter().map(|one| one.pid).collect::<Vec<_>>(), pids);
}

#[test]
fn the_dump_is_pm2s() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &child(), "--name", "app", "--", "say:x"]);
    rpm.ok(&["save"]);
    let records = dump(&rpm);
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(record["name"], "app");
    assert_eq!(record["pm_exec_path"].as_str(), Some(&*child()));
    assert_eq!(record["args"], json!(["say:x"]));
    assert_eq!(record["exec_mode"], "fork_mode");
    assert_eq!(record["pm_cwd"].as_str(), rpm.dir().to_str());
    assert_eq!(mode(&rpm.home().join("dump.pm2")), 0o600, "it holds environments");
    assert_eq!(mode(&rpm.home()), 0o700);
}

#[test]
fn a_dump_that_pm2_wrote_is_read() {
    let rpm = Rpm::new();
    fs::create_dir(rpm.home()).unwrap();
    let record = |instance: u32, status: &str| {
        json!({
            "name": "old", "namespace": "default", "pm_exec_path": child(), "args": ["say:x"],
            "exec_interpreter": "none", "exec_mode": "fork_mode", "pm_cwd": rpm.dir(),
            "node_args": [], "autorestart": true, "instances": 2, "status": status,
            "NODE_APP_INSTANCE": instance, "treekill": true, "kill_retry_time": 100,
            "pm_out_log_path": rpm.home().join(format!("logs/old-out-{instance}.log")),
            "pm_err_log_path": rpm.home().join(format!("logs/old-error-{instance}.log")),
            "env": { "FROM_DUMP": "yes", "RPM_TEST_MARK": rpm.dir().parent() }, "FROM_DUMP": "yes",
        })
    };
    let dump = json!([record(0, "online"), record(1, "stopped")]);
    fs::write(rpm.home().join("dump.pm2"), dump.to_string()).unwrap();
    rpm.ok(&["resurrect"]);
    let found = rpm.app("old");
    assert_eq!(found.len(), 2);
    assert!(found[0].is_online());
    assert_eq!(found[1].status, "stopped");
    assert_eq!(rpm_tests::environ(found[0].pid, "FROM_DUMP").as_deref(), Some("yes"));
}

#[test]
fn nothing_is_not_saved_over_something() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &child(), "--name", "app"]);
    rpm.ok(&["save"]);
    rpm.ok(&["delete", "all"]);
    rpm.run(&["save"]);
    assert_eq!(dump(&rpm).len(), 1, "the list is lost");
    rpm.ok(&["save", "--force"]);
    assert!(dump(&rpm).is_empty());
}

#[test]
fn kill_asks_every_app_first() {
    let rpm = Rpm::new();
    let note = |name: &str, more: &[&str]| {
        let mut words = vec![format!("note:{name}")];
        words.extend(more.iter().map(|word| (*word).to_owned()));
        child_app(name, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let mut deaf = note("deaf", &["ignore:INT", "session"]);
    deaf["kill_timeout"] = json!(400);
    rpm.ok(&["start", &rpm.config(&[note("polite", &[]), deaf])]);
    eventually("both run", || {
        (!rpm.read("polite").is_empty() && !rpm.read("deaf").is_empty()).then_some(())
    });
    let output = rpm.run(&["kill"]);
    assert!(output.status.success());
    for name in ["polite", "deaf"] {
        assert!(rpm.read(name).contains("signal INT"), "{name} was not asked");
    }
    assert!(rpm.processes().is_empty(), "left: {:?}", rpm.processes());
    assert!(!rpm.home().join("rpm.sock").exists() || rpm.list().is_empty());
}

/// Kills the supervisor and waits for its successor.
fn kill_supervisor(rpm: &Rpm) {
    let (supervisor, keeper) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    eventually("it is gone", || (!alive(supervisor)).then_some(()));
    let (next, same) = rpm.daemon();
    assert_ne!(next, supervisor);
    assert_eq!(same, keeper, "the keeper has to stay");
}

#[test]
fn services_outlive_the_supervisor() {
    let rpm = Rpm::new();
    let apps = [
        child_app("quiet", &["say:hello"]),
        child_app("talks", &["sleep:1", "lines:20:before", "sleep:1500", "lines:20:after"]),
        child_app("off", &[]),
    ];
    rpm.ok(&["start", &rpm.config(&apps)]);
    rpm.ok(&["stop", "off"]);
    rpm.ok(&["restart", "quiet"]);
    let before = rpm.list();
    kill_supervisor(&rpm);
    let after = rpm.list();
    for (old, new) in before.iter().zip(&after) {
        let facts =
            |one: &Process| (one.id, one.name.clone(), one.pid, one.status.clone(), one.restarts);
        assert_eq!(facts(old), facts(new));
    }
    assert_eq!(after.len(), 3);
    // What is written meanwhile and afterwards arrives, each line once.
    let log = rpm.home().join("logs/talks-out.log");
    let wanted: String = ["before", "after"]
        .iter()
        .flat_map(|word| (0..20).map(move |number| format!("{word} {number}\n")))
        .collect();
    eventually("all lines", || (fs::read_to_string(&log).ok()? == wanted).then_some(()));
    // It still commands them.
    rpm.ok(&["restart", "quiet"]);
    rpm.ok(&["stop", "talks"]);
    kill(rpm.one("quiet").pid, Signal::SIGKILL);
    rpm.eventually_one("quiet", "restarted", |one| one.restarts == 3 && one.is_online());
}

#[test]
fn a_crash_while_the_supervisor_is_away_is_seen() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &["note:note"])])]);
    let old = rpm.one("app");
    let (supervisor, _) = rpm.daemon();
    // Both at the same moment: nobody is there to see the app end.
    kill(supervisor, Signal::SIGSTOP);
    kill(old.pid, Signal::SIGKILL);
    kill(supervisor, Signal::SIGKILL);
    eventually("it is gone", || (!alive(supervisor)).then_some(()));
    let new = rpm.eventually_one("app", "restarted", |one| one.restarts == 1 && one.is_online());
    assert_ne!(new.pid, old.pid);
    assert_eq!(rpm.read("note").lines().filter(|line| line.starts_with("start")).count(), 2);
}

#[test]
fn a_cluster_serves_while_the_supervisor_is_away() {
    for (policy, style) in
        [("rr", Style::Short), ("rr", Style::KeepAlive), ("shared", Style::Short)]
    {
        let rpm = Rpm::new();
        let port = free_port();
        let web = json!({
            "name": "web", "script": app("web.js"), "exec_mode": "cluster", "instances": 2,
            "wait_ready": true, "env": { "PORT": port }, "cluster_policy": policy,
        });
        rpm.ok(&["start", &rpm.config(&[web])]);
        let before = rpm.pids("web");
        let load = Load::start(port, "/", 8, style, Duration::from_millis(3));
        for _ in 0..3 {
            let seen = load.answered();
            eventually("clients are served", || (load.answered() > seen + 50).then_some(()));
            kill_supervisor(&rpm);
        }
        assert_eq!(rpm.pids("web"), before);
        rpm.ok(&["reload", "web"]);
        let seen = load.answered();
        eventually("clients are served", || (load.answered() > seen + 50).then_some(()));
        load.stop().assert_lossless(150);
        assert!(rpm.app("web").iter().all(Process::is_online));
    }
}

#[test]
fn a_reload_that_the_supervisor_did_not_live_to_finish() {
    let rpm = Rpm::new();
    let port = free_port();
    let web = json!({
        "name": "web", "script": app("web.js"), "exec_mode": "cluster", "instances": 2,
        "wait_ready": true, "env": { "PORT": port, "START_DELAY": "600" },
    });
    rpm.ok(&["start", &rpm.config(&[web])]);
    let load = Load::start(port, "/", 8, Style::Short, Duration::from_millis(3));
    let running = || rpm.processes().iter().filter(|(_, line)| line.contains("web.js")).count();
    let mut reload = rpm.beside(&["reload", "web"]);
    eventually("it has begun", || (running() > 2).then_some(()));
    kill_supervisor(&rpm);
    reload.wait();
    // Finished or taken back, but neither half of it: two processes that serve.
    eventually("two are left", || {
        let all = rpm.app("web");
        (running() == 2 && all.len() == 2 && all.iter().all(Process::is_online)).then_some(())
    });
    let seen = load.answered();
    eventually("clients are served", || (load.answered() > seen + 50).then_some(()));
    load.stop().assert_lossless(50);
}

#[test]
fn a_signal_to_the_daemon_ends_it_in_order() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &["note:note"])])]);
    eventually("it runs", || (!rpm.read("note").is_empty()).then_some(()));
    let (_, keeper) = rpm.daemon();
    kill(keeper, Signal::SIGTERM);
    eventually("all is gone", || rpm.processes().is_empty().then_some(()));
    assert!(rpm.read("note").contains("signal INT"), "the app was not asked");
}

#[test]
fn kill_ends_the_daemon_however_much_there_was_to_end() {
    let rpm = Rpm::new();
    let sleeper = |n| json!({ "name": format!("s{n}"), "script": "/bin/sleep", "args": ["600"] });
    let many: Vec<Value> = (0..500).map(sleeper).collect();
    rpm.ok(&["start", "-s", &rpm.config(&many)]);
    let (supervisor, keeper) = rpm.daemon();
    rpm.ok(&["kill"]);
    assert!(!alive(supervisor) && !alive(keeper), "the daemon runs on");
    assert!(!rpm.daemon_log().contains("was ended by signal"), "it did not end by itself");
}

#[test]
fn where_nothing_is_saved_there_is_nothing_to_restore() {
    let rpm = Rpm::new();
    let output = rpm.run(&["resurrect"]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.contains("nothing to resurrect"), "{}", output.stderr);
    fs::write(rpm.home().join("dump.pm2"), "[{{{").unwrap();
    let output = rpm.fails(&["resurrect"]);
    assert!(output.stderr.contains("cannot be read"), "{}", output.stderr);
}
