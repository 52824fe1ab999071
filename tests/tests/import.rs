//! The way from PM2: its saved list and settings, as PM2 7.0.4 has written them.

use rpm_tests::{Rpm, environ, eventually, free_port, get};
use std::fs;
use std::path::{Path, PathBuf};

/// A home of PM2 beside that of the test, with apps that can run.
struct Moved {
    rpm: Rpm,
    pm2: PathBuf,
    web: u16,
}

fn moved() -> Moved {
    let rpm = Rpm::new();
    let (pm2, apps) = (rpm.dir().join("pm2"), rpm.dir().join("apps"));
    for module in ["pm2-logrotate", "pm2-server"] {
        fs::create_dir_all(pm2.join("modules").join(module)).unwrap();
    }
    rpm.write(
        "apps/http.js",
        "require('http').createServer((q, s) => s.end('here')).listen(process.env.PORT);\n",
    );
    rpm.write("apps/worker.sh", "while :; do echo tick; sleep 5; done\n");
    let (web, idle) = (free_port(), free_port());
    let path = std::env::var("PATH").unwrap();
    let words = [
        ("@PM2_HOME@", pm2.to_str().unwrap().to_owned()),
        ("@APPS@", apps.to_str().unwrap().to_owned()),
        ("@PATH@", path),
        ("@WEB@", web.to_string()),
        ("@IDLE@", idle.to_string()),
    ];
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pm2-7.0.4");
    for name in ["dump.pm2", "module_conf.json"] {
        let mut text = fs::read_to_string(fixtures.join(name)).unwrap();
        for (word, value) in &words {
            text = text.replace(word, value);
        }
        fs::write(pm2.join(name), text).unwrap();
    }
    Moved { rpm, pm2, web }
}

/// What the saved list says, found running.
fn is_taken_over(moved: &Moved) {
    let Moved { rpm, web, .. } = moved;
    assert_eq!(rpm.app("web").len(), 2);
    assert!(rpm.app("web").iter().all(|it| it.json["pm2_env"]["exec_mode"] == "cluster_mode"));
    eventually("the web app to answer", || get(*web, "/").ok());
    let worker = rpm.one("worker");
    assert!(worker.is_online());
    assert_eq!(worker.json["pm2_env"]["namespace"], "jobs");
    assert_eq!(worker.json["pm2_env"]["args"], serde_json::json!(["--queue", "mail box"]));
    assert_eq!(worker.json["pm2_env"]["cron_restart"], "0 3 * * *");
    assert_eq!(rpm.one("idle").status, "stopped", "it was stopped when it was saved");
    let log = moved.rpm.dir().join("apps/w.log");
    eventually("the worker's log", || {
        fs::read_to_string(&log).ok().filter(|it| it.contains("tick"))
    });
}

#[test]
fn a_saved_list_and_settings_are_taken_over() {
    let moved = moved();
    let Moved { rpm, pm2, .. } = &moved;
    rpm.ok(&["set", "web:greeting", "mine"]);
    let output = rpm.run(&["import", "pm2", pm2.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.contains("the module `pm2-server` is not taken over"), "{output:?}");
    assert!(!output.stderr.contains("pm2-logrotate"), "it is built in: {output:?}");
    is_taken_over(&moved);
    let pid = rpm.app("web")[0].pid;
    assert_eq!(environ(pid, "MODE").as_deref(), Some("a"));
    assert_eq!(environ(pid, "PM2_HOME").as_deref(), rpm.home().to_str(), "PM2's home is not ours");
    // What is set here stays; what is not comes along.
    assert_eq!(rpm.ok(&["get", "web:greeting", "--json"]), "\"mine\"\n");
    assert_eq!(rpm.ok(&["get", "pm2:sysmonit", "--json"]), "\"false\"\n");
    // Once more changes nothing.
    rpm.ok(&["import", "pm2", pm2.to_str().unwrap()]);
    assert_eq!(rpm.app("web").len(), 2);
    assert_eq!(rpm.app("web")[0].pid, pid);
}

#[test]
fn resurrect_reads_what_pm2_has_saved() {
    let moved = moved();
    fs::create_dir_all(moved.rpm.home()).unwrap();
    fs::copy(moved.pm2.join("dump.pm2"), moved.rpm.home().join("dump.pm2")).unwrap();
    moved.rpm.ok(&["resurrect"]);
    is_taken_over(&moved);
}

#[test]
fn what_cannot_be_taken_over_starts_nothing() {
    let rpm = Rpm::new();
    let missing = rpm.fails(&["import", "pm2", "nowhere"]);
    assert!(missing.stderr.contains("no home of PM2"), "{missing:?}");
    fs::create_dir_all(rpm.dir().join("empty")).unwrap();
    let empty = rpm.fails(&["import", "pm2", "empty"]);
    assert!(empty.stderr.contains("has saved no list"), "{empty:?}");
    rpm.fails(&["import", "forever"]);
    assert!(!rpm.home().join("rpm.sock").exists(), "a daemon was started");
}
