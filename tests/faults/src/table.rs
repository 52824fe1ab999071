//! The Markdown table of many reports.

use crate::report::Report;
use std::fmt::Write as _;

/// One row a report.
pub(crate) fn table(reports: &[Report]) -> String {
    let mut text = String::from(
        "| experiment | subject | faults | requests failed | lines lost, doubled, torn | dropped and \
         said, bytes | services with new pids | exits not known | regained, ms: median, worst | peak \
         memory, MiB (bound) | verdict |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for report in reports {
        row(&mut text, report);
    }
    let broken: Vec<&Report> =
        reports.iter().filter(|report| matches!(report.verdict(), "BROKEN" | "not done")).collect();
    for report in broken {
        let why = report.skipped.iter().chain(&report.broken);
        let why: Vec<&str> = why.map(String::as_str).collect();
        let (name, subject) = (&report.experiment, &report.subject);
        let _ = write!(
            text,
            "\n- `{name}`, {subject}: {}: {}",
            report.verdict(),
            why.join("; ").replace('\n', " / ")
        );
    }
    text
}

fn row(text: &mut String, report: &Report) {
    let verdict = report.verdict();
    let _ = write!(text, "| `{}` | {} | ", report.experiment, report.subject);
    if report.skipped.is_some() {
        let _ = writeln!(text, "{}{verdict} |", "– | ".repeat(8));
        return;
    }
    let lines = report.lines;
    let cells = [
        count(report.faults),
        of(report.requests.wrong, report.requests.all),
        if lines.written == 0 {
            "–".to_owned()
        } else {
            let bad = [lines.lost, lines.doubled, lines.torn].map(count).join(", ");
            format!("{bad} of {}", count(lines.written))
        },
        if lines.declared_bytes == 0 { "–".to_owned() } else { count(lines.declared_bytes) },
        of(report.services.wrong, report.services.all),
        of(report.exits.wrong, report.exits.all),
        if report.regain_ms.is_empty() {
            "–".to_owned()
        } else {
            format!("{:.0}, {:.0}", report.regain(0.5), report.regain(1.0))
        },
        memory(report),
    ];
    let _ = writeln!(text, "{} | {verdict} |", cells.join(" | "));
}

fn memory(report: &Report) -> String {
    let mib = |kib: u64| format!("{}.{}", kib / 1024, kib % 1024 * 10 / 1024);
    match (report.peak_kib, report.bound_kib) {
        (0, _) => "–".to_owned(),
        (peak, 0) => mib(peak),
        (peak, bound) => format!("{} ({})", mib(peak), bound / 1024),
    }
}

fn of(wrong: u64, all: u64) -> String {
    if all == 0 { "–".to_owned() } else { format!("{} of {}", count(wrong), count(all)) }
}

/// A number with commas.
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_done_is_in_the_table() {
        let skipped = Report {
            experiment: "update".to_owned(),
            skipped: Some("no such command".to_owned()),
            ..Report::default()
        };
        let text = table(&[skipped]);
        assert!(text.contains("| `update` |") && text.contains("not done: no such command"));
        let widths: Vec<usize> = text
            .lines()
            .filter(|line| line.starts_with('|'))
            .map(|line| line.matches('|').count())
            .collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
    }
}
