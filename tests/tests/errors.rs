//! What goes wrong is said: what, why, how to mend it; the exit status is 1; nothing is half done.

use rpm_tests::{Output, Rpm, app, child, child_app};
use serde_json::json;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

/// Asserts that the message holds each of these.
fn says(output: &Output, words: &[&str]) {
    let text = output.all();
    for word in words {
        assert!(text.contains(word), "{word:?} is not said in:\n{text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn an_unknown_app() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &child(), "--name", "billing-service"]);
    for verb in ["stop", "restart", "reload", "delete", "describe"] {
        let output = rpm.fails(&[verb, "billing-servce"]);
        says(&output, &["billing-servce", "billing-service"]);
    }
    says(&rpm.fails(&["stop", "99"]), &["99"]);
    says(&rpm.fails(&["stop", "/[/"]), &["/[/"]);
    says(&rpm.fails(&["scale", "nobody", "3"]), &["nobody"]);
    assert!(rpm.one("billing-service").is_online());
}

#[test]
fn a_missing_script() {
    let rpm = Rpm::new();
    rpm.write("server.js", "");
    let output = rpm.fails(&["start", "servr.js"]);
    let path = rpm.dir().join("servr.js");
    says(&output, &[path.to_str().unwrap(), "server.js"]);
    let config = rpm.config(&[child_app("good", &[]), json!({ "name": "bad", "script": "no.js" })]);
    says(&rpm.fails(&["start", &config]), &["no.js", "bad"]);
    assert!(rpm.list().is_empty(), "half of it was started");
}

#[test]
fn an_unknown_interpreter() {
    let rpm = Rpm::new();
    rpm.write("app.js", "");
    let output = rpm.fails(&["start", "app.js", "--interpreter", "nodejs-of-mine"]);
    says(&output, &["nodejs-of-mine"]);
    assert!(rpm.list().is_empty());
}

#[test]
fn a_script_that_cannot_be_executed() {
    let rpm = Rpm::new();
    let script = rpm.write("tool.bin", "\u{0}\u{1}\u{2}not a program");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let output = rpm.run(&["start", script.to_str().unwrap(), "--interpreter", "none"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    says(&output, &["tool"]);
    // It is not left as if it were running.
    assert!(rpm.list().iter().all(|process| process.status == "errored" && process.pid == 0));
}

#[test]
fn a_port_in_use() {
    let rpm = Rpm::new();
    let holder = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let web = json!({
        "name": "web", "script": app("web.js"), "env": { "PORT": port }, "wait_ready": true,
        "max_restarts": 2, "listen_timeout": 10000,
    });
    let output = rpm.fails(&["start", &rpm.config(&[web])]);
    says(&output, &["web", "EADDRINUSE", &port.to_string()]);
}

#[test]
fn broken_json() {
    let rpm = Rpm::new();
    rpm.write("apps.json", "{\n  \"apps\": [\n    { \"name\" \"app\" }\n  ]\n}\n");
    let output = rpm.fails(&["start", "apps.json"]);
    says(&output, &["apps.json", "3", "{ \"name\" \"app\" }"]);
    assert!(rpm.processes().is_empty(), "a daemon was started for nothing");
}

#[test]
fn wrong_values_and_unknown_keys() {
    let rpm = Rpm::new();
    let with = |key: &str, value: serde_json::Value| {
        let mut app = child_app("app", &[]);
        app[key] = value;
        rpm.config(&[app])
    };
    let tries = [
        ("max_restarts", json!("many"), &["max_restarts", "many"][..]),
        ("autorestart", json!("no"), &["autorestart"]),
        ("exec_mode", json!("clster"), &["exec_mode", "clster", "cluster"]),
        ("max_memory_restart", json!("200MB"), &["max_memory_restart", "200MB"]),
        ("max_memory_restrat", json!("1G"), &["max_memory_restrat", "max_memory_restart"]),
        ("instances", json!("foo"), &["instances", "foo"]),
        ("min_uptime", json!("soon"), &["min_uptime", "soon"]),
    ];
    for (key, value, words) in tries {
        let output = rpm.fails(&["start", &with(key, value)]);
        says(&output, words);
    }
    assert!(rpm.list().is_empty());
    // A key that resembles none is only warned of; PM2's files have all sorts of them.
    let output = rpm.run(&["start", &with("colour_of_the_bikeshed", json!("red"))]);
    assert!(output.status.success(), "{output:?}");
    says(&output, &["colour_of_the_bikeshed"]);
}

#[test]
fn a_missing_or_broken_config_file() {
    let rpm = Rpm::new();
    says(&rpm.fails(&["start", "missing.json"]), &["missing.json"]);
    says(&rpm.fails(&["start"]), &["ecosystem.config.js"]);
    rpm.write("bad.config.js", "module.exports = {\n  apps: [,\n    nonsense(\n};\n");
    says(&rpm.fails(&["start", "bad.config.js"]), &["bad.config.js", "SyntaxError"]);
    rpm.write("throws.config.js", "throw new Error('no such secret')");
    says(&rpm.fails(&["start", "throws.config.js"]), &["throws.config.js", "no such secret"]);
    let config = rpm.config(&[child_app("one", &[]), child_app("two", &[])]);
    says(&rpm.fails(&["start", &config, "--only", "three"]), &["three", "one", "two"]);
}

#[test]
fn words_that_do_not_fit() {
    let rpm = Rpm::new();
    says(&rpm.fails(&["strat", "app.js"]), &["strat", "start"]);
    says(&rpm.fails(&["start", "app.js", "--no-such-option"]), &["--no-such-option"]);
    says(&rpm.fails(&["scale", "app"]), &["scale"]);
    says(&rpm.fails(&["restart", "app", "--env", "production"]), &["env"]);
    for verb in ["link", "plus"] {
        says(&rpm.fails(&[verb]), &[verb]);
    }
    assert!(rpm.processes().is_empty());
}

#[test]
fn a_home_that_cannot_be_used() {
    let rpm = Rpm::new();
    let file = rpm.write("not-a-folder", "");
    let home = file.join("home");
    let output = rpm.command(&["start", &child()]).env("RPM_HOME", &home).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains(home.to_str().unwrap()), "{text}");
}

#[test]
fn a_socket_that_is_not_ours() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can take another user's place");
        return;
    }
    let rpm = Rpm::new();
    rpm.ok(&["start", &child(), "--name", "app"]);
    // The program and the way to the socket are open to all; the socket itself is not.
    let folder = rpm.dir().parent().unwrap().to_owned();
    let open = fs::Permissions::from_mode(0o755);
    for path in [folder.clone(), rpm.home()] {
        fs::set_permissions(path, open.clone()).unwrap();
    }
    let binary = folder.join("rpm");
    fs::copy(rpm.binary(), &binary).unwrap();
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let output = command.arg(&binary).arg("list").env("RPM_HOME", rpm.home()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("rpm.sock") && text.to_lowercase().contains("permission"), "{text}");
}

#[test]
fn a_daemon_of_another_version() {
    use std::io::{Read, Write};
    let rpm = Rpm::new();
    fs::create_dir(rpm.home()).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(rpm.home().join("rpm.sock")).unwrap();
    let daemon = std::thread::spawn(move || {
        let (mut stream, _) = socket.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let hello = br#"{"protocol":999,"version":"9.9.9","pid":1}"#;
        stream.write_all(&u32::try_from(hello.len()).unwrap().to_be_bytes()).unwrap();
        stream.write_all(hello).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    says(&rpm.fails(&["list"]), &["9.9.9"]);
    daemon.join().unwrap();
}
