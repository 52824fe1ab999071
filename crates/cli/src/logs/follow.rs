//! Showing lines as they come.

use super::feed::{Event, Feed};
use super::line::{Origin, Shaper};
use super::past::write;
use super::seam::Seam;
use super::sources::assumed;
use crate::commands::Cli;
use crate::outcome::Outcome;
use rpm_logbook::{Filter, Judge, Log};
use rpm_proto::{LogLine, Stream};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Nothing else is to be done meanwhile.
const PATIENCE: Duration = Duration::from_hours(1);

/// Chooses among lines that are followed.
pub(crate) struct Choice {
    only: Option<BTreeSet<u32>>,
    filter: Arc<Filter>,
    seam: Seam,
    judges: HashMap<(u32, Stream), Judge>,
}

impl Choice {
    /// Lines that a filter wants and that were not shown before.
    pub(crate) fn new(filter: Arc<Filter>, seam: Seam) -> Self {
        Self { only: None, filter, seam, judges: HashMap::new() }
    }

    /// Lines of these instances.
    pub(crate) fn of(only: BTreeSet<u32>) -> Self {
        Self { only: Some(only), ..Self::new(Arc::default(), Seam::default()) }
    }

    /// Whether a line is to be shown.
    pub(crate) fn wants(&mut self, line: &LogLine) -> bool {
        if self.only.as_ref().is_some_and(|only| !only.contains(&line.proc)) || self.seam.has(line)
        {
            return false;
        }
        if self.filter.level.is_some() {
            let judge = self.judges.entry((line.proc, line.stream)).or_insert_with(|| {
                let log = Log { level: assumed(line.stream), ..Log::plain("") };
                Judge::new(&log, line.at)
            });
            if !self.filter.wants_level(judge.see(&line.bytes).level) {
                return false;
            }
        }
        self.filter.wants_text(&line.bytes)
    }
}

/// Shows the chosen lines until the daemon ends.
pub(crate) fn follow(
    cli: &mut Cli,
    mut feed: Feed,
    shaper: &mut Shaper,
    mut choice: Choice,
) -> Outcome {
    loop {
        let batch = feed.next(cli, PATIENCE)?;
        let lines = batch.lines.into_iter().filter(|line| choice.wants(line)).collect::<Vec<_>>();
        for same in lines.chunk_by(|a, b| a.stream == b.stream) {
            let mut shown = Vec::new();
            for line in same {
                let origin =
                    Origin { proc: Some(line.proc), name: &line.name, stream: line.stream };
                shaper.shape_into(&mut shown, origin, Some(line.at), &line.bytes);
            }
            write(cli, same[0].stream, shaper, shown)?;
        }
        match batch.then {
            None => {}
            Some(Event::Missed(lines)) => {
                cli.screen.note(format!("-- {lines} lines were left out: too slow --"))?;
            }
            Some(Event::Replaced) => {
                cli.screen.note("-- the daemon was restarted; following again --")?;
            }
            Some(Event::Ended) => return Ok(()),
        }
    }
}
