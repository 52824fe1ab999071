//! Configs as people write them, and the specs they are.

use super::*;
use crate::testing::Place;
use std::fmt::Write;

fn shown(text: &str) -> String {
    let place = Place::new();
    match place.json(text) {
        Ok(loaded) => place.show(&loaded),
        Err(fault) => place.show_fault(&fault),
    }
}

#[test]
fn config_files_are_known_by_their_end() {
    for (name, known) in [
        ("ecosystem.json", true),
        ("a.json5", true),
        ("ecosystem.config.js", true),
        ("ecosystem.config.cjs", true),
        ("ecosystem.config.mjs", true),
        ("a.yml", true),
        ("a.yaml", true),
        ("a.toml", true),
        ("app.js", false),
        ("config.js", false),
        ("my.json.js", false),
        ("dir.config.js/app.js", false),
        ("all", false),
    ] {
        assert_eq!(is_config_file(name), known, "{name}");
    }
}

#[test]
fn a_small_app() {
    insta::assert_snapshot!(shown("{ script: 'app.js' }"));
}

#[test]
fn a_service_as_in_production() {
    insta::assert_snapshot!(shown(
        r#"{
  // The gateway.
  "apps": [{
    "name": "api-gateway", "script": "./src/my.server.mjs", "exec_mode": "cluster", "instances": 4,
    "wait_ready": true, "listen_timeout": 10000, "kill_timeout": 5000, "max_restarts": 10,
    "min_uptime": "10s", "restart_delay": 4000, "max_memory_restart": "1G", "autorestart": true,
    "pmx": true, "instance_var": "INSTANCE_ID", "merge_logs": true,
    "out_file": "logs/out.log", "error_file": "~/err.log", "log_date_format": "HH:mm",
    "env": { "NODE_ENV": "development", "PORT": 30000, "DEBUG": false, "BIG": 12345678901234567890 },
    "env_production": { "NODE_ENV": "production" },
  }],
}"#
    ));
}

#[test]
fn every_key_in_its_other_spellings() {
    insta::assert_snapshot!(shown(
        r#"[{
  "cmd": "app.js", "name": "a", "namespace": "n", "cwd": ".", "args": "--x 'a b'",
  "interpreter": "bin/node", "interpreterArgs": ["--inspect", 9229], "execMode": "fork_mode",
  "instances": "2", "env": { "L": [1, { "a": null }], "N": null, "E": "" }, "filterEnv": ["AWS_"],
  "port": "8080", "incrementVar": "PORT", "instanceVar": "I", "out": "/dev/null", "errLog": "NULL",
  "log": true, "pid": "my.pid", "disableLogs": true, "logType": "json", "time": true,
  "combineLogs": false, "maxMemoryRestart": 1000, "minUptime": 100, "maxRestarts": 0,
  "restartDelay": "5s", "expBackoffRestartDelay": 100, "autorestart": false,
  "stopExitCodes": [0, "3"], "autostart": false, "killTimeout": "1m", "killSignal": "TERM",
  "treekill": false, "shutdownWithMessage": true, "waitReady": false, "listenTimeout": 1,
  "user": 12345, "gid": "root", "pmx": "yes", "clusterPolicy": "reuseport", "clusterWindow": 32,
  "sticky": true, "drain": false, "drainTimeout": 9, "watch": ["src"], "ignoreWatch": "node_modules",
  "watchDelay": 10, "watchOptions": { "a": 1 }, "cron": "0 3 * * *", "vizion": false,
  "description": "not a key",
}]"#
    ));
}

#[test]
fn scripts_and_what_runs_them() {
    let place = Place::new();
    place.program("bin/npm", "#!/usr/bin/env node\n");
    place.program("bin/tool", "#!/usr/bin/env ruby\n");
    place.file("www", "#!/usr/bin/env -S node --harmony\n");
    place.file("job", "#!/usr/bin/env ruby\n");
    place.file("plain", "console.log(1)");
    place.program("binary", "\x7fELF\0");
    place.file("my app.js", "");
    let mut shown = String::new();
    for script in [
        "app.js",
        "src/my.server.mjs",
        "worker.py",
        "task.sh",
        "npm",
        "tool",
        "www",
        "job",
        "plain",
        "./binary",
        "my app.js",
        "node app.js --x",
        "npm run start",
    ] {
        let loaded = place.json(&format!("{{ script: '{script}' }}")).unwrap();
        let app = &loaded.apps[0];
        let runs = app.interpreter.as_ref().map_or("itself", |path| path.as_str());
        let extra = app.extra.get("exec_interpreter");
        writeln!(
            shown,
            "{script}: `{}` {} by {runs} {:?} {:?} {extra:?}",
            app.name, app.script, app.interpreter_args, app.args
        )
        .unwrap();
    }
    insta::assert_snapshot!(place.general(&shown));
}

#[test]
fn modes_counts_and_log_names() {
    let place = Place::new();
    let mut shown = String::new();
    for rest in [
        "",
        "instances: 1",
        "instances: 0",
        "instances: 'max'",
        "instances: -1",
        "instances: -9",
        "exec_mode: 'cluster'",
        "exec_mode: 'fork', instances: 3",
        "exec_mode: 'cluster', merge_logs: true",
        "script: 'worker.py', instances: 4",
        "interpreter: 'none', script: 'npm run x', instances: 2",
        "execute_command: true, instances: 2",
    ] {
        let app = &place.json(&format!("{{ script: 'app.js', {rest} }}")).unwrap().apps[0];
        writeln!(shown, "{rest}: {} {:?} merge={}", app.instances, app.mode, app.logs.merge)
            .unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn apps_are_found_wherever_they_stand() {
    for text in [
        "{ apps: [{ script: 'app.js' }] }",
        "{ apps: { script: 'app.js' } }",
        "{ name: 'package', version: '1.0.0', pm2: { script: 'app.js' } }",
        "{ name: 'package', pm2: [{ script: 'app.js' }] }",
        "{ pm2: { apps: [{ script: 'app.js' }] } }",
        "{ script: 'app.js' }",
        "[{ script: 'app.js' }]",
        "{ apps: [{ script: 'app.js' }], deploy: {}, module_conf: {}, whatever: 1 }",
    ] {
        let loaded = Place::new().json(text).unwrap();
        assert_eq!(loaded.apps.len(), 1, "{text}");
        assert_eq!(loaded.warnings, [""; 0], "{text}");
    }
    assert_eq!(Place::new().json("{ apps: [] }").unwrap(), Loaded::default());
    assert_eq!(Place::new().json("[]").unwrap(), Loaded::default());
}

const ENVIRONMENTS: &str = "{
  apps: [
    { name: 'a', script: 'app.js', port: 1, append_env_to_name: true,
      env: { A: 'env', B: 'env', C: 'env', PORT: 0 }, env_production: { C: 'own' },
      env_staging: { A: 's' } },
    { script: 'worker.py', env: { A: 'env' } },
  ],
  deploy: { production: { env: { B: 'deploy', C: 'deploy' } } },
}";

fn with(env: Option<&str>, only: &[&str]) -> String {
    let place = Place::new();
    let selection = Selection {
        env: env.map(str::to_owned),
        only: only.iter().map(|name| (*name).to_owned()).collect(),
        namespace: Some("n".to_owned()),
        ..place.selection()
    };
    match load_json(ENVIRONMENTS, "ecosystem.json", &place.context, &selection) {
        Ok(loaded) => {
            let apps = loaded.apps.iter().map(|app| format!("{} {:?}", app.name, app.env));
            apps.chain(loaded.warnings.iter().map(|w| format!("warning: {w}"))).collect::<Vec<_>>()
        }
        Err(fault) => vec![place.show_fault(&fault)],
    }
    .join("\n")
}

#[test]
fn environments_are_merged_in_pm2s_order() {
    insta::assert_snapshot!(
        [
            with(None, &[]),
            with(Some("production"), &[]),
            with(Some("staging"), &[]),
            with(Some("prod"), &[]),
        ]
        .join("\n---\n")
    );
}

#[test]
fn apps_are_selected_by_the_names_in_the_file() {
    insta::assert_snapshot!(
        [
            with(Some("production"), &["a"]),
            with(None, &["worker", "b"]),
            with(None, &["wroker"]),
            with(None, &["x", "y"]),
        ]
        .join("\n---\n")
    );
}

#[test]
fn programs_are_evaluated_by_node() {
    let place = Place::with_node();
    place.file("env.js", "module.exports = 'from a module';");
    for (name, text) in [
        (
            "a.config.js",
            "module.exports = { apps: [{ script: 'app.js', args: [require('./env.js')] }] };",
        ),
        (
            "b.config.js",
            "console.log('noise'); module.exports = () => ({ script: 'app.js', args: __dirname });",
        ),
        (
            "c.config.cjs",
            "module.exports = Promise.resolve([{ script: 'app.js', args: process.cwd() }]);",
        ),
        (
            "d.config.mjs",
            "export default { script: 'app.js', args: String(import.meta.url.length > 0) };",
        ),
        (
            "e.config.mjs",
            "export default async () => ({ apps: [{ script: 'app.js', env: { U: undefined, B: 5n } }] });",
        ),
        ("f.config.mjs", "export const apps = [{ script: 'app.js' }];"),
        (
            "g.config.js",
            "exports.__esModule = true; exports.default = { script: 'app.js' }; setInterval(() => {}, 1000);",
        ),
    ] {
        place.file(name, text);
        let loaded = load_file(name.into(), &place.context, &place.selection());
        let loaded = loaded.unwrap_or_else(|fault| panic!("{name}: {}", place.show_fault(&fault)));
        assert_eq!(loaded.apps[0].script, place.context.cwd.join("app.js"), "{name}");
        let said = (place.general(&loaded.apps[0].args.join(" ")), loaded.apps[0].env.get("B"));
        match name {
            "a.config.js" => assert_eq!(said.0, "from a module"),
            "b.config.js" | "c.config.cjs" => assert_eq!(said.0, "/w"),
            "d.config.mjs" => assert_eq!(said.0, "true"),
            "e.config.mjs" => assert_eq!(said.1.map(String::as_str), Some("5")),
            _ => {}
        }
    }
}

#[test]
fn the_examples_are_read_without_a_word() {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize_utf8().unwrap();
    let mut place = Place::new();
    let path = place.context.path.clone();
    place.context.cwd = root.ancestors().nth(2).unwrap().to_owned();
    place.context.path = path;
    for name in ["development", "production"] {
        let file = format!("examples/ecosystem.{name}.json");
        let selection = Selection { env: Some("production".to_owned()), ..place.selection() };
        let loaded = load_file(file.as_str().into(), &place.context, &selection)
            .unwrap_or_else(|fault| panic!("{}", place.show_fault(&fault)));
        assert_eq!(loaded.warnings, [""; 0]);
        assert_eq!(loaded.apps.len(), 6);
        assert_eq!(loaded.apps[0].env["NODE_ENV"], "production");
    }
}

#[test]
fn a_large_program_is_read_whole() {
    let place = Place::with_node();
    let text = "module.exports = { script: 'app.js', env: { X: 'é'.repeat(500000) } };";
    place.file("big.config.js", text);
    let loaded = load_file("big.config.js".into(), &place.context, &place.selection()).unwrap();
    assert_eq!(loaded.apps[0].env["X"].len(), 1_000_000);
}
