//! `rpm report`: the daemon about itself, for a bug report. Nothing secret leaves here.

use crate::driver::Driver;
use crate::{clock, own_log, server};
use rpm_core::spec::Env;
use rpm_proto::report::{Report, ReportedApp, Usage};
use rpm_proto::{Detail, redact};
use rpm_sys::process;
use std::collections::BTreeMap;

/// Above this share of its descriptors, in percent, a process is warned of.
const DESCRIPTORS_PERCENT: u64 = 80;
/// Parts of the names of figures that should be 0.
const TROUBLE: [&str; 5] = ["refused", "given_up", "failed", "left_out", "dropped"];

impl Driver {
    /// What is known now.
    pub(crate) fn report(&mut self) -> Report {
        let procs: Vec<_> = self.supervisor.instances().map(|entry| entry.proc).collect();
        let details = self.details(&procs);
        let world = &self.world;
        let mut report = Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: rpm_proto::hello::PROTOCOL,
            home: world.home.root().to_string(),
            keeper: usage(process::parent()),
            supervisor: usage(std::process::id()),
            uptime_ms: clock::now().mono.since(world.began),
            replaced: world.predecessors,
            figures: self.figures(),
            bounds: self.bounds(),
            apps: details.iter().map(app).collect(),
            warnings: Vec::new(),
        };
        report.warnings = warnings(&report);
        report.warnings.extend(self.disk_troubles());
        report
    }

    fn figures(&self) -> BTreeMap<String, u64> {
        let world = &self.world;
        let clients = world.clients.counts();
        let named = [
            ("clients.refused.other_user", clients.foreign),
            ("clients.refused.no_room", clients.crowded),
            ("clients.given_up.too_slow", clients.late),
            ("clients.given_up.unreadable", clients.unreadable),
            ("starts.failed", world.spawn_failures),
            ("rpm_log.lines_left_out.disk_slow", own_log::left_out()),
            ("rpm_log.lines_left_out.too_many", world.happenings.left_out()),
        ];
        let mut figures = owned(named);
        let (logs, journal) = (world.logs.figures(), world.store.figures());
        figures.extend(owned([
            ("logs.captured_bytes", logs.captured),
            ("logs.written_bytes", logs.written),
            ("logs.waiting_bytes", logs.spooled),
            ("logs.waiting_bytes_at_most", logs.spooled_max),
            ("logs.writing_threads", logs.writers),
            ("logs.rotated_files", logs.rotated),
            ("journal.records", journal.records),
            ("journal.snapshots", journal.snapshots),
            ("journal.file_bytes", journal.file_bytes),
            ("journal.writes_failed", journal.failures),
        ]));
        let dropped = logs.dropped.into_iter();
        figures.extend(dropped.map(|(why, bytes)| (format!("logs.dropped_bytes ({why})"), bytes)));
        figures
    }

    /// What the daemon's memory is bounded by, beside its table.
    fn bounds(&self) -> BTreeMap<String, u64> {
        let mut bounds = owned(server::bounds());
        bounds.extend(owned(own_log::bounds()));
        bounds.extend(owned([("logs.waiting_bytes", self.world.logs.figures().spooled_bound)]));
        bounds
    }

    fn disk_troubles(&self) -> Vec<String> {
        let troubled = self.world.logs.figures().troubled;
        let mut told: Vec<String> = troubled
            .iter()
            .map(|(path, why)| format!("the log file {path} takes no bytes: {why}"))
            .collect();
        let journal = self.world.store.figures();
        if journal.behind {
            let why = journal.last_failure.unwrap_or_default();
            told.push(format!("changes are not recorded, they would be forgotten: {why}"));
        }
        told
    }
}

fn owned(named: impl IntoIterator<Item = (&'static str, u64)>) -> BTreeMap<String, u64> {
    named.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

/// A process as others may see it.
fn app(detail: &Detail) -> ReportedApp {
    let (view, spec) = (&detail.view, &detail.spec);
    let words = spec.interpreter_args.iter().chain(&spec.args).map(String::as_str);
    let env: Env =
        spec.env.iter().map(|(name, value)| (name.clone(), redact::value(name, value))).collect();
    ReportedApp {
        id: view.id,
        name: view.name.clone(),
        namespace: view.namespace.clone(),
        version: view.version.clone(),
        mode: view.mode,
        status: view.status,
        pid: view.pid,
        restarts: view.restarts,
        unstable: view.unstable,
        started_at: view.started_at,
        cpu: view.cpu,
        memory: view.memory,
        last_exit: view.last_exit,
        error: view.error.as_deref().map(redact::text),
        script: spec.script.to_string(),
        interpreter: spec.interpreter.as_ref().map(ToString::to_string),
        args: redact::args(words),
        env,
        limits: spec.limits.clone(),
        unenforced: detail.unenforced.clone(),
    }
}

/// What a process of ours uses.
pub(crate) fn usage(pid: u32) -> Usage {
    let used = process::usage(pid);
    Usage {
        pid,
        memory: used.memory,
        descriptors: used.descriptors,
        descriptors_max: used.descriptors_max,
    }
}

fn warnings(report: &Report) -> Vec<String> {
    let mut warnings = Vec::new();
    for (who, usage) in [("keeper", report.keeper), ("supervisor", report.supervisor)] {
        let Usage { descriptors: used, descriptors_max: max, .. } = usage;
        if used.saturating_mul(100) > max.saturating_mul(DESCRIPTORS_PERCENT) {
            warnings.push(format!("the {who} uses {used} of {max} descriptors"));
        }
    }
    for (name, count) in report.figures.iter().filter(|(_, count)| **count > 0) {
        if !TROUBLE.iter().any(|part| name.contains(part)) {
            continue;
        }
        warnings.push(format!("{name}: {count}"));
    }
    for app in &report.apps {
        for limit in &app.unenforced {
            warnings.push(format!("{} ({}): a limit is not enforced: {limit}", app.name, app.id));
        }
        if let Some(error) = &app.error {
            warnings.push(format!("{} ({}) is errored: {error}", app.name, app.id));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let mut report = Report::default();
        assert!(warnings(&report).is_empty());
        report.keeper.descriptors = 90;
        report.keeper.descriptors_max = 100;
        report.figures.insert("starts.failed".to_owned(), 3);
        report.figures.insert("clients.refused.no_room".to_owned(), 0);
        report.figures.insert("logs.written_bytes".to_owned(), 7);
        assert_eq!(
            warnings(&report),
            ["the keeper uses 90 of 100 descriptors", "starts.failed: 3"]
        );
    }

    #[test]
    fn this_process_is_measured() {
        let usage = usage(std::process::id());
        assert!(usage.memory > 100_000 && usage.descriptors > 2);
        assert!(usage.descriptors_max >= usage.descriptors);
    }
}
