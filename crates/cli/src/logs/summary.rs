//! How much each app has printed, by its files: `rpm logs --stats --nostream`.

use super::sources::Source;
use crate::commands::Cli;
use crate::outcome::Outcome;
use crate::render::details::iso;
use crate::render::table::{Cell, Column, Table};
use crate::render::units::size;
use rpm_logbook::{Filter, Level, ReadError, Scan};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the files of one app hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Summary {
    lines: u64,
    bytes: u64,
    errors: u64,
    warnings: u64,
    first: Option<i64>,
    last: Option<i64>,
}

impl Summary {
    fn take(&mut self, length: usize, level: Level, at: Option<i64>) {
        self.lines += 1;
        self.bytes += length as u64 + 1;
        match level {
            Level::Error | Level::Fatal => self.errors += 1,
            Level::Warn => self.warnings += 1,
            Level::Trace | Level::Debug | Level::Info => {}
        }
        if let Some(at) = at {
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
            self.last = Some(self.last.map_or(at, |last| last.max(at)));
        }
    }

    /// Lines and bytes a second between the first line that tells its time and the last.
    #[expect(clippy::cast_precision_loss, reason = "rates are shown with two decimals")]
    fn rates(&self) -> Option<(f64, f64)> {
        let seconds = (self.last? - self.first?) as f64 / 1000.0;
        (seconds > 0.0).then(|| (self.lines as f64 / seconds, self.bytes as f64 / seconds))
    }
}

/// Shows a table of what the files hold.
pub(crate) fn show(cli: &mut Cli, sources: &[Source], filter: &Arc<Filter>) -> Outcome {
    let mut apps = BTreeMap::<&str, Summary>::new();
    for source in sources {
        read(source, filter, apps.entry(&source.name).or_default())?;
    }
    if cli.screen.wish.json {
        let objects: Vec<Value> =
            apps.iter().map(|(name, summary)| object(name, summary)).collect();
        return Ok(cli.screen.json(&objects)?);
    }
    let names = ["app", "lines", "bytes", "errors", "warnings", "first", "last", "lines/s"];
    let rows = apps.iter().map(|(name, summary)| {
        let time = |at: Option<i64>| at.and_then(iso).unwrap_or_else(|| "-".to_owned());
        let rate =
            summary.rates().map_or_else(|| "-".to_owned(), |(lines, _)| format!("{lines:.2}"));
        [
            (*name).to_owned(),
            summary.lines.to_string(),
            size(summary.bytes),
            summary.errors.to_string(),
            summary.warnings.to_string(),
            time(summary.first),
            time(summary.last),
            rate,
        ]
        .map(Cell::new)
        .to_vec()
    });
    let columns = names.map(Column::whole).to_vec();
    let table = Table { columns, rows: rows.collect(), headed: true };
    let text = table.draw(cli.screen.look.width, cli.screen.paint());
    Ok(cli.screen.data(text)?)
}

fn read(source: &Source, filter: &Arc<Filter>, summary: &mut Summary) -> Result<(), ReadError> {
    let mut scan = Scan::open(&source.log, Arc::clone(filter))?;
    while scan.advance()? {
        if let Some(seen) = scan.seen() {
            summary.take(scan.line().len(), seen.level, seen.at);
        }
    }
    Ok(())
}

fn object(name: &str, summary: &Summary) -> Value {
    let (lines, bytes) = summary.rates().unzip();
    json!({
        "app_name": name,
        "lines": summary.lines,
        "bytes": summary.bytes,
        "errors": summary.errors,
        "warnings": summary.warnings,
        "first": summary.first.and_then(iso),
        "last": summary.last.and_then(iso),
        "lines_per_s": lines,
        "bytes_per_s": bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_over_the_times_that_lines_tell() {
        let mut summary = Summary::default();
        summary.take(9, Level::Info, None);
        assert_eq!(summary.rates(), None);
        summary.take(9, Level::Error, Some(3000));
        summary.take(9, Level::Warn, Some(1000));
        assert_eq!(summary.rates(), Some((1.5, 15.0)));
        assert_eq!((summary.errors, summary.warnings), (1, 1));
    }
}
