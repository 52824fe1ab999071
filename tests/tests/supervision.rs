//! What happens when apps end, hang, grow, or do not listen: the policies, and what is left behind.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, alive, app, child_app, environ, eventually, kill, started};
use serde_json::{Value, json};
use std::time::Duration;

/// A scripted child with members of its own in the config.
fn scripted(name: &str, words: &[&str], more: Value) -> Value {
    let mut app = child_app(name, words);
    let Value::Object(more) = more else { panic!("no members: {more}") };
    app.as_object_mut().unwrap().extend(more);
    app
}

/// The times at which `note:` says that runs were started, in ms.
fn starts(rpm: &Rpm, note: &str) -> Vec<u64> {
    let text = rpm.read(note);
    let starts = text.lines().filter(|line| line.starts_with("start "));
    starts.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

/// Waits until it has begun so often; gives the times.
fn eventually_started(rpm: &Rpm, note: &str, count: usize) -> Vec<u64> {
    eventually("it has begun so often", || Some(starts(rpm, note)).filter(|it| it.len() >= count))
}

fn start_of(rpm: &Rpm, apps: &[Value]) -> rpm_tests::Output {
    rpm.run(&["start", &rpm.config(apps)])
}

fn is(status: &'static str) -> impl Fn(&rpm_tests::Process) -> bool {
    move |process| process.status == status
}

#[test]
fn a_killed_process_is_replaced() {
    let rpm = Rpm::new();
    start_of(&rpm, &[scripted("app", &["note:note"], json!({}))]);
    for round in 1..=5 {
        let before = rpm.one("app");
        kill(before.pid, Signal::SIGKILL);
        eventually("the successor runs", || (starts(&rpm, "note").len() > round).then_some(()));
        let after = rpm.eventually_one("app", "online", is("online"));
        assert_ne!(after.pid, before.pid);
        assert_eq!(after.restarts, before.restarts + 1);
    }
}

#[test]
fn a_crash_loop_ends_errored() {
    let rpm = Rpm::new();
    let loops = scripted("app", &["note:note", "exit:1"], json!({ "max_restarts": 4 }));
    start_of(&rpm, &[loops]);
    let ended = rpm.eventually_one("app", "errored", is("errored"));
    assert_eq!((ended.pid, ended.restarts), (0, 3));
    assert_eq!(ended.env("exit_code"), 1);
    // Long enough for a start that must not come.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(starts(&rpm, "note").len(), 4, "it was started again");
    // Starting it by hand gives it all its chances again.
    rpm.run(&["restart", "app"]);
    rpm.eventually_one("app", "errored", is("errored"));
    assert_eq!(starts(&rpm, "note").len(), 8);
}

#[test]
fn runs_that_were_long_enough_do_not_count() {
    let rpm = Rpm::new();
    let more = json!({ "max_restarts": 2, "min_uptime": 100 });
    start_of(&rpm, &[scripted("app", &["sleep:200", "exit:1"], more)]);
    let process = rpm.eventually_one("app", "many restarts", |process| process.restarts >= 5);
    assert_ne!(process.status, "errored");
}

#[test]
fn a_loop_that_begins_late_ends_too() {
    let rpm = Rpm::new();
    let script = ["note:note", "once:first:sleep:1000", "exit:1"];
    let more = json!({ "max_restarts": 3, "min_uptime": 200 });
    start_of(&rpm, &[scripted("app", &script, more)]);
    rpm.eventually_one("app", "errored", is("errored"));
    assert_eq!(starts(&rpm, "note").len(), 1 + 3);
}

#[test]
fn restart_delay_is_kept_and_can_be_cut_short() {
    let rpm = Rpm::new();
    let script = ["note:note", "once:crash:exit:1"];
    start_of(&rpm, &[scripted("app", &script, json!({ "restart_delay": 600 }))]);
    let waiting = rpm.eventually_one("app", "waiting", is("waiting restart"));
    assert_eq!(waiting.pid, 0);
    rpm.eventually_one("app", "online", is("online"));
    let times = eventually_started(&rpm, "note", 2);
    let pause = times[1] - times[0];
    assert!(pause >= 590, "{pause} ms");
    // Once more, but somebody does not want to wait.
    rpm.ok(&["delete", "app"]);
    let script = ["note:again", "once:crash-again:exit:1"];
    start_of(&rpm, &[scripted("app", &script, json!({ "restart_delay": 60000 }))]);
    rpm.eventually_one("app", "waiting", is("waiting restart"));
    rpm.ok(&["restart", "app"]);
    assert!(rpm.one("app").is_online());
}

#[test]
fn stop_ends_the_wait_for_a_restart() {
    let rpm = Rpm::new();
    let crashing = scripted("app", &["note:note", "exit:1"], json!({ "restart_delay": 300 }));
    start_of(&rpm, &[crashing]);
    rpm.eventually_one("app", "waiting", is("waiting restart"));
    rpm.ok(&["stop", "app"]);
    let runs = starts(&rpm, "note").len();
    // Longer than the wait would have been.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(rpm.one("app").status, "stopped");
    assert_eq!(starts(&rpm, "note").len(), runs);
}

#[test]
fn the_wait_grows_with_exp_backoff() {
    let rpm = Rpm::new();
    let more = json!({ "exp_backoff_restart_delay": 80, "max_restarts": 6 });
    start_of(&rpm, &[scripted("app", &["note:note", "exit:1"], more)]);
    rpm.eventually_one("app", "errored", is("errored"));
    let times = starts(&rpm, "note");
    let pauses: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses.len(), 5);
    for (pause, least) in pauses.iter().zip([80, 120, 180, 270, 405]) {
        assert!(*pause >= least - 5, "{pauses:?}");
    }
}

#[test]
fn stop_exit_codes_are_codes_and_not_signals() {
    let rpm = Rpm::new();
    let policy = json!({ "stop_exit_codes": [0, 7] });
    let apps = [
        scripted("seven", &["sleep:100", "exit:7"], policy.clone()),
        scripted("eight", &["once:e:exit:8"], policy.clone()),
        scripted("killed", &[], policy),
    ];
    start_of(&rpm, &apps);
    let ended = rpm.eventually_one("seven", "stopped", is("stopped"));
    assert_eq!((ended.restarts, ended.env("exit_code")), (0, &json!(7)));
    rpm.eventually_one("eight", "restarted", |process| process.restarts == 1);
    kill(rpm.one("killed").pid, Signal::SIGKILL);
    rpm.eventually_one("killed", "restarted", |one| one.restarts == 1 && one.is_online());
}

#[test]
fn without_autorestart_an_end_is_an_end() {
    let rpm = Rpm::new();
    let apps = [
        scripted("once", &["sleep:100", "exit:3"], json!({ "autorestart": false })),
        scripted("delayed", &["exit:3"], json!({ "autorestart": false, "restart_delay": 100 })),
    ];
    start_of(&rpm, &apps);
    for name in ["once", "delayed"] {
        let ended = rpm.eventually_one(name, "stopped", is("stopped"));
        assert_eq!((ended.pid, ended.restarts), (0, 0));
    }
}

#[test]
fn apps_are_asked_before_they_are_killed() {
    let rpm = Rpm::new();
    let apps = [
        scripted("polite", &["note:polite"], json!({ "kill_timeout": 60_000 })),
        scripted(
            "term",
            &["note:term", "ignore:INT"],
            json!({ "kill_signal": "SIGTERM", "kill_timeout": 60_000 }),
        ),
        scripted("deaf", &["note:deaf", "ignore:INT"], json!({ "kill_timeout": 700 })),
    ];
    start_of(&rpm, &apps);
    eventually("all have begun", || {
        ["polite", "term", "deaf"].iter().all(|name| !starts(&rpm, name).is_empty()).then_some(())
    });
    let timed = |name: &str| {
        let output = rpm.run(&["stop", name]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!((rpm.one(name).pid, &*rpm.one(name).status), (0, "stopped"));
        output.took
    };
    assert!(timed("polite") < Duration::from_secs(30));
    assert!(rpm.read("polite").contains("signal INT"));
    assert!(timed("term") < Duration::from_secs(30));
    assert!(rpm.read("term").contains("signal TERM") && !rpm.read("term").contains("INT"));
    let took = timed("deaf");
    assert!(took >= Duration::from_millis(690), "{took:?}");
    assert!(rpm.read("deaf").contains("signal INT"));
}

/// Pids of what an app has started: all of this home with the child's name but the main process.
fn descendants(rpm: &Rpm, main: u32) -> Vec<u32> {
    let child = rpm_tests::child();
    let all = rpm.processes().into_iter().filter(|(_, line)| line.contains(&child));
    all.map(|(pid, _)| pid).filter(|pid| *pid != main).collect()
}

#[test]
fn a_stop_leaves_nothing_of_the_tree() {
    let rpm = Rpm::new();
    let script = ["fork", "deaf-fork", "session", "note:note"];
    start_of(&rpm, &[scripted("app", &script, json!({ "kill_timeout": 300 }))]);
    eventually("it has its children", || (!starts(&rpm, "note").is_empty()).then_some(()));
    let family = descendants(&rpm, rpm.one("app").pid);
    assert_eq!(family.len(), 3, "{:#?}", rpm.processes());
    rpm.ok(&["stop", "app"]);
    let left: Vec<&u32> = family.iter().filter(|pid| alive(**pid)).collect();
    assert!(left.is_empty(), "{left:?} of {family:?} are left");
}

#[test]
fn without_treekill_children_are_their_own_masters() {
    let rpm = Rpm::new();
    let app = scripted("app", &["fork", "note:note"], json!({ "treekill": false }));
    start_of(&rpm, &[app]);
    eventually("it has its child", || (!starts(&rpm, "note").is_empty()).then_some(()));
    let family = descendants(&rpm, rpm.one("app").pid);
    rpm.ok(&["stop", "app"]);
    assert_eq!(family.len(), 1);
    assert!(alive(family[0]), "the child was ended too");
    kill(family[0], Signal::SIGKILL);
}

#[test]
fn leftovers_of_a_crash_are_gone_before_the_successor_starts() {
    let rpm = Rpm::new();
    // Each run looks whether what the last one left behind still runs, then leaves a child in a
    // session of its own, and a deaf one in its own.
    let script = r#"#!/bin/sh
for pid in $(cat left 2>/dev/null); do
    if [ -d /proc/$pid ] && ! grep -q ') Z' /proc/$pid/stat; then echo "$pid lives" >> verdict; fi
done
setsid sleep 1000 & one=$!
(trap '' INT TERM; sleep 1000) & two=$!
echo "$one $two" > left
echo run >> verdict
wait
"#;
    let path = rpm.write("leaky.sh", script);
    rpm.ok(&["start", path.to_str().unwrap(), "--name", "app"]);
    for round in 1..=3 {
        let runs = || rpm.read("verdict").lines().filter(|line| *line == "run").count();
        eventually("it runs", || (runs() == round).then_some(()));
        kill(rpm.one("app").pid, Signal::SIGKILL);
        eventually("it runs again", || (runs() == round + 1).then_some(()));
    }
    assert_eq!(rpm.read("verdict"), "run\n".repeat(4));
}

#[test]
fn a_deaf_app_delays_nobody() {
    let rpm = Rpm::new();
    let apps = [
        scripted("deaf", &["ignore:INT", "note:deaf"], json!({ "kill_timeout": 60_000 })),
        scripted("other", &["note:other"], json!({})),
    ];
    start_of(&rpm, &apps);
    eventually("it is deaf", || (!starts(&rpm, "deaf").is_empty()).then_some(()));
    let mut stopping = rpm.beside(&["stop", "deaf"]);
    rpm.eventually_one("deaf", "stopping", is("stopping"));
    rpm.ok(&["list"]);
    kill(rpm.one("other").pid, Signal::SIGKILL);
    eventually("the other is back", || (starts(&rpm, "other").len() == 2).then_some(()));
    rpm.ok(&["restart", "other"]);
    let deaf = rpm.one("deaf");
    assert_eq!(deaf.status, "stopping", "all of that was in the meantime");
    kill(deaf.pid, Signal::SIGKILL);
    assert!(stopping.wait().success());
    assert_eq!(rpm.one("deaf").status, "stopped");
}

#[test]
fn memory_of_the_whole_tree_counts() {
    let rpm = Rpm::new();
    let script = ["note:note", "once:grown:fat-fork:150"];
    let fat = scripted("fat", &script, json!({ "max_memory_restart": "100M" }));
    let lean = scripted("lean", &["fat-fork:20"], json!({ "max_memory_restart": "100M" }));
    start_of(&rpm, &[fat, lean]);
    rpm.eventually_one("fat", "restarted", |process| process.restarts == 1);
    let times = eventually_started(&rpm, "note", 2);
    let noticed = times[1] - times[0];
    // It is looked at every two seconds; PM2 looks every thirty.
    assert!(noticed < 15_000, "noticed after {noticed} ms");
    assert_eq!(rpm.one("lean").restarts, 0);
}

#[test]
fn wait_ready_waits() {
    let rpm = Rpm::new();
    let waiting = json!({ "wait_ready": true, "listen_timeout": 15000 });
    let config = rpm.config(&[scripted("app", &["sleep:700", "ready"], waiting)]);
    let mut start = rpm.beside(&["start", &config]);
    eventually("it is launching", || {
        let found = if rpm.home().exists() { rpm.app("app") } else { Vec::new() };
        found.first().filter(|process| process.status == "launching").map(|_| ())
    });
    assert!(start.wait().success());
    assert!(rpm.one("app").is_online());
}

#[test]
fn who_is_never_ready_is_taken_as_online_and_that_is_said() {
    let rpm = Rpm::new();
    let waiting = json!({ "wait_ready": true, "listen_timeout": 500 });
    let output = start_of(&rpm, &[scripted("app", &[], waiting)]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.took >= Duration::from_millis(500));
    assert!(output.all().contains("ready"), "nothing is said of it: {output:?}");
    assert!(rpm.one("app").is_online());
}

#[test]
fn who_ends_before_it_is_ready_has_failed() {
    let rpm = Rpm::new();
    let script = ["err:no database", "err:giving up", "exit:4"];
    let waiting = json!({ "wait_ready": true, "max_restarts": 2 });
    let output = start_of(&rpm, &[scripted("app", &script, waiting)]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.contains("no database"), "its last words are missing: {output:?}");
}

#[test]
fn instances_know_their_numbers() {
    let rpm = Rpm::new();
    let more = json!({
        "instances": 3, "exec_mode": "fork", "instance_var": "INSTANCE_ID",
        "increment_var": "PORT", "env": { "PORT": 4000 },
    });
    start_of(&rpm, &[scripted("app", &[], more)]);
    let told = |name: &str| -> Vec<String> {
        rpm.pids("app").into_iter().map(|pid| environ(pid, name).unwrap()).collect()
    };
    assert_eq!(told("INSTANCE_ID"), ["0", "1", "2"]);
    assert_eq!(told("PORT"), ["4000", "4001", "4002"]);
    assert_eq!(told("pm_id"), ["0", "1", "2"]);
    assert_eq!(told("name"), ["app", "app", "app"]);
    // The number stays with the instance.
    let second = rpm.app("app")[1].clone();
    kill(second.pid, Signal::SIGKILL);
    eventually("it is back", || {
        let now = rpm.app("app")[1].clone();
        (now.pid != second.pid && now.is_online()).then_some(())
    });
    assert_eq!(told("INSTANCE_ID"), ["0", "1", "2"]);
}

#[test]
fn the_environment_is_that_of_the_caller_and_the_config() {
    let rpm =
        Rpm::new().with_env("FROM_SHELL", "1").with_env("SECRET_KEY", "2").with_env("BOTH", "s");
    let more = json!({ "env": { "OWN": "a b", "BOTH": "config" }, "filter_env": ["SECRET"] });
    start_of(&rpm, &[scripted("app", &[], more)]);
    let pid = rpm.one("app").pid;
    let told = |name: &str| environ(pid, name);
    assert_eq!(told("FROM_SHELL").as_deref(), Some("1"));
    assert_eq!(told("OWN").as_deref(), Some("a b"));
    assert_eq!(told("BOTH").as_deref(), Some("config"));
    assert_eq!(told("SECRET_KEY"), None);
}

#[test]
fn a_message_may_take_the_place_of_the_signal() {
    let rpm = Rpm::new();
    let script = "process.on('message', (m) => m === 'shutdown' && require('fs').writeFileSync('told', m) === undefined && process.exit(0));
process.on('SIGINT', () => {}); setInterval(() => {}, 1000); process.send('ready');";
    let path = rpm.write("app.js", script);
    let app = json!({ "name": "app", "script": path, "shutdown_with_message": true, "wait_ready": true, "kill_timeout": 60_000 });
    start_of(&rpm, &[app]);
    let output = rpm.run(&["stop", "app"]);
    assert!(output.took < Duration::from_secs(30), "it was killed: {output:?}");
    assert_eq!(rpm.read("told"), "shutdown");
}

#[test]
fn pids_that_are_used_again_are_safe() {
    let rpm = Rpm::new();
    start_of(&rpm, &[scripted("app", &["exit:0"], json!({ "max_restarts": 1 }))]);
    rpm.eventually_one("app", "errored", is("errored"));
    // Whatever has the number of a run that is gone is not touched by a stop.
    let me = std::process::id();
    let born = started(me);
    rpm.ok(&["stop", "app"]);
    assert_eq!((alive(me), started(me)), (true, born));
    assert_eq!(rpm.one("app").pid, 0);
}

#[test]
fn a_node_app_in_fork_mode_is_itself() {
    let rpm = Rpm::new();
    let port = rpm_tests::free_port();
    let web = json!({ "name": "app", "script": app("web.js"), "env": { "PORT": port }, "wait_ready": true });
    start_of(&rpm, &[web]);
    let answer = rpm_tests::get(port, "/").unwrap().json();
    assert_eq!(answer["worker"], false);
    assert_eq!(answer["pid"].as_u64(), Some(u64::from(rpm.one("app").pid)));
}

#[test]
fn a_schedule_restarts_and_survives_the_supervisor() {
    let rpm = Rpm::new();
    let mut app = child_app("job", &["note:note"]);
    app["cron_restart"] = json!("* * * * * *");
    rpm.ok(&["start", &rpm.config(&[app])]);
    let starts = || rpm.read("note").lines().filter(|line| line.starts_with("start")).count();
    eventually("it is restarted by time", || (starts() >= 2).then_some(()));
    let (supervisor, _) = rpm.daemon();
    kill(supervisor, Signal::SIGKILL);
    let before = starts();
    eventually("the schedule goes on", || (starts() >= before + 2).then_some(()));

    rpm.ok(&["delete", "job"]);
    let args = ["start", "/bin/sleep", "--name", "bad", "--cron", "every day", "--", "600"];
    let output = rpm.fails(&args);
    assert!(output.stderr.contains("a cron pattern of five fields"), "{output:?}");
}
