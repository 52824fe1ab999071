//! The commands: what they do, to which processes, what they print.

use nix::sys::signal::Signal;
use rpm_tests::{Process, Rpm, app, child, child_app, environ, eventually, free_port, get, kill};
use serde_json::{Value, json};
use std::os::unix::fs::symlink;

/// Three apps, two in a namespace.
fn three() -> Rpm {
    let rpm = Rpm::new();
    let mut apps = ["red", "green", "blue"].map(|name| child_app(name, &[]));
    apps[1]["namespace"] = json!("warm");
    apps[0]["namespace"] = json!("warm");
    rpm.ok(&["start", &rpm.config(&apps)]);
    rpm
}

fn statuses(rpm: &Rpm) -> Vec<String> {
    rpm.list().into_iter().map(|process| process.status).collect()
}

#[test]
fn a_script_with_arguments() {
    let rpm = Rpm::new();
    let child = child();
    let out = rpm.ok(&["start", &child, "--name", "app", "--", "say:one two", "note:note"]);
    assert!(out.contains("app") && out.contains("online"), "no table: {out}");
    let process = rpm.one("app");
    assert_eq!(*process.env("args"), json!(["say:one two", "note:note"]));
    assert_eq!(process.env("pm_exec_path").as_str(), Some(&*child));
    assert_eq!(process.env("pm_cwd").as_str(), rpm.dir().to_str());
    eventually("it runs there", || (!rpm.read("note").is_empty()).then_some(()));
    // The name is that of the file where none is given.
    rpm.write("some.app.js", "setInterval(() => {}, 1000)");
    rpm.ok(&["start", "some.app.js"]);
    assert!(rpm.one("some.app").is_online());
}

#[test]
fn shell_commands_and_shebangs() {
    let rpm = Rpm::new();
    rpm.ok(&["start", "echo hello; exec sleep 1000", "--name", "command"]);
    assert!(rpm.one("command").is_online());
    let script = rpm.write("tool", "#!/bin/sh\nexec sleep 1000\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(script, mode).unwrap();
    rpm.ok(&["start", "./tool"]);
    assert!(rpm.one("tool").is_online());
    rpm.write("plain.sh", "exec sleep 1000\n");
    rpm.ok(&["start", "plain.sh"]);
    assert!(rpm.one("plain").is_online());
}

#[test]
fn instances_from_the_command_line() {
    let rpm = Rpm::new();
    let port = free_port();
    let web = app("web.js");
    let port_text = port.to_string();
    let output = rpm
        .command(&["start", &web, "-i", "2", "--wait-ready", "--name", "web"])
        .env("PORT", &port_text)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let processes = rpm.app("web");
    assert_eq!(processes.len(), 2);
    assert!(processes.iter().all(|one| *one.env("exec_mode") == "cluster_mode"));
    assert_eq!(get(port, "/").unwrap().json()["worker"], true);
    rpm.ok(&["start", &child(), "-i", "max", "-n", "many"]);
    let cpus = std::thread::available_parallelism().unwrap().get();
    assert_eq!(rpm.app("many").len(), cpus);
    assert!(rpm.app("many").iter().all(|one| *one.env("exec_mode") == "fork_mode"));
}

#[test]
fn starting_what_runs() {
    let rpm = Rpm::new();
    let child = child();
    let start = ["start", &*child, "--name", "app"];
    rpm.ok(&start);
    let first = rpm.one("app");
    // The same script under the same name is a mistake ...
    let output = rpm.fails(&start);
    assert!(output.stderr.contains("app"), "{output:?}");
    assert_eq!(rpm.one("app").pid, first.pid);
    // ... unless it is meant; by its name it is a restart.
    rpm.ok(&["start", &*child, "--name", "app", "-f"]);
    assert_eq!(rpm.app("app").len(), 2);
    rpm.ok(&["start", "app"]);
    let now = rpm.app("app");
    assert_ne!(now[0].pid, first.pid);
    assert_eq!(now[0].restarts, 1);
}

#[test]
fn starting_a_file_again_restarts_what_is_in_it() {
    let rpm = three();
    let before = rpm.list();
    rpm.ok(&["start", rpm.dir().join("apps.json").to_str().unwrap()]);
    let after = rpm.list();
    assert_eq!(after.len(), 3);
    for (old, new) in before.iter().zip(&after) {
        assert!(old.pid != new.pid && old.id == new.id && new.restarts == 1, "{old:?} {new:?}");
    }
}

#[test]
fn stop_start_restart_delete() {
    let rpm = three();
    rpm.ok(&["stop", "red"]);
    let red = rpm.one("red");
    assert_eq!((red.pid, &*red.status), (0, "stopped"));
    rpm.ok(&["stop", "red"]);
    rpm.ok(&["start", "red"]);
    let red = rpm.one("red");
    assert!(red.is_online());
    assert_eq!(red.restarts, 0, "a start of what is stopped is no restart");
    let green = rpm.one("green");
    rpm.ok(&["restart", "green"]);
    let again = rpm.one("green");
    assert!(again.is_online() && again.pid != green.pid && again.restarts == 1);
    rpm.ok(&["reset", "green"]);
    assert_eq!(rpm.one("green").restarts, 0);
    rpm.ok(&["delete", "red", "blue"]);
    assert_eq!(rpm.list().len(), 1);
    rpm.ok(&["del", "all"]);
    assert!(rpm.list().is_empty());
    // When all are gone ids begin anew.
    rpm.ok(&["start", &child(), "--name", "app"]);
    assert_eq!(rpm.one("app").id, 0);
}

#[test]
fn each_kind_of_target() {
    let rpm = three();
    let file = rpm.dir().join("apps.json");
    let stopped_by = |target: &str| {
        rpm.ok(&["stop", target]);
        let all = statuses(&rpm);
        let stopped: Vec<usize> = (0..3).filter(|index| all[*index] == "stopped").collect();
        rpm.ok(&["restart", "all"]);
        stopped
    };
    assert_eq!(stopped_by("1"), [1]);
    assert_eq!(stopped_by("blue"), [2]);
    assert_eq!(stopped_by("warm"), [0, 1]);
    assert_eq!(stopped_by("/^(red|blue)$/"), [0, 2]);
    assert_eq!(stopped_by("/re/"), [0, 1]);
    assert_eq!(stopped_by("all"), [0, 1, 2]);
    assert_eq!(stopped_by(file.to_str().unwrap()), [0, 1, 2]);
    assert_eq!(stopped_by(&child()), [0, 1, 2]);
}

#[test]
fn a_bad_target_among_good_ones_stops_the_whole_command() {
    let rpm = three();
    rpm.fails(&["stop", "red", "nobody", "blue"]);
    assert_eq!(statuses(&rpm), ["online"; 3]);
}

#[test]
fn scale() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &[])])]);
    let first = rpm.one("app").pid;
    let count = |target: &str| {
        rpm.ok(&["scale", "app", target]);
        let all = rpm.app("app");
        assert!(all.iter().all(Process::is_online));
        all.len()
    };
    assert_eq!(count("4"), 4);
    assert_eq!(count("+2"), 6);
    assert_eq!(count("-1"), 5);
    assert_eq!(count("2"), 2);
    assert_eq!(rpm.app("app")[0].pid, first, "the first one stays");
    for words in [["2", ""], ["nothing", ""], ["-5", ""]] {
        rpm.fails(&["scale", "app", words[0]]);
    }
    rpm.fails(&["scale", "nobody", "2"]);
    assert_eq!(rpm.app("app").len(), 2);
    let numbers: Vec<String> =
        rpm.pids("app").into_iter().map(|pid| environ(pid, "NODE_APP_INSTANCE").unwrap()).collect();
    assert_eq!(numbers, ["0", "1"]);
}

#[test]
fn tables() {
    let rpm = three();
    rpm.ok(&["scale", "blue", "3"]);
    let list = rpm.ok(&["list"]);
    for column in ["id", "name", "namespace", "mode", "pid", "uptime", "status", "cpu", "mem"] {
        assert!(list.contains(column), "no {column} in {list}");
    }
    assert_eq!(list.matches("blue").count(), 3, "{list}");
    assert!(!list.contains('\u{1b}'), "colours in a pipe: {list}");
    for alias in ["ls", "l", "ps"] {
        assert_eq!(rpm.ok(&[alias]).matches("online").count(), 5, "{alias}");
    }
    let status = rpm.ok(&["status"]);
    assert_eq!(status.matches("blue").count(), 1, "{status}");
    let header = status.lines().find(|line| line.contains("name")).unwrap();
    let columns: Vec<&str> = header.split(['│', '|']).map(str::trim).collect();
    let columns: Vec<&str> = columns.into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(columns[..6], ["id", "name", "mode", "status", "instances", "cpu"]);
    // No line is longer than the terminal.
    for width in ["40", "80", "120"] {
        let output = rpm.command(&["list"]).env("COLUMNS", width).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= width.parse().unwrap(), "{longest} columns at {width}:\n{text}");
    }
}

#[test]
fn everything_as_json() {
    let rpm = three();
    let parse = |args: &[&str]| -> Value {
        let text = rpm.ok(args);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
    };
    assert_eq!(parse(&["list", "--json"]).as_array().unwrap().len(), 3);
    assert_eq!(parse(&["status", "--json"]).as_array().unwrap().len(), 3);
    parse(&["describe", "red", "--json"]);
    parse(&["env", "0", "--json"]);
    parse(&["id", "red", "--json"]);
    parse(&["pid", "red", "--json"]);
    parse(&["stop", "red", "--json"]);
    parse(&["restart", "red", "--json"]);
    parse(&["scale", "red", "2", "--json"]);
    let failed = rpm.fails(&["stop", "nobody", "--json"]);
    let text = if failed.stdout.trim().is_empty() { &failed.stderr } else { &failed.stdout };
    serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error}: {failed:?}"));
}

#[test]
fn what_scripts_read() {
    let rpm = three();
    let jlist = rpm.run(&["jlist"]);
    assert!(!jlist.stdout.ends_with('\n') && jlist.stdout.starts_with('['));
    let red = rpm.one("red");
    assert_eq!(*red.env("restart_time"), 0);
    assert_eq!(red.env("env")["name"], Value::Null, "fields are not the app's variables");
    let pretty = rpm.ok(&["prettylist"]);
    assert_eq!(pretty.matches("status: 'online'").count(), 3, "{pretty}");
    assert_eq!(pretty.matches("restart_time: 0").count(), 3);
    assert_eq!(rpm.ok(&["id", "red"]).trim(), "[ 0 ]");
    assert_eq!(rpm.ok(&["id", "nobody"]).trim(), "[]");
    assert_eq!(rpm.ok(&["pid", "red"]).trim(), red.pid.to_string());
    assert_eq!(rpm.ok(&["ping"]).trim(), "{ msg: 'pong' }");
    let described = rpm.ok(&["describe", "red"]);
    for word in ["status", "script path", "out log path", "exec mode", &child()] {
        assert!(described.contains(word), "no {word} in {described}");
    }
    rpm.fails(&["describe", "nobody"]);
    assert!(rpm.ok(&["env", "0"]).contains("RPM_TEST_MARK"));
    rpm.fails(&["env", "99"]);
}

#[test]
fn silent_is_silent() {
    let rpm = three();
    let output = rpm.run(&["restart", "red", "-s"]);
    assert!(output.status.success() && output.all().is_empty(), "{output:?}");
    let output = rpm.run(&["--silent", "stop", "nobody"]);
    assert!(!output.status.success() && output.all().is_empty(), "{output:?}");
}

#[test]
fn some_apps_of_a_file_with_an_environment() {
    let rpm = Rpm::new();
    let mut apps = ["one", "two", "three"].map(|name| child_app(name, &[]));
    for app in &mut apps {
        app["env"] = json!({ "MODE": "development", "KEPT": "yes" });
        app["env_production"] = json!({ "MODE": "production" });
    }
    let config = rpm.config(&apps);
    rpm.ok(&["start", &config, "--only", "one,three", "--env", "production"]);
    let names: Vec<String> = rpm.list().into_iter().map(|process| process.name).collect();
    assert_eq!(names, ["one", "three"]);
    let pid = rpm.one("three").pid;
    assert_eq!(environ(pid, "MODE").as_deref(), Some("production"));
    assert_eq!(environ(pid, "KEPT").as_deref(), Some("yes"));
    rpm.ok(&["start", &config, "--only", "two"]);
    assert_eq!(environ(rpm.one("two").pid, "MODE").as_deref(), Some("development"));
}

#[test]
fn configs_in_json_with_comments_javascript_and_stdin() {
    let rpm = Rpm::new();
    let child = child();
    let json =
        format!("// one app\n{{ \"apps\": [{{ \"name\": \"json\", \"script\": {child:?}, }},] }}");
    rpm.write("json.json", &json);
    rpm.ok(&["start", "json.json"]);
    let script = format!("module.exports = {{ apps: [{{ name: 'js' + 1, script: {child:?} }}] }};");
    rpm.write("ecosystem.config.js", &script);
    rpm.ok(&["start", "ecosystem.config.js"]);
    rpm.write("other.config.cjs", &script.replace("'js' + 1", "'cjs'"));
    rpm.ok(&["start", "other.config.cjs"]);
    let input = format!("{{ \"apps\": [{{ \"name\": \"stdin\", \"script\": {child:?} }}] }}");
    let output = rpm.run_with_input(&["start", "-"], &input);
    assert!(output.status.success(), "{output:?}");
    for name in ["json", "js1", "cjs", "stdin"] {
        assert!(rpm.one(name).is_online());
    }
    // Without a target it is the file of that name here.
    rpm.ok(&["delete", "all"]);
    rpm.ok(&["start"]);
    assert!(rpm.one("js1").is_online());
}

#[test]
fn a_changed_file_is_applied_whole() {
    let rpm = Rpm::new();
    let config = rpm.config(&[child_app("app", &["note:one"])]);
    rpm.ok(&["startOrRestart", &config]);
    let mut changed = child_app("app", &["note:two"]);
    changed["instances"] = json!(3);
    changed["exec_mode"] = json!("fork");
    changed["cwd"] = json!(rpm.home());
    let config = rpm.config(&[changed, child_app("new", &[])]);
    rpm.ok(&["startOrRestart", &config]);
    let all = rpm.app("app");
    assert_eq!(all.len(), 3);
    for process in &all {
        assert!(process.is_online());
        assert_eq!(process.env("pm_cwd").as_str(), rpm.home().to_str());
        let cwd = std::fs::read_link(format!("/proc/{}/cwd", process.pid)).unwrap();
        assert_eq!(cwd, rpm.home());
    }
    assert!(rpm.one("new").is_online());
}

#[test]
fn signals() {
    let rpm = Rpm::new();
    let script = ["note:note", "ignore:USR2"];
    rpm.ok(&["start", &rpm.config(&[child_app("app", &script)])]);
    eventually("it listens", || (!rpm.read("note").is_empty()).then_some(()));
    let pid = rpm.one("app").pid;
    rpm.ok(&["sendSignal", "SIGUSR2", "app"]);
    eventually("the signal came", || rpm.read("note").contains("signal USR2").then_some(()));
    assert_eq!(rpm.one("app").pid, pid);
    rpm.fails(&["sendSignal", "SIGFOO", "app"]);
    rpm.fails(&["sendSignal", "SIGUSR2", "nobody"]);
}

#[test]
fn without_a_daemon() {
    let rpm = Rpm::new();
    assert_eq!(rpm.ok(&["jlist"]), "[]");
    for words in [&["list"][..], &["status"], &["kill"], &["--version"], &["--help"]] {
        rpm.ok(words);
    }
    assert!(rpm.processes().is_empty(), "one was started: {:?}", rpm.processes());
    rpm.fails(&["stop", "all"]);
    assert!(rpm.processes().is_empty());
    rpm.ok(&["ping"]);
    let (supervisor, keeper) = rpm.daemon();
    assert_ne!(supervisor, keeper);
    rpm.ok(&["kill"]);
    assert!(rpm.processes().is_empty(), "left: {:?}", rpm.processes());
}

#[test]
fn many_first_starts_make_one_daemon() {
    let rpm = Rpm::new();
    let child = child();
    let start = |number| {
        let name = format!("app{number}");
        rpm.beside(&["start", &*child, "--name", &*name])
    };
    let starts: Vec<_> = (0..6).map(start).collect();
    for mut one in starts {
        assert!(one.wait().success());
    }
    let names: Vec<String> = rpm.list().into_iter().map(|process| process.name).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    rpm.daemon();
}

#[test]
fn under_the_name_pm2() {
    let rpm = Rpm::new();
    let link = rpm.dir().join("pm2");
    symlink(rpm.binary(), &link).unwrap();
    let mut command = std::process::Command::new(&link);
    let output = command
        .args(["start", &child(), "--name", "app"])
        .env("RPM_HOME", rpm.home())
        .env("RPM_TEST_MARK", rpm.dir().parent().unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(rpm.one("app").is_online());
    rpm.ok(&["shim", "--dir", rpm.home().to_str().unwrap()]);
    let made = std::fs::read_link(rpm.home().join("pm2")).unwrap();
    assert_eq!(made.canonicalize().unwrap(), rpm.binary().canonicalize().unwrap());
}

#[test]
fn an_app_may_give_commands_too() {
    let rpm = Rpm::new();
    let binary = rpm.binary().display();
    let script =
        format!("{binary} restart other >> out 2>&1; {binary} stop me >> out 2>&1; sleep 100");
    rpm.write("me.sh", &script);
    rpm.ok(&["start", &child(), "--name", "other"]);
    let before = rpm.one("other").pid;
    rpm.ok(&["start", "me.sh"]);
    rpm.eventually_one("me", "it has stopped itself", |me| me.status == "stopped");
    assert_ne!(rpm.one("other").pid, before, "{}", rpm.read("out"));
}

#[test]
fn options_stand_where_people_put_them() {
    let rpm = Rpm::new();
    rpm.ok(&["--name", "first", "start", &child()]);
    rpm.ok(&["start", "--name=second", &child()]);
    rpm.ok(&["start", &child(), "-n", "third", "--restart-delay", "5", "--max-restarts", "3"]);
    let third = rpm.one("third");
    assert_eq!(*third.env("restart_delay"), 5);
    assert_eq!(*third.env("max_restarts"), 3);
    assert_eq!(rpm.list().len(), 3);
    kill(third.pid, Signal::SIGKILL);
    rpm.eventually_one("third", "it is back", |one| one.restarts == 1 && one.is_online());
}
