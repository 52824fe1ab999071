//! The tables of `describe`: two columns for each process.

use super::processes::{View, mode};
use super::style;
use super::table::{Cell, Column, Table};
use super::units;
use rpm_core::Status;
use rpm_proto::Detail;
use serde_json::Value;

/// What is known of these processes, one table each.
pub(crate) fn draw(details: &[Detail], view: View) -> String {
    let blocks = details.iter().map(|detail| {
        let title =
            format!("Describing process with id {} - name {}", detail.view.id, detail.view.name);
        let table = Table {
            columns: vec![Column::whole(""), Column::cut("", 16)],
            rows: rows(detail, view.now),
            headed: false,
        };
        format!(" {}\n{}", view.paint.heading(&title), table.draw(view.width, view.paint))
    });
    blocks.collect()
}

fn rows(detail: &Detail, now: i64) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    let mut add = |name: &str, text: String| {
        rows.push(vec![Cell::styled(name, style::HEADING), Cell::new(text)]);
    };
    of_state(&mut add, detail, now);
    of_told(&mut add, detail);
    of_code(&mut add, detail);
    of_limits(&mut add, detail);
    of_files(&mut add, detail);
    of_policy(&mut add, detail);
    if let Some(cell) = rows.first_mut().and_then(|row| row.last_mut()) {
        *cell = Cell::styled(detail.view.status.to_string(), style::of_status(detail.view.status));
    }
    rows
}

fn of_state(add: &mut impl FnMut(&str, String), detail: &Detail, now: i64) {
    let view = &detail.view;
    add("status", view.status.to_string());
    if let Some(error) = &view.error {
        add("reason", error.clone());
    }
    add("name", view.name.clone());
    add("namespace", view.namespace.clone());
    add("version", view.version.clone());
    add("restarts", view.restarts.to_string());
    add("uptime", units::uptime(view.status == Status::Online, view.started_at, now));
    if let Some(how) = view.last_exit {
        add("last exit", how.to_string());
    }
    add("pid", view.pid.to_string());
    add("cpu", units::percent(view.cpu));
    add("memory", units::size(view.memory));
}

/// What the app tells of itself.
fn of_told(add: &mut impl FnMut(&str, String), detail: &Detail) {
    let told = &detail.told;
    if let Some(status) = &told.status {
        add("says", status.clone());
    }
    if told.stops {
        add("stops", "it says so".to_owned());
    }
    let names = told.actions.iter().filter_map(|action| action["action_name"].as_str());
    let names: Vec<&str> = names.collect();
    if !names.is_empty() {
        add("actions", names.join(" "));
    }
    for (name, figure) in &told.monitor {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let unit = figure["unit"].as_str().unwrap_or_default();
        add(&format!("metric {name}"), format!("{} {unit}", text(&figure["value"])));
    }
}

/// What code it runs.
fn of_code(add: &mut impl FnMut(&str, String), detail: &Detail) {
    let found = detail.provenance.node_version.as_ref();
    if let Some(version) = detail.told.node_version.as_ref().or(found) {
        add("node.js version", version.clone());
    }
    let Some(commit) = &detail.provenance.versioning else {
        return;
    };
    add("revision control", commit.system.clone());
    add("remote url", commit.url.clone().unwrap_or_else(missing));
    add("repository root", commit.repo_path.clone());
    add("last update", commit.update_time.clone());
    add("revision", commit.revision.clone());
    add("comment", commit.comment.lines().next().unwrap_or_default().to_owned());
    add("branch", commit.branch.clone());
    add("unstaged changes", mark(commit.unstaged));
}

fn of_limits(add: &mut impl FnMut(&str, String), detail: &Detail) {
    if let Some(bytes) = detail.spec.max_memory {
        add("max memory restart", units::size(bytes));
    }
    let limits = &detail.spec.limits;
    if let Some(bytes) = limits.memory {
        add("limit memory", units::size(bytes));
    }
    if let Some(milli) = limits.cpu_milli {
        add("limit cpu", format!("{} CPUs", f64::from(milli) / 1000.0));
    }
    if let Some(count) = limits.pids {
        add("limit processes", count.to_string());
    }
    for limit in &limits.rlimits {
        let amount = |amount: Option<u64>| amount.map_or("unlimited".into(), |it| it.to_string());
        let both = format!("{} to {}", amount(limit.soft), amount(limit.hard));
        add(&format!("limit {}", limit.resource.name()), both);
    }
    for refusal in &detail.unenforced {
        add("not enforced", refusal.clone());
    }
}

fn of_files(add: &mut impl FnMut(&str, String), detail: &Detail) {
    let spec = &detail.spec;
    let or_none = |path: Option<&String>| path.cloned().unwrap_or_else(missing);
    add("script path", spec.script.to_string());
    add("script args", list(&spec.args));
    if let Some(path) = &detail.combined_log {
        add("entire log path", path.clone());
    }
    add("error log path", or_none(detail.err_log.as_ref()));
    add("out log path", or_none(detail.out_log.as_ref()));
    add(
        "pid path",
        Some(&detail.pid_file).filter(|path| !path.is_empty()).cloned().unwrap_or_else(missing),
    );
    add("interpreter", spec.interpreter.as_ref().map_or("none".to_owned(), ToString::to_string));
    add("interpreter args", list(&spec.interpreter_args));
    add("script id", detail.view.id.to_string());
    add("exec cwd", spec.cwd.to_string());
    add("exec mode", format!("{}_mode", mode(spec.mode)));
}

fn of_policy(add: &mut impl FnMut(&str, String), detail: &Detail) {
    let spec = &detail.spec;
    add("instance", detail.view.slot.to_string());
    add("node env", spec.env.get("NODE_ENV").cloned().unwrap_or_else(missing));
    of_restarts(add, detail);
    add("created at", iso(detail.view.created_at).unwrap_or_else(missing));
    add("stop signal", spec.stop.signal.to_string());
    add("kill timeout", format!("{} ms", spec.stop.kill_timeout_ms));
    if spec.ready.wait {
        add("wait ready", format!("{} ms", spec.ready.timeout_ms));
    }
    if let Some(wait_ms) = spec.ready.watchdog_ms {
        add("watchdog", format!("{wait_ms} ms"));
    }
}

/// When it is started again, and when no more.
fn of_restarts(add: &mut impl FnMut(&str, String), detail: &Detail) {
    let policy = &detail.spec.restart;
    add("autorestart", mark(policy.autorestart));
    if let Some(pattern) = &detail.spec.cron {
        add("cron restart", pattern.clone());
    }
    add("watch & reload", mark(detail.view.watching));
    add("unstable restarts", detail.view.unstable.to_string());
    add("max restarts", policy.max_restarts.to_string());
    add("min uptime", format!("{} ms", policy.min_uptime_ms));
    match policy.backoff_ms {
        Some(first) => add("restart back-off", format!("{} ms, from {first}", detail.backoff_ms)),
        None if policy.delay_ms > 0 => add("restart delay", format!("{} ms", policy.delay_ms)),
        None => {}
    }
    if !policy.stop_exit_codes.is_empty() {
        let codes: Vec<String> = policy.stop_exit_codes.iter().map(i32::to_string).collect();
        add("stop exit codes", codes.join(" "));
    }
}

/// A moment as JavaScript writes it.
pub(crate) fn iso(ms: i64) -> Option<String> {
    let moment = jiff::Timestamp::from_millisecond(ms).ok()?;
    Some(format!("{moment:.3}"))
}

fn mark(on: bool) -> String {
    if on { "✔" } else { "✘" }.to_owned()
}

fn list(words: &[String]) -> String {
    if words.is_empty() { missing() } else { words.join(" ") }
}

fn missing() -> String {
    "N/A".to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::render::processes::tests::view;
    use crate::render::style::Paint;
    use rpm_core::{AppSpec, Ending, Signal};

    pub(crate) fn detail(id: u32, name: &str) -> Detail {
        let mut view = view(id, name);
        view.last_exit = Some(Ending::Signal(Signal::TERM));
        Detail {
            spec: AppSpec {
                name: name.to_owned(),
                script: "/srv/shop/billing.js".into(),
                cwd: "/srv/shop".into(),
                interpreter: Some("/usr/bin/node".into()),
                args: vec!["--port".to_owned(), "30005".to_owned()],
                max_memory: Some(1 << 30),
                env: [("NODE_ENV".to_owned(), "production".to_owned())].into(),
                ..AppSpec::default()
            },
            env: [("NODE_ENV", "production"), ("PORT", "30005"), ("pm_id", "4")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            out_log: Some(format!("/home/shop/.rpm/logs/{name}-out.log")),
            err_log: None,
            combined_log: None,
            pid_file: format!("/home/shop/.rpm/pids/{name}-{id}.pid"),
            backoff_ms: 0,
            unenforced: Vec::new(),
            told: rpm_proto::Told::default(),
            provenance: rpm_proto::Provenance::default(),
            view,
        }
    }

    #[test]
    fn all_that_is_known_is_shown() {
        let view = View {
            now: 1_790_000_000_000,
            width: Some(80),
            paint: Paint { on: false },
            mini: false,
        };
        insta::assert_snapshot!(draw(&[detail(4, "billing-service")], view));
    }

    #[test]
    fn what_governs_restarts_is_shown() {
        let mut detail = detail(4, "billing-service");
        detail.spec.cron = Some("0 3 * * *".to_owned());
        detail.spec.restart.delay_ms = 200;
        detail.spec.restart.stop_exit_codes = vec![0, 143];
        let row = |detail: &Detail, name: &str| {
            let mut found = None;
            of_restarts(
                &mut |key, text| found = found.take().or((key == name).then_some(text)),
                detail,
            );
            found.unwrap_or_default()
        };
        assert_eq!(row(&detail, "cron restart"), "0 3 * * *");
        assert_eq!(row(&detail, "restart delay"), "200 ms");
        assert_eq!(row(&detail, "stop exit codes"), "0 143");
        detail.spec.restart.backoff_ms = Some(100);
        detail.backoff_ms = 225;
        assert_eq!(row(&detail, "restart back-off"), "225 ms, from 100");
        assert_eq!(row(&detail, "restart delay"), "");
    }

    #[test]
    fn moments_are_written_as_javascript_writes_them() {
        assert_eq!(iso(0).as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(iso(i64::MAX), None);
    }
}
