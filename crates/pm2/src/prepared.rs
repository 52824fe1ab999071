//! An app as PM2's clients prepare it for their daemon: names, paths and units are resolved, and the
//! environment is that of the client's shell with the app's own in it.

use crate::dump::read_record;
use rpm_core::AppSpec;
use serde_json::{Map, Value};

/// The app of a record; an error names what is missing. `cpus` is what `instances: 0` means.
pub fn spec(mut record: Map<String, Value>, cpus: u32) -> Result<AppSpec, &'static str> {
    let merge = record.get("merge_logs") == Some(&Value::Bool(true));
    // A record without instances is one that a process had: its files have its number.
    let instances = record.get("instances").cloned();
    if instances.is_some() {
        record.insert("merge_logs".to_owned(), Value::Bool(true));
    }
    let was_stopped = record.get("status").is_some_and(|status| status == "stopped");
    let mut spec = read_record(&record)?;
    spec.logs.merge = merge;
    spec.instances = instances.map_or(1, |count| wanted(&count, cpus));
    spec.autostart &= !was_stopped;
    Ok(spec)
}

/// 0 and words are one for each processor; so many fewer when negative.
fn wanted(count: &Value, cpus: u32) -> u32 {
    let number = match count {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => Some(1),
    };
    let count = match number {
        Some(count @ 1..) => count,
        Some(count) => i64::from(cpus).saturating_add(count),
        None => i64::from(cpus),
    };
    u32::try_from(count.clamp(1, 1024)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_core::spec::{ExecMode, LogTarget};
    use serde_json::json;

    fn prepared(more: Value) -> AppSpec {
        let mut record = json!({
            "name": "api", "namespace": "default", "env": {"PORT": "3000", "PM2_HOME": "/h"},
            "exec_mode": "cluster_mode", "exec_interpreter": "node", "node_args": [], "pm_cwd": "/srv",
            "pm_exec_path": "/srv/api.js", "pm_out_log_path": "/h/logs/api-out.log",
            "pm_err_log_path": "/var/log/api-1.log", "pm_pid_path": "/h/pids/api.pid",
            "merge_logs": false, "kill_timeout": 2000, "args": ["-v"],
        });
        let Value::Object(more) = more else { panic!("no object") };
        record.as_object_mut().unwrap().extend(more);
        spec(record.as_object().unwrap().clone(), 4).unwrap()
    }

    #[test]
    fn a_client_says_all_there_is_to_say() {
        let spec = prepared(json!({ "instances": 2 }));
        assert_eq!((&*spec.name, spec.mode, spec.instances), ("api", ExecMode::Cluster, 2));
        assert_eq!(spec.base_env["PORT"], "3000");
        assert_eq!(spec.logs.out, LogTarget::Default);
        assert_eq!(spec.logs.err, LogTarget::File("/var/log/api-1.log".into()));
        assert!(!spec.logs.merge && spec.autostart);
        assert_eq!(spec.stop.kill_timeout_ms, 2000);
    }

    #[test]
    fn what_a_process_had_is_one_process() {
        let spec = prepared(json!({ "status": "stopped" }));
        assert_eq!((spec.instances, spec.autostart), (1, false));
        assert_eq!(spec.logs.err, LogTarget::File("/var/log/api.log".into()));
    }

    #[test]
    fn instances_are_counted_as_pm2_counts() {
        for (given, count) in
            [(json!(0), 4), (json!("max"), 4), (json!(-1), 3), (json!(-9), 1), (json!("2"), 2)]
        {
            assert_eq!(prepared(json!({ "instances": given })).instances, count, "{given}");
        }
    }
}
