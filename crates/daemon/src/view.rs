//! Processes as clients see them.

use crate::sample::Sample;
use rpm_core::InstanceView;
use rpm_core::spec::{AppSpec, Env};
use rpm_pm2::names::Paths;
use rpm_proto::{Detail, ProcessView, Provenance, Told};
use std::sync::Arc;

/// What the tables show of one instance.
pub(crate) fn process(instance: &InstanceView<'_>, sample: Sample) -> ProcessView {
    let spec = instance.spec;
    ProcessView {
        id: instance.proc.0,
        name: spec.name.clone(),
        namespace: spec.namespace.clone(),
        version: spec.version.clone(),
        mode: spec.mode,
        slot: instance.slot,
        status: instance.status,
        pid: instance.pid.unwrap_or(0),
        restarts: instance.restarts,
        unstable: instance.unstable,
        created_at: instance.created_at.0,
        started_at: instance.started_at.map_or(0, |at| at.0),
        cpu: sample.cpu,
        memory: sample.memory,
        last_exit: instance.last_exit,
        error: instance.error.map(str::to_owned),
        user: spec.username.clone(),
        watching: instance.watches,
        module: spec.is_module(),
    }
}

/// Everything known of one instance; `env` is what its process is given.
pub(crate) fn detail(
    instance: &InstanceView<'_>,
    sample: Sample,
    paths: Paths,
    env: Env,
    unenforced: Vec<String>,
    (told, provenance): (Told, Provenance),
) -> Detail {
    let spec = AppSpec { base_env: Arc::default(), ..(**instance.spec).clone() };
    Detail {
        view: process(instance, sample),
        spec,
        env,
        out_log: paths.out.map(String::from),
        err_log: paths.err.map(String::from),
        combined_log: paths.combined.map(String::from),
        pid_file: paths.pid.map(String::from).unwrap_or_default(),
        backoff_ms: instance.backoff_ms,
        unenforced,
        told,
        provenance,
    }
}
