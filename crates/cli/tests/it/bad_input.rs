//! Configs and command lines that are wrong, with what a user reads about each.
//!
//! The answers are one snapshot, to be read from top to bottom as users would read them: what is
//! wrong, where (file, line, app, key), what is accepted, how to mend it.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

/// Configs: a file's name and its text.
const CONFIGS: &[(&str, &str)] = &[
    // Syntax.
    ("empty.json", ""),
    ("cut.json", r#"{ "apps": [ { "name": "web", "script": "#),
    ("no-comma.json", "{\n  \"apps\": [\n    { \"name\": \"web\" \"script\": \"app.js\" }\n  ]\n}"),
    ("behind.json", r#"{ "apps": [] } and more"#),
    ("number.json", "5"),
    ("word.json", "apps"),
    ("null.json", "null"),
    ("no-utf8.json", "{ \"apps\": [ { \"script\": \"\u{fffd}\u{0}\" } ] }"),
    ("tab.yml", "apps:\n\t- script: app.js\n"),
    ("open.yml", "apps: [\n"),
    ("indent.yml", "apps:\n  - script: app.js\n   name: web\n"),
    ("twice.yml", "apps:\n  - script: app.js\n    script: app.js\n"),
    ("alias.yml", "apps:\n  - *nobody\n"),
    ("equals.toml", "[[apps]]\nscript app.js\n"),
    ("twice.toml", "[[apps]]\nscript = 'app.js'\nscript = 'app.js'\n"),
    ("cut.config.js", "module.exports = {\n  apps: [\n"),
    ("throws.config.js", "module.exports = { apps: [] }\nthrow new Error('no luck')\n"),
    ("requires.config.js", "module.exports = require('./nowhere')\n"),
    ("nothing.config.js", "const apps = []\n"),
    ("string.config.js", "module.exports = 'app.js'\n"),
    ("rejects.config.mjs", "export default Promise.reject(new Error('no luck'))\n"),
    ("exits.config.js", "process.exit(3)\n"),
    // Shape.
    ("apps-text.json", r#"{ "apps": "app.js" }"#),
    ("apps-number.json", r#"{ "apps": 3 }"#),
    ("apps-of-text.json", r#"{ "apps": ["app.js"] }"#),
    ("no-script.json", r#"{ "apps": [ { "name": "web" } ] }"#),
    ("script-null.json", r#"{ "apps": [ { "name": "web", "script": null } ] }"#),
    ("script-empty.json", r#"{ "apps": [ { "name": "web", "script": "" } ] }"#),
    ("script-missing.json", r#"{ "apps": [ { "name": "web", "script": "nope.js" } ] }"#),
    ("two-apps.json", r#"[ { "script": "app.js" }, { "name": "b", "script": "nope.js" } ]"#),
    ("same-name.json", r#"[ { "script": "app.js" }, { "script": "app.js", "cwd": "/" } ]"#),
    ("near-key.json", r#"{ "apps": [ { "script": "app.js", "instnaces": 2 } ] }"#),
    ("near-top-key.json", r#"{ "app": [ { "script": "app.js" } ] }"#),
    // Values.
    ("name-number.json", r#"{ "apps": [ { "name": 5, "script": "app.js" } ] }"#),
    ("name-empty.json", r#"{ "apps": [ { "name": "", "script": "app.js" } ] }"#),
    ("mode.json", r#"{ "apps": [ { "script": "app.js", "exec_mode": "both" } ] }"#),
    ("instances-word.json", r#"{ "apps": [ { "script": "app.js", "instances": "many" } ] }"#),
    ("instances-half.json", r#"{ "apps": [ { "script": "app.js", "instances": 1.5 } ] }"#),
    ("instances-huge.json", r#"{ "apps": [ { "script": "app.js", "instances": 100000 } ] }"#),
    ("memory-half.json", r#"{ "apps": [ { "script": "app.js", "max_memory_restart": "1.5G" } ] }"#),
    ("memory-b.json", r#"{ "apps": [ { "script": "app.js", "max_memory_restart": "200MB" } ] }"#),
    ("uptime.json", r#"{ "apps": [ { "script": "app.js", "min_uptime": 5 } ] }"#),
    ("restarts.json", r#"{ "apps": [ { "script": "app.js", "max_restarts": -1 } ] }"#),
    ("kill.json", r#"{ "apps": [ { "script": "app.js", "kill_timeout": "soon" } ] }"#),
    ("kill-less.json", r#"{ "apps": [ { "script": "app.js", "kill_timeout": -5 } ] }"#),
    ("signal.json", r#"{ "apps": [ { "script": "app.js", "kill_signal": "SIGNOPE" } ] }"#),
    ("flag.json", r#"{ "apps": [ { "script": "app.js", "autorestart": "no" } ] }"#),
    ("codes.json", r#"{ "apps": [ { "script": "app.js", "stop_exit_codes": [0, 300] } ] }"#),
    ("env-text.json", r#"{ "apps": [ { "script": "app.js", "env": "A=1" } ] }"#),
    ("env-name.json", r#"{ "apps": [ { "script": "app.js", "env": { "A=B": "1" } } ] }"#),
    ("env-prod.json", r#"{ "apps": [ { "script": "app.js", "env_prod": 3 } ] }"#),
    ("cron.json", r#"{ "apps": [ { "script": "app.js", "cron_restart": "61 * * * *" } ] }"#),
    (
        "cron-words.json",
        r#"{ "apps": [ { "script": "app.js", "cron_restart": "daily please" } ] }"#,
    ),
    ("port.json", r#"{ "apps": [ { "script": "app.js", "port": 70000 } ] }"#),
    ("umask.json", r#"{ "apps": [ { "script": "app.js", "umask": "999" } ] }"#),
    ("nice.json", r#"{ "apps": [ { "script": "app.js", "nice": 99 } ] }"#),
    ("rlimit.json", r#"{ "apps": [ { "script": "app.js", "rlimits": { "nofiles": 5 } } ] }"#),
    ("log-type.json", r#"{ "apps": [ { "script": "app.js", "log_type": "xml" } ] }"#),
    ("cwd.json", r#"{ "apps": [ { "script": "app.js", "cwd": "/nowhere/at/all" } ] }"#),
    ("interpreter.json", r#"{ "apps": [ { "script": "app.js", "interpreter": "nosuch" } ] }"#),
    ("args-object.json", r#"{ "apps": [ { "script": "app.js", "args": { "a": 1 } } ] }"#),
    ("uid.json", r#"{ "apps": [ { "script": "app.js", "uid": "nobody-has-this" } ] }"#),
    ("policy.json", r#"{ "apps": [ { "script": "app.js", "cluster_policy": "random" } ] }"#),
    ("third.yml", "apps:\n  - script: app.js\n  - script: app.js\n    name: b\n    instances: x\n"),
    ("kind.toml", "[[apps]]\nscript = 'app.js'\nwait_ready = 'yes'\n"),
];

/// Command lines.
const LINES: &[&[&str]] = &[
    &["strat", "app.js"],
    &["--nonsense"],
    &["start", "app.js", "--nonsense"],
    &["start", "app.js", "--isntances", "2"],
    &["start", "nope.js"],
    &["start", "nope"],
    &["start", "missing.json"],
    &["start"],
    &["start", "app.js", "-i", "foo"],
    &["start", "app.js", "-i"],
    &["start", "app.js", "--name", ""],
    &["start", "app.js", "--max-memory-restart", "abc"],
    &["start", "app.js", "--max-memory-restart", "200MB"],
    &["start", "app.js", "--kill-timeout", "foo"],
    &["start", "app.js", "--restart-delay", "-1"],
    &["start", "app.js", "--stop-exit-codes", "one"],
    &["start", "app.js", "--cron", "bad"],
    &["start", "app.js", "--interpreter", "nosuch"],
    &["start", "app.js", "--uid", "nobody-has-this"],
    &["start", "app.js", "--log-type", "xml"],
    &["start", "app.js", "--env", "production"],
    &["start", "app.js", "--parallel", "none"],
    &["start", "app.js", "--cwd", "/nowhere/at/all"],
    &["stop"],
    &["restart", "nope"],
    &["stop", "/[/"],
    &["scale", "web"],
    &["scale", "web", "many"],
    &["sendSignal", "SIGFOO", "web"],
    &["sendSignal", "SIGUSR1"],
    &["describe"],
    &["env"],
    &["env", "web"],
    &["logs", "--lines", "few"],
    &["list", "--sort", "beauty"],
    &["reset"],
    &["save", "more"],
    &["kill", "now"],
    &["deploy", "nope.json", "production"],
    &["startup", "windows"],
];

fn told(args: &[&str], files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    fs::write(folder.path().join("app.js"), "setInterval(() => {}, 1e6)").unwrap();
    for (name, text) in files {
        // A mark for a byte that no text has.
        let bytes = text.replace('\u{fffd}', "\0");
        let bytes: Vec<u8> = bytes.bytes().map(|it| if it == 0 { 0xff } else { it }).collect();
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_rpm"))
        .args(args)
        .env("RPM_HOME", &home)
        .env("PWD", folder.path())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    let path = std::env::var("PATH").unwrap();
    let shown = folder.path().to_str().unwrap();
    let mut text = String::new();
    if output.status.code() != Some(1) {
        let _ = writeln!(text, "UNEXPECTED {}", output.status);
    }
    if home.join("rpm.sock").exists() {
        text.push_str("UNEXPECTED daemon\n");
        let kill =
            Command::new(env!("CARGO_BIN_EXE_rpm")).arg("kill").env("RPM_HOME", &home).output();
        kill.unwrap();
    }
    for line in out.lines().chain(err.lines()) {
        let _ = writeln!(text, "{}", line.replace(shown, "DIR").replace(&path, "$PATH").trim_end());
    }
    text
}

#[test]
fn each_mistake_has_its_answer() {
    assert!(CONFIGS.len() + LINES.len() > 100, "the table has shrunk");
    let mut text = String::new();
    for (name, config) in CONFIGS {
        let answer = told(&["start", name], &[(name, config)]);
        let shown = config.trim_end().replace('\u{fffd}', "\\xff").replace('\0', "\\0");
        let _ = writeln!(text, "=== {name}\n{shown}\n---\n{answer}");
    }
    for args in LINES {
        let _ = writeln!(text, "=== rpm {}\n{}", args.join(" "), told(args, &[]));
    }
    insta::assert_snapshot!(text);
    for bad in ["UNEXPECTED", "panicked", "---\n\n"] {
        assert!(!text.contains(bad), "{bad}");
    }
}
