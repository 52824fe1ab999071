//! The text of `report`, in sections as PM2 has them.

use super::processes::View;
use super::units;
use crate::system::System;
use rpm_proto::report::{Report, ReportedApp, Usage};
use serde::Serialize;
use std::fmt::Write;

/// How wide the line of a heading is.
const WIDTH: usize = 80;

/// All that is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    /// The machine and this program.
    pub(crate) system: System,
    /// The daemon.
    pub(crate) daemon: Option<Box<Report>>,
    /// Why there is nothing of the daemon.
    pub(crate) silence: Option<String>,
    /// The last lines of its log.
    pub(crate) log: Vec<String>,
}

/// The text.
pub(crate) fn draw(shown: &Shown, view: View) -> String {
    let mut text = Text { out: String::new(), view };
    text.heading("rpm report");
    text.row("date", super::details::iso(view.now).unwrap_or_default());
    system(&mut text, &shown.system);
    text.heading("Daemon");
    match &shown.daemon {
        Some(report) => daemon(&mut text, report),
        None => text.row("state", shown.silence.clone().unwrap_or_default()),
    }
    text.heading("Last lines of rpm.log");
    for line in &shown.log {
        text.line(line);
    }
    text.line("");
    text.line("What looks like a secret is left out. Look it over before you publish it.");
    text.out
}

struct Text {
    out: String,
    view: View,
}

impl Text {
    fn heading(&mut self, title: &str) {
        let rest = "-".repeat(WIDTH.saturating_sub(title.len() + 5));
        let heading = self.view.paint.heading(&format!("--- {title} {rest}"));
        self.line(&heading);
    }

    fn row(&mut self, name: &str, value: impl std::fmt::Display) {
        self.line(&format!("{name:<18} : {value}"));
    }

    fn line(&mut self, line: &str) {
        // Writing to a string does not fail.
        writeln!(self.out, "{line}").ok();
    }
}

fn system(text: &mut Text, system: &System) {
    text.heading("System");
    text.row("rpm", format!("{} ({})", system.version, system.program));
    text.row("uid", system.uid);
    text.row("distribution", &system.distribution);
    text.row("kernel", format!("{} {}", system.kernel, system.architecture));
    text.row("cpus", system.cpus);
    let free = units::size(system.memory_available);
    text.row("memory", format!("{}, {free} available", units::size(system.memory)));
    text.row("load", &system.load);
    text.row("node", system.node.as_deref().unwrap_or("none"));
}

fn daemon(text: &mut Text, report: &Report) {
    text.row("version", format!("{} (protocol {})", report.version, report.protocol));
    text.row("home", &report.home);
    let now = text.view.now;
    let began = now.saturating_sub(i64::try_from(report.uptime_ms).unwrap_or(i64::MAX));
    text.row("supervisor", usage(report.supervisor));
    text.row("  uptime", units::uptime(true, began, now));
    text.row("  replaced", format!("{} times", report.replaced));
    text.row("keeper", usage(report.keeper));
    for (name, count) in &report.figures {
        text.row(name, count);
    }
    text.heading("Bounds");
    for (name, amount) in &report.bounds {
        let is_bytes = name.ends_with("_bytes");
        text.row(name, if is_bytes { units::size(*amount) } else { amount.to_string() });
    }
    text.heading("Warnings");
    if report.warnings.is_empty() {
        text.line("none");
    }
    for warning in &report.warnings {
        text.line(warning);
    }
    text.heading("Apps");
    for one in &report.apps {
        app(text, one);
    }
}

fn usage(usage: Usage) -> String {
    let max = match usage.descriptors_max {
        u64::MAX => "unlimited".to_owned(),
        max => max.to_string(),
    };
    let memory = units::size(usage.memory);
    format!("pid {}, {memory}, {} of {max} descriptors", usage.pid, usage.descriptors)
}

fn app(text: &mut Text, app: &ReportedApp) {
    let mode = super::processes::mode(app.mode);
    text.line(&format!("[{}] {} {} ({mode}, {})", app.id, app.name, app.version, app.status));
    let (cpu, memory) = (units::percent(app.cpu), units::size(app.memory));
    text.row("  pid", format!("{}, {cpu} CPU, {memory}", app.pid));
    text.row("  restarts", format!("{}, {} unstable in a row", app.restarts, app.unstable));
    let mut words: Vec<&str> = app.interpreter.iter().map(String::as_str).collect();
    words.push(&app.script);
    words.extend(app.args.iter().map(String::as_str));
    text.row("  runs", words.join(" "));
    if let Some(how) = app.last_exit {
        text.row("  last exit", how);
    }
    if let Some(error) = &app.error {
        text.row("  reason", error);
    }
    for (name, value) in &app.env {
        text.row("  env", format!("{name}={value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::style::Paint;
    use std::collections::BTreeMap;

    #[test]
    fn a_report_is_text_in_sections() {
        let report = Report {
            version: "1.0.0".to_owned(),
            protocol: 1,
            home: "/home/me/.rpm".to_owned(),
            keeper: Usage { pid: 10, memory: 1 << 20, descriptors: 9, descriptors_max: 1024 },
            supervisor: Usage { pid: 11, memory: 5 << 20, descriptors: 20, descriptors_max: 1024 },
            uptime_ms: 65_000,
            replaced: 2,
            figures: BTreeMap::from([("starts.failed".to_owned(), 1)]),
            bounds: BTreeMap::from([("clients.at_once".to_owned(), 256)]),
            apps: Vec::new(),
            warnings: vec!["starts.failed: 1".to_owned()],
        };
        let shown = Shown {
            system: System { version: "1.0.0".to_owned(), ..System::default() },
            daemon: Some(Box::new(report)),
            silence: None,
            log: vec!["keeper[10]: all is well".to_owned()],
        };
        let view = View {
            now: 1_790_000_000_000,
            width: Some(80),
            paint: Paint { on: false },
            mini: false,
        };
        insta::assert_snapshot!(draw(&shown, view));
    }
}
