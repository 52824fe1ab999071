//! What people get wrong, and what they are told.

use super::*;
use crate::testing::Place;
use std::fmt::Write;

#[test]
fn texts_that_are_no_json() {
    check(
        "syntax",
        &[
            "",
            "{ apps: [",
            "{\n  \"apps\": [\n    { \"script\": \"app.js\" \"name\": \"x\" }\n  ]\n}",
            "{ script: app.js }",
            "{ 'script': 'app.js\n}",
            "module.exports = { apps: [] };",
            "{ script: 'app.js' } }",
        ],
    );
}

#[test]
fn values_of_the_wrong_kind() {
    let texts: Vec<String> = [
        "name: 7",
        "name: ''",
        "args: { a: 1 }",
        "exec_mode: 'threads'",
        "instances: 'many'",
        "instances: 1.5",
        "instances: 5000",
        "env: ['A=1']",
        "env: { '': 1 }",
        "env: { 'A=B': 1 }",
        "env_production: 'x'",
        "filter_env: 3",
        "port: 70000",
        "port: 'http'",
        "out_file: true",
        "log_type: 'xml'",
        "time: 'yes'",
        "max_memory_restart: '1.5G'",
        "min_uptime: 50",
        "min_uptime: '10 seconds'",
        "maxRestarts: 'lots'",
        "max_restarts: -1",
        "restart_delay: [1]",
        "autorestart: 'no'",
        "stop_exit_codes: [0, 300]",
        "kill_timeout: 'soon'",
        "kill_signal: 'SIGFOO'",
        "cluster_policy: 'random'",
        "cluster_window: 33",
        "watch: 1",
        "uid: 'no-such-user'",
        "gid: 'no-such-group'",
        "cwd: 'no-such-folder'",
        "exec_mode: 'cluster', interpreter: 'python3'",
    ]
    .iter()
    .map(|field| {
        format!("{{\n  apps: [\n    {{ name: 'a', script: 'app.js', {field} }},\n  ],\n}}")
    })
    .collect();
    check("values", &texts.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn keys_that_are_slips() {
    check(
        "keys",
        &[
            "{ script: 'app.js', max_memory_restrat: '1G' }",
            "{ script: 'app.js', maxRestart: 3 }",
            "{ app: [{ script: 'app.js' }] }",
            "{ name: 'a' }",
            "{ foo: 1 }",
            "{ apps: [{ name: 'a' }] }",
            "{ apps: 3 }",
            "{ apps: ['app.js'] }",
            "'app.js'",
            "[{ script: 'app.js' }, { script: './app.js' }]",
        ],
    );
}

#[test]
fn files_that_are_not_there() {
    check(
        "missing",
        &[
            "{ script: 'ap.js' }",
            "{ script: 'app.ts' }",
            "{ script: './nowhere/x.js' }",
            "{ script: 'no-such-command' }",
            "{ script: 'app.js', interpreter: 'nodee' }",
            "{ script: 'app.js', interpreter: './nodee' }",
            "{ script: 'app.js', interpreter: './worker.py' }",
            "{ script: 'app.js', interpreter: 'node@18' }",
            "{ script: 'run.php' }",
            "{ script: 'a file.js', interpreter: 'node' }",
        ],
    );
}

#[test]
fn config_files_that_cannot_be_read() {
    let place = Place::with_node();
    place.file("ecosystem.json", "[]");
    place.file("latin1.json", "");
    std::fs::write(place.context.cwd.join("latin1.json"), b"[\xe9]").unwrap();
    place.file("throws.config.js", "\nthrow new RangeError('no luck');\n");
    place.file("empty.config.js", "module.exports = () => undefined;");
    place.file("exits.config.js", "process.exit(0);");
    place.file("wrong.config.js", "module.exports = { apps: [{ script: 'app.js', time: 1 }] };");
    place.file("tab.yaml", "apps:\n- name: api\n\tscript: ./api.js\n");
    place.file("kind.yaml", "apps:\n  - script: app.js\n    instances: [many]\n");
    place.file("twice.toml", "[[apps]]\nname = 'a'\nname = 'b'\n");
    place.file("kind.toml", "[[apps]]\nscript = 'app.js'\nmax_restarts = 'some'\n");
    let mut shown = String::new();
    for file in [
        "ecosystm.json",
        "nothing.config.js",
        "latin1.json",
        "bin",
        "tab.yaml",
        "kind.yaml",
        "twice.toml",
        "kind.toml",
        "throws.config.js",
        "empty.config.js",
        "exits.config.js",
        "wrong.config.js",
    ] {
        let fault = load_file(file.into(), &place.context, &place.selection()).unwrap_err();
        // What Node prints differs from version to version below the first line.
        let fault = ConfigFault { excerpt: fault.excerpt.map(|text| first_line(&text)), ..fault };
        write!(shown, "# {file}\n{}\n\n", place.show_fault(&fault)).unwrap();
    }
    insta::assert_snapshot!("files", shown);
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn check(name: &str, texts: &[&str]) {
    let mut shown = String::new();
    for text in texts {
        let place = Place::new();
        place.file("run.php", "");
        let fault = match place.json(text) {
            Ok(loaded) => panic!("{text}: {}", place.show(&loaded)),
            Err(fault) => fault,
        };
        write!(shown, "# {}\n{}\n\n", text.replace('\n', " "), place.show_fault(&fault)).unwrap();
    }
    insta::assert_snapshot!(name, shown);
}
