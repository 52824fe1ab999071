//! Laws of the record, the counts that scripts rely on among them.

use super::*;
use crate::{env, names};
use camino::Utf8Path;
use rpm_core::spec::{Env, ExecMode, LogOptions};
use rpm_core::{Signal, Status};
use rpm_proto::ProcessView;
use std::sync::Arc;

pub(crate) fn detail(spec: AppSpec, id: u32, slot: u32) -> Detail {
    let home = Utf8Path::new("/h");
    let paths = names::paths(&spec, id, &home.join("logs"), &home.join("pids"));
    let view = ProcessView {
        id,
        name: spec.name.clone(),
        namespace: spec.namespace.clone(),
        version: spec.version.clone(),
        mode: spec.mode,
        slot,
        status: Status::Online,
        pid: 4242,
        restarts: 3,
        unstable: 0,
        created_at: 1_700_000_000_000,
        started_at: 1_700_000_001_000,
        cpu: 12.34,
        memory: 50_000_000,
        last_exit: Some(Ending::Signal(Signal::KILL)),
        error: None,
        user: spec.username.clone(),
        watching: false,
        module: false,
    };
    Detail {
        view,
        env: env::child_env(&spec, id, slot, 3, &paths, home),
        spec: AppSpec { base_env: Arc::default(), ..spec },
        out_log: paths.out.map(String::from),
        err_log: paths.err.map(String::from),
        combined_log: paths.combined.map(String::from),
        pid_file: paths.pid.map(String::from).unwrap_or_default(),
        backoff_ms: 0,
        unenforced: Vec::new(),
        told: rpm_proto::Told::default(),
        provenance: rpm_proto::Provenance::default(),
    }
}

pub(crate) fn vars(pairs: &[(&str, &str)]) -> Env {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

pub(crate) fn api() -> AppSpec {
    AppSpec {
        name: "api".to_owned(),
        script: "/srv/api.js".into(),
        interpreter: Some("/usr/bin/node".into()),
        args: vec!["-v".to_owned()],
        cwd: "/srv".into(),
        mode: ExecMode::Cluster,
        instances: 2,
        base_env: Arc::new(vars(&[("PATH", "/bin"), ("PWD", "/home/me")])),
        env: vars(&[("PORT", "3000"), ("DEBUG", "true"), ("ZIP", "0123"), ("status", "busy")]),
        increment_var: Some("PORT".to_owned()),
        max_memory: Some(1 << 30),
        logs: LogOptions { date_format: Some("HH:mm".to_owned()), ..LogOptions::default() },
        username: "me".to_owned(),
        extra: [
            ("env".to_owned(), r#"{"PORT":3000,"DEBUG":true,"ZIP":"0123"}"#.to_owned()),
            ("exec_interpreter".to_owned(), r#""node""#.to_owned()),
            ("cron_restart".to_owned(), r#""0 3 * * *""#.to_owned()),
        ]
        .into_iter()
        .collect(),
        ..AppSpec::default()
    }
}

#[test]
fn a_record_is_as_pm2_writes_it() {
    let text = serde_json::to_string_pretty(&record(&detail(api(), 7, 1))).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn a_variable_never_hides_a_field() {
    let env = vars(&[("name", "evil"), ("status", "evil"), ("pm_id", "9"), ("autorestart", "0")]);
    let record = record(&detail(AppSpec { env, ..api() }, 7, 1));
    let flat = &record["pm2_env"];
    assert_eq!(flat["name"], "api");
    assert_eq!(flat["status"], "online");
    assert_eq!(flat["pm_id"], 7);
    assert_eq!(flat["autorestart"], true);
    assert_eq!(flat["env"]["name"], "evil");
}

#[test]
fn scripts_count_as_with_pm2() {
    let spec = api();
    let spec = AppSpec { env: vars(&[("PORT", "3000")]), ..spec };
    let text = serde_json::to_string_pretty(&record(&detail(spec, 7, 1))).unwrap();
    for (needle, times) in [
        ("\"status\": \"online\"", 1),
        ("\"restart_time\":", 1),
        ("\"exec_mode\":", 1),
        ("\"watch\":", 1),
        ("\"NODE_APP_INSTANCE\": 1", 1),
        ("\"pm_id\": 7", 2),
        ("\"PORT\": 3001", 2),
        ("launching", 0),
        ("fork_mode", 0),
    ] {
        assert_eq!(text.matches(needle).count(), times, "{needle} in {text}");
    }
}

#[test]
fn numbers_are_javascripts() {
    for (value, text) in [(0.0, "0"), (12.3, "12.3"), (-2.0, "-2"), (1e21, "1e+21")] {
        assert_eq!(number(value).to_string(), text);
    }
    assert_eq!(number(f64::NAN), Value::Null);
}
