//! The last lines before a crash, from the log files: the current ones, and where these are short the
//! ones that were put aside last.

use rpm_logbook::{Entry, Log, Tail, in_order, last};
use rpm_proto::Stream;
use rpm_proto::crash::CrashLine;
use std::sync::Arc;

/// Lines of a crash report.
const LINES_MAX: usize = 200;
/// Of the log of each stream. What it takes to unpack a larger file is too much to delay events for.
const TAIL: Tail = Tail {
    lines: LINES_MAX,
    line_bytes: 8 * 1024,
    bytes: 64 * 1024,
    files: 2,
    packed_bytes: 8 * 1024 * 1024,
};

/// The log of a stream.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) stream: Stream,
    pub(super) log: Log,
}

/// The last lines of these logs. Each may have an equal share, and what another one leaves of its own.
/// They are in the order of their times where each log tells some, else one log after the other.
pub(super) fn of(sources: &[Source]) -> Vec<CrashLine> {
    let read = |Source { log, .. }: &Source| {
        let end = |log: &Log| last(log, &TAIL, &Arc::default());
        // What was put aside may be broken. A log that cannot be read has no lines.
        end(log).or_else(|_| end(&Log { aside: false, ..log.clone() })).unwrap_or_default()
    };
    let mut logs: Vec<Vec<Entry>> = sources.iter().map(read).collect();
    share(&mut logs);
    let tells_time = |log: &Vec<Entry>| log.is_empty() || log.iter().any(|it| it.seen.at.is_some());
    let entries: Vec<(usize, Entry)> = if logs.iter().all(tells_time) {
        in_order(logs)
    } else {
        let numbered = logs.into_iter().enumerate();
        numbered.flat_map(|(number, log)| log.into_iter().map(move |it| (number, it))).collect()
    };
    let line = |(number, entry): (usize, Entry)| CrashLine {
        stream: sources[number].stream,
        at: entry.seen.at,
        text: String::from_utf8_lossy(&entry.line).into_owned(),
    };
    entries.into_iter().map(line).collect()
}

/// Leaves the last lines of each, all together so many as a report has.
fn share(logs: &mut [Vec<Entry>]) {
    let mut room = LINES_MAX;
    let mut order: Vec<usize> = (0..logs.len()).collect();
    order.sort_by_key(|index| logs[*index].len());
    for (position, index) in order.into_iter().enumerate() {
        let share = room / (logs.len() - position);
        let more = logs[index].len().saturating_sub(share);
        logs[index].drain(..more);
        room -= logs[index].len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::path::Path;

    fn source(dir: &Path, name: &str, stream: Stream) -> Source {
        Source { stream, log: Log::plain(dir.join(format!("{name}.log"))) }
    }

    fn write(source: &Source, lines: impl Iterator<Item = String>) {
        let lines: Vec<String> = lines.collect();
        std::fs::write(&source.log.path, lines.join("\n") + "\n").unwrap();
    }

    #[test]
    fn each_stream_has_its_share() {
        let dir = tempfile::tempdir().unwrap();
        let out = source(dir.path(), "out", Stream::Out);
        let err = source(dir.path(), "err", Stream::Err);
        let counts = |outs: usize, errs: usize| {
            write(&out, (0..outs).map(|number| format!("out {number}")));
            write(&err, (0..errs).map(|number| format!("err {number}")));
            let lines = of(&[out.clone(), err.clone()]);
            let of = |stream| lines.iter().filter(|line| line.stream == stream).count();
            (of(Stream::Out), of(Stream::Err))
        };
        assert_eq!(counts(500, 500), (100, 100));
        assert_eq!(counts(500, 30), (170, 30));
        assert_eq!(counts(2, 3), (2, 3));
        write(&out, (0..100_000).map(|number| format!("long {number}")));
        let lines = of(&[out, source(dir.path(), "none", Stream::Err)]);
        assert_eq!(lines.len(), 200);
        assert_eq!(lines[199].text, "long 99999");
    }

    #[test]
    fn what_was_just_put_aside_is_read_too() {
        let dir = tempfile::tempdir().unwrap();
        let out = source(dir.path(), "out", Stream::Out);
        let texts = || of(std::slice::from_ref(&out)).into_iter().map(|it| it.text);
        let wanted: Vec<String> = (50..250).map(|number| format!("line {number}")).collect();
        write(&out, (0..240).map(|number| format!("line {number}")));
        let aside = dir.path().join("out__2026-01-02_00-00-00.log");
        std::fs::rename(&out.log.path, &aside).unwrap();
        // The one before is not looked at.
        std::fs::write(dir.path().join("out__2026-01-01_00-00-00.log"), "old\n".repeat(300))
            .unwrap();
        write(&out, (240..250).map(|number| format!("line {number}")));
        assert!(texts().eq(wanted.iter().cloned()));
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&std::fs::read(&aside).unwrap()).unwrap();
        std::fs::write(aside.with_extension("log.gz"), packed.finish().unwrap()).unwrap();
        std::fs::remove_file(&aside).unwrap();
        assert!(texts().eq(wanted.iter().cloned()));
        // One that cannot be unpacked takes nothing of the rest away.
        std::fs::write(aside.with_extension("log.gz"), "no gzip").unwrap();
        assert_eq!(texts().count(), 10);
    }

    #[test]
    fn streams_are_in_order_where_both_tell_their_times() {
        let dir = tempfile::tempdir().unwrap();
        let out = source(dir.path(), "out", Stream::Out);
        let err = source(dir.path(), "err", Stream::Err);
        let at = |second: u32, text: &str| format!("2026-01-01T00:00:{second:02}Z {text}");
        let texts = || -> Vec<String> {
            let lines = of(&[out.clone(), err.clone()]).into_iter();
            lines.map(|it| it.text.rsplit(' ').next().unwrap_or_default().to_owned()).collect()
        };
        write(&out, [at(1, "one"), at(4, "four")].into_iter());
        write(&err, [at(2, "two"), "  trace".to_owned(), at(5, "five")].into_iter());
        assert_eq!(texts(), ["one", "two", "trace", "four", "five"]);
        write(&err, ["zero", "six"].map(str::to_owned).into_iter());
        assert_eq!(texts(), ["one", "four", "zero", "six"]);
    }
}
