//! What is known of the selection, as lines.

use crate::model::Model;
use crate::text::plain;
use crate::view::units::{ago, duration, size};
use rpm_proto::{Crash, Detail, redact};

/// Crashes that are shown.
const CRASHES_MAX: usize = 5;
/// The last lines of each.
const LAST_LINES: usize = 6;
/// Figures of its own that an app may tell.
const FIGURES_MAX: usize = 40;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A heading.
    Head(String),
    /// A name and its value.
    Pair(String, String),
    /// Something bad.
    Bad(String),
    /// Text as it was written.
    Text(String),
}

/// All of it.
pub(crate) fn lines(model: &Model) -> Vec<Line> {
    let Some(first) = model.details.first() else {
        return Vec::new();
    };
    let mut lines = vec![Line::Head("instances".to_owned())];
    for detail in &model.details {
        of_instance(&mut lines, detail, model.now);
    }
    of_crashes(&mut lines, &model.crashes, model.now);
    of_app(&mut lines, first);
    of_logs(&mut lines, &model.details);
    of_figures(&mut lines, first);
    of_env(&mut lines, first);
    lines
}

fn pair(lines: &mut Vec<Line>, name: &str, value: impl AsRef<str>) {
    lines.push(Line::Pair(plain(name), plain(value.as_ref())));
}

fn of_instance(lines: &mut Vec<Line>, detail: &Detail, now: i64) {
    let view = &detail.view;
    let mut parts = vec![view.status.to_string()];
    if view.pid > 0 {
        parts.push(format!("pid {}", view.pid));
        parts.push(format!("up {}", duration(now - view.started_at)));
    }
    parts.push(match (view.restarts, view.unstable) {
        (0, _) => "never restarted".to_owned(),
        (count, 0) => format!("{count} restarts"),
        (count, early) => format!("{count} restarts, the last {early} of them early"),
    });
    if let Some(ending) = view.last_exit {
        parts.push(format!("last exit: {ending}"));
    }
    pair(lines, &format!("{} ({})", view.name, view.id), parts.join(", "));
    if let Some(error) = &view.error {
        lines.push(Line::Bad(plain(error)));
    }
    if let Some(status) = &detail.told.status {
        pair(lines, "it says", status);
    }
    for limit in &detail.unenforced {
        lines.push(Line::Bad(plain(limit)));
    }
}

fn of_logs(lines: &mut Vec<Line>, details: &[Detail]) {
    lines.push(Line::Head("logs".to_owned()));
    let mut shown = Vec::new();
    for detail in details {
        for (name, path) in [("out", &detail.out_log), ("error", &detail.err_log)] {
            if let Some(path) = path
                && !shown.contains(&path)
            {
                pair(lines, name, path);
                shown.push(path);
            }
        }
    }
}

fn of_crashes(lines: &mut Vec<Line>, crashes: &[Crash], now: i64) {
    if crashes.is_empty() {
        return;
    }
    lines.push(Line::Head(format!("last of {} crashes", crashes.len())));
    for crash in crashes.iter().rev().take(CRASHES_MAX) {
        lines.push(Line::Bad(plain(&format!(
            "{}: {} of {} ({}) after {}, with {}; then {}",
            ago(now - crash.at),
            crash.ending,
            crash.app,
            crash.proc,
            duration(i64::try_from(crash.uptime_ms).unwrap_or(i64::MAX)),
            size(crash.memory),
            crash.then,
        ))));
        let first = crash.lines.len().saturating_sub(LAST_LINES);
        lines.extend(crash.lines[first..].iter().map(|line| Line::Text(plain(&line.text))));
    }
}

fn of_app(lines: &mut Vec<Line>, detail: &Detail) {
    let (view, spec) = (&detail.view, &detail.spec);
    lines.push(Line::Head("app".to_owned()));
    pair(lines, "namespace", &view.namespace);
    pair(lines, "version", &view.version);
    let mode = match view.mode {
        rpm_core::spec::ExecMode::Fork => "fork",
        rpm_core::spec::ExecMode::Cluster => "cluster",
    };
    pair(lines, "mode", mode);
    pair(lines, "script", spec.script.as_str());
    if let Some(interpreter) = &spec.interpreter {
        pair(lines, "interpreter", interpreter.as_str());
    }
    let words = |args: &[String]| redact::args(args.iter().map(String::as_str)).join(" ");
    if !spec.interpreter_args.is_empty() {
        pair(lines, "node args", words(&spec.interpreter_args));
    }
    if !spec.args.is_empty() {
        pair(lines, "args", words(&spec.args));
    }
    pair(lines, "cwd", spec.cwd.as_str());
    pair(lines, "user", &view.user);
    if let Some(bytes) = spec.max_memory {
        pair(lines, "memory limit", size(bytes));
    }
    if let Some(cron) = &spec.cron {
        pair(lines, "restarted at", cron);
    }
    pair(lines, "kill timeout", format!("{} ms", spec.stop.kill_timeout_ms));
    pair(lines, "watching", if view.watching { "yes" } else { "no" });
    if let Some(node) = &detail.told.node_version {
        pair(lines, "node", node);
    }
}

fn of_figures(lines: &mut Vec<Line>, detail: &Detail) {
    if detail.told.monitor.is_empty() {
        return;
    }
    lines.push(Line::Head("figures that it tells".to_owned()));
    for (name, figure) in detail.told.monitor.iter().take(FIGURES_MAX) {
        let value = figure.get("value").unwrap_or(figure);
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let unit = figure.get("unit").and_then(|unit| unit.as_str()).unwrap_or_default();
        pair(lines, name, redact::value(name, &format!("{value} {unit}")).trim_end());
    }
}

fn of_env(lines: &mut Vec<Line>, detail: &Detail) {
    lines.push(Line::Head("environment of its own".to_owned()));
    for (name, value) in &detail.spec.env {
        pair(lines, name, redact::value(name, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{crash, detail};

    #[test]
    fn secrets_and_escapes_are_not_shown() {
        let mut known = detail(0, "api");
        known.spec.env.insert("DB_PASSWORD".to_owned(), "hunter2".to_owned());
        known.spec.args = vec!["--token".to_owned(), "hunter2".to_owned()];
        known.told.status = Some("\u{1b}[2Jfine".to_owned());
        let mut model = Model::default();
        (model.details, model.crashes) = (vec![known], vec![crash()]);
        let text = format!("{:?}", lines(&model));
        assert!(text.contains("DB_PASSWORD") && !text.contains("hunter2"), "{text}");
        assert!(text.contains("fine") && !text.contains("u{1b}"), "{text}");
        assert!(text.contains("exit code 1") && text.contains("last words"), "{text}");
    }
}
