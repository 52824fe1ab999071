//! Events and crash reports for people.

use super::details::iso;
use super::style::{self, Paint};
use super::table::{Cell, Column, Table};
use super::units;
use rpm_proto::crash::CrashLine;
use rpm_proto::{Crash, Happening, Level, Stream};
use std::fmt::Write;

/// So many names of variables stand in a line.
const LINE_WIDTH: usize = 100;

/// One line: when, how grave, what kind, what.
pub(crate) fn line(event: &Happening, paint: Paint) -> String {
    let at = paint.dim(&local(event.at));
    let kind = format!("{:16}", event.kind);
    let kind = match event.level {
        Level::Info => kind,
        Level::Warn => paint.yellow(&kind),
        Level::Error => paint.red(&kind),
    };
    format!("{at}  {kind}  {}\n", plain(&event.text))
}

/// A table of reports, the newest last.
pub(crate) fn crashes(all: &[Crash], width: Option<usize>, paint: Paint) -> String {
    let columns = vec![
        Column::whole("when"),
        Column::cut("app", 12),
        Column::whole("id"),
        Column::whole("ending"),
        Column::whole("after"),
        Column::cut("then", 7),
        Column::cut("last line", 10),
    ];
    let rows = all.iter().map(|crash| {
        let last = crash.lines.iter().rev().find(|line| !line.text.trim().is_empty());
        vec![
            Cell::new(local(crash.at)),
            Cell::styled(&*crash.app, style::HEADING),
            Cell::new(crash.proc.to_string()),
            Cell::new(&*crash.ending),
            Cell::new(units::duration(i64::try_from(crash.uptime_ms).unwrap_or(i64::MAX))),
            Cell::new(&*crash.then),
            Cell::new(last.map(|line| plain(line.text.trim())).unwrap_or_default()),
        ]
    });
    let table = Table { columns, rows: rows.collect(), headed: true };
    let last = all.last().map(|crash| crash.app.as_str()).unwrap_or_default();
    let hint = format!("`rpm crashes {last}` shows the last report of {last} whole");
    format!("{}{}\n", table.draw(width, paint), paint.dim(&hint))
}

/// One report, whole.
pub(crate) fn crash(crash: &Crash, paint: Paint) -> String {
    let mut text = String::new();
    let mut add = |name: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}  {value}", paint.heading(&format!("{name:>10}")));
    };
    let uptime = i64::try_from(crash.uptime_ms).unwrap_or(i64::MAX);
    add("report", crash.id.clone());
    add("app", format!("{} (id {}, pid {})", plain(&crash.app), crash.proc, crash.pid));
    add("when", iso(crash.at).unwrap_or_default());
    add("ending", paint.red(&crash.ending));
    add("ran for", format!("{} ({} ms)", units::duration(uptime), crash.uptime_ms));
    add("restarts", crash.restarts.to_string());
    add("then", crash.then.clone());
    add(
        "used",
        format!("{} of memory, {} CPU", units::size(crash.memory), units::percent(crash.cpu)),
    );
    add("command", plain(&crash.command.join(" ")));
    add("cwd", plain(&crash.cwd));
    for (index, line) in wrapped(&crash.env).into_iter().enumerate() {
        add(if index == 0 { "variables" } else { "" }, line);
    }
    if crash.lines.is_empty() {
        add("output", "none is kept in files".to_owned());
        return text;
    }
    lines(&mut text, &crash.lines, paint);
    text
}

/// The last lines: one stream after the other, or both in the order in which they were written, where
/// that is known.
fn lines(text: &mut String, all: &[CrashLine], paint: Paint) {
    let turns = all.windows(2).filter(|pair| pair[0].stream != pair[1].stream).count();
    if turns > 1 {
        let head = "last lines of standard output and error, in order";
        let _ = writeln!(text, "\n{}", paint.heading(head));
        for CrashLine { stream, text: line, .. } in all {
            let name = match stream {
                Stream::Out => paint.dim("out"),
                Stream::Err => paint.red("err"),
            };
            let _ = writeln!(text, "  {name} {}", plain(line));
        }
        return;
    }
    let mut stream = None;
    for CrashLine { stream: of, text: line, .. } in all {
        if stream.replace(*of) != Some(*of) {
            let name = match of {
                Stream::Out => "standard output",
                Stream::Err => "standard error",
            };
            let _ = writeln!(text, "\n{}", paint.heading(&format!("last lines of {name}")));
        }
        let _ = writeln!(text, "  {}", plain(line));
    }
}

/// Words in lines of about the same width.
fn wrapped(words: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < LINE_WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines
}

/// A moment in the zone of whoever looks.
fn local(ms: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    moment.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Without what would move the cursor: apps choose it.
fn plain(text: &str) -> String {
    text.chars().filter(|char| *char == '\t' || !char.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAINT: Paint = Paint { on: false };

    #[test]
    fn a_report_is_shown_whole_and_harmless() {
        let line = |stream, text: &str| CrashLine { stream, at: None, text: text.to_owned() };
        let report = Crash {
            id: "api-3-5".to_owned(),
            at: 5,
            app: "api".to_owned(),
            proc: 3,
            pid: 77,
            ending: "exit code 1".to_owned(),
            uptime_ms: 4200,
            then: "restart".to_owned(),
            memory: 1 << 20,
            command: vec!["node".to_owned(), "/srv/api.js".to_owned()],
            cwd: "/srv".to_owned(),
            env: vec!["HOME".to_owned(), "PORT".to_owned()],
            lines: vec![line(Stream::Out, "listening"), line(Stream::Err, "\x1b[2Jboom\t!")],
            ..Crash::default()
        };
        insta::assert_snapshot!(crash(&report, PAINT));
        let mut both = report.clone();
        both.lines.push(line(Stream::Out, "bye"));
        let shown = crash(&both, PAINT);
        let end = "output and error, in order\n  out listening\n  err [2Jboom\t!\n  out bye\n";
        assert!(shown.ends_with(end), "{shown}");
        let shown = crashes(&[report], Some(79), PAINT);
        assert!(shown.contains("│ exit code 1 │ 4s "), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 79), "{shown}");
    }

    #[test]
    fn variables_are_wrapped() {
        let words: Vec<String> = (0..30).map(|number| format!("VARIABLE_{number}")).collect();
        let lines = wrapped(&words);
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= LINE_WIDTH));
        assert_eq!(lines.join(" "), words.join(" "));
    }
}
