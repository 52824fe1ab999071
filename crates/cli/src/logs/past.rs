//! What is in the files: the last lines of each, or of all in the order of their times.

use super::line::{Origin, Shaper};
use super::sources::Source;
use crate::commands::Cli;
use crate::outcome::{Outcome, Stop};
use crate::role::chain;
use rpm_logbook::{Entry, Filter, Log, Merge, ReadError, Scan, Seen, Tail, in_order, last};
use rpm_proto::{Code, Fault, Stream};
use std::path::Path;
use std::sync::Arc;

/// Written together.
const PAGE: usize = 64 * 1024;

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Fault::new(Code::Io, format!("the log {} cannot be read", error.path.display()))
            .because(chain(&error))
            .help("if it is broken, move it away: the others are read without it")
            .into()
    }
}

/// The last `count` lines of a log without stamps of ours.
pub(crate) fn last_lines(path: &Path, count: usize) -> Result<Vec<Vec<u8>>, ReadError> {
    let entries = last(&Log::plain(path), &Tail::lines(count), &Arc::default())?;
    Ok(entries.into_iter().map(|entry| entry.line).collect())
}

/// Shows the last `count` lines of each log, one log after the other.
pub(crate) fn by_log(
    cli: &mut Cli,
    sources: &[Source],
    count: usize,
    filter: &Arc<Filter>,
    shaper: &mut Shaper,
) -> Outcome {
    for source in sources {
        let Some(lines) = readable(cli, last(&source.log, &Tail::lines(count), filter))? else {
            continue;
        };
        // A file that is not there yet has no lines.
        if lines.is_empty() && !source.log.path.exists() {
            continue;
        }
        let mut shown = Vec::new();
        if shaper.has_headings() {
            let head = format!("{} last {count} lines:", source.log.path.display());
            shown.extend(format!("{}\n", cli.screen.paint().dim(&head)).into_bytes());
        }
        for entry in lines {
            shown.extend(shaper.shape(origin(source), None, &entry.line));
        }
        if shaper.has_headings() {
            shown.push(b'\n');
        }
        write(cli, source.stream, shaper, shown)?;
    }
    Ok(())
}

/// Shows the lines of all logs in the order of their times; with a `count`, only so many of the
/// last of each.
pub(crate) fn by_time(
    cli: &mut Cli,
    sources: &[Source],
    count: Option<usize>,
    filter: &Arc<Filter>,
    shaper: &mut Shaper,
) -> Outcome {
    if let Some(count) = count {
        let mut logs = Vec::new();
        for source in sources {
            logs.push(
                readable(cli, last(&source.log, &Tail::lines(count), filter))?.unwrap_or_default(),
            );
        }
        let mut page = Page::default();
        for (number, Entry { seen, line, .. }) in in_order(logs) {
            page.add(cli, &sources[number], seen, &line, shaper)?;
        }
        return page.end(cli, shaper);
    }
    let mut scans = Vec::new();
    let mut read = Vec::new();
    for source in sources {
        if let Some(scan) = readable(cli, Scan::open(&source.log, Arc::clone(filter)))? {
            scans.push(scan);
            read.push(source);
        }
    }
    let mut merge = Merge::new(scans)?;
    let mut page = Page::default();
    while let Some(number) = merge.next()? {
        let scan = merge.scan(number);
        if let Some(seen) = scan.seen() {
            page.add(cli, read[number], seen, scan.line(), shaper)?;
        }
    }
    page.end(cli, shaper)
}

/// What was read; a log that cannot be is told of, and the others are shown.
fn readable<T>(cli: &mut Cli, read: Result<T, ReadError>) -> Result<Option<T>, Stop> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) => {
            cli.screen.warn(chain(&error))?;
            Ok(None)
        }
    }
}

/// Lines of one stream that are written together.
#[derive(Default)]
struct Page {
    shown: Vec<u8>,
    stream: Option<Stream>,
}

impl Page {
    fn add(
        &mut self,
        cli: &mut Cli,
        source: &Source,
        seen: Seen,
        line: &[u8],
        shaper: &mut Shaper,
    ) -> Outcome {
        if self.shown.len() >= PAGE || self.stream != Some(source.stream) {
            self.write(cli, shaper)?;
            self.stream = Some(source.stream);
        }
        shaper.shape_into(&mut self.shown, origin(source), seen.at, line);
        Ok(())
    }

    fn end(mut self, cli: &mut Cli, shaper: &Shaper) -> Outcome {
        self.write(cli, shaper)
    }

    fn write(&mut self, cli: &mut Cli, shaper: &Shaper) -> Outcome {
        if let Some(stream) = self.stream
            && !self.shown.is_empty()
        {
            write(cli, stream, shaper, &self.shown)?;
            self.shown.clear();
        }
        Ok(())
    }
}

fn origin(source: &Source) -> Origin<'_> {
    Origin { proc: source.proc, name: &source.name, stream: source.stream }
}

/// Raw lines keep to their streams.
pub(crate) fn write(
    cli: &mut Cli,
    stream: Stream,
    shaper: &Shaper,
    shown: impl AsRef<[u8]>,
) -> Outcome {
    if shaper.is_raw() && stream == Stream::Err {
        return Ok(cli.screen.err_raw(shown)?);
    }
    Ok(cli.screen.data(shown)?)
}
