//! What is saved comes back, from our own dumps and from PM2's.

use super::*;
use crate::jlist::tests::{api, detail, vars};
use rpm_core::Status;
use rpm_core::spec::{ExecMode, LogTarget};

#[test]
fn our_dump_comes_back_exactly() {
    let mut second = detail(api(), 8, 1);
    second.view.status = Status::Stopped;
    let dump = to_dump(&[detail(api(), 7, 0), second]);
    let apps = from_dump(&dump).unwrap();
    let before =
        AppSpec { base_env: Arc::new(vars(&[("PATH", "/bin"), ("PWD", "/srv")])), ..api() };
    assert_eq!(apps, [(before.clone(), false), (before, true)]);
    assert!(Arc::ptr_eq(&apps[0].0.base_env, &apps[1].0.base_env));
}

#[test]
fn a_variable_of_the_shell_that_grows_is_saved_from_its_start() {
    let spec = AppSpec { base_env: Arc::new(vars(&[("PORT", "3000")])), env: Env::new(), ..api() };
    let dump = to_dump(&[detail(spec, 9, 2)]);
    assert!(String::from_utf8_lossy(&dump).contains("\"PORT\": 3002"));
    assert_eq!(from_dump(&dump).unwrap()[0].0.base_env["PORT"], "3000");
}

#[test]
fn an_edited_record_is_believed() {
    let text = String::from_utf8(to_dump(&[detail(api(), 7, 0)])).unwrap();
    let edited = text.replacen("\"pm_cwd\": \"/srv\"", "\"pm_cwd\": \"/other\"", 1);
    assert_ne!(edited, text);
    let spec = &from_dump(edited.as_bytes()).unwrap()[0].0;
    assert_eq!(spec.cwd, "/other");
    assert_eq!((spec.max_memory, spec.mode), (Some(1 << 30), ExecMode::Cluster));
    assert_eq!(spec.logs.out, LogTarget::Default);
    assert_eq!(spec.pid_file, None);
    assert_eq!(spec.base_env["PORT"], "3000");
}

const PM2: &str = r"
// PM2 evaluates its dump as JavaScript.
[{
  name: 'web', namespace: 'default', exec_mode: 'cluster_mode', status: 'online',
  pm_exec_path: '/srv/web.js', pm_cwd: '/srv', exec_interpreter: 'node', node_args: ['--a'],
  args: ['x', 1], NODE_APP_INSTANCE: 1, instance_var: 'NODE_APP_INSTANCE', increment_var: 'PORT',
  env: { PATH: '/bin', PORT: 3001, PM2_HOME: '/h', unique_id: 'u', web: '{}', DEBUG: true },
  pm_out_log_path: '/h/logs/web-out-1.log', pm_err_log_path: '/var/log/web-1.log',
  pm_log_path: '/h/logs/web-1.log', pm_pid_path: '/h/pids/web-1.pid', autorestart: 'true',
  max_memory_restart: 1024, kill_timeout: '5000', stop_exit_codes: [0, '3'], watch: ['src'],
  treekill: true, vizion: true, version: '1.2.3', pmx: true, uid: 1000,
}, {
  name: 'web', exec_mode: 'cluster_mode', status: 'errored',
  pm_exec_path: '/srv/web.js', pm_cwd: '/srv', NODE_APP_INSTANCE: 0,
}, {
  name: 'pm2-logrotate', pmx_module: true,
}, {
  name: 'job', exec_mode: 'fork_mode', status: 'stopped', exec_interpreter: 'none',
  pm_exec_path: '/bin/job', merge_logs: true, pm_out_log_path: '/dev/null',
  pm_err_log_path: '/root/.pm2/logs/job-error.log', pm_pid_path: '/run/job-3.pid',
}]";

#[test]
fn pm2s_dump_is_read() {
    let apps = from_dump(PM2.as_bytes()).unwrap();
    insta::assert_debug_snapshot!(apps);
}

#[test]
fn what_is_no_dump_is_refused() {
    for (bytes, message) in [
        (&b"\xff"[..], "it is not UTF-8"),
        (b"[{", "it is not JSON"),
        (b"", "it is not JSON"),
        (b"{}", "it is not a list of processes"),
        (b"[1]", "it is not a list of processes"),
        (b"[{\"name\": \"a\"}]", "record 0 has no `pm_exec_path`"),
        (b"[{}]", "record 0 has no `name`"),
    ] {
        assert_eq!(from_dump(bytes).unwrap_err().to_string(), message);
    }
    assert_eq!(from_dump(b"[]").unwrap(), []);
}

#[test]
fn a_dump_that_would_exhaust_the_stack_is_refused() {
    for opening in ["[", "{a:", "[{\"a\":"] {
        let dump = opening.repeat(100_000);
        assert!(matches!(from_dump(dump.as_bytes()), Err(DumpError::TooDeep)), "{opening}");
    }
}
