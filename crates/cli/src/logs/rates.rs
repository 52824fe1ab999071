//! How much each app prints: `rpm logs --stats`, as it comes.

use super::feed::{Event, Feed};
use super::follow::Choice;
use crate::commands::Cli;
use crate::outcome::Outcome;
use crate::render::table::{Cell, Column, Table};
use crate::render::units::size;
use rpm_proto::LogLine;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often the table is drawn.
const STEP: Duration = Duration::from_secs(1);

/// What one app printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amount {
    lines: u64,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counted {
    /// Since the table was drawn last.
    step: Amount,
    all: Amount,
}

/// What all apps printed, by name.
#[derive(Debug, Default)]
struct Rates(BTreeMap<String, Counted>);

impl Rates {
    fn take(&mut self, line: &LogLine) {
        if !self.0.contains_key(&line.name) {
            self.0.insert(line.name.clone(), Counted::default());
        }
        if let Some(counted) = self.0.get_mut(&line.name) {
            for amount in [&mut counted.step, &mut counted.all] {
                amount.lines += 1;
                amount.bytes += line.bytes.len() as u64 + 1;
            }
        }
    }

    /// The table over a step of this length, after which the next one begins.
    fn table(&mut self, step: Duration) -> Table {
        let columns = ["app", "lines/s", "bytes/s", "lines", "bytes"].map(Column::whole).to_vec();
        let rows = self.0.iter_mut().map(|(name, counted)| {
            let per_second = std::mem::take(&mut counted.step).over(step);
            vec![
                Cell::new(name),
                Cell::new(format!("{:.0}", per_second.0)),
                Cell::new(size(whole(per_second.1))),
                Cell::new(counted.all.lines.to_string()),
                Cell::new(size(counted.all.bytes)),
            ]
        });
        Table { columns, rows: rows.collect(), headed: true }
    }

    /// The same, an object an app and line.
    fn json(&mut self, step: Duration) -> String {
        let objects = self.0.iter_mut().map(|(name, counted)| {
            let (lines, bytes) = std::mem::take(&mut counted.step).over(step);
            let object = json!({
                "app_name": name,
                "lines_per_s": lines,
                "bytes_per_s": bytes,
                "lines": counted.all.lines,
                "bytes": counted.all.bytes,
            });
            format!("{object}\n")
        });
        objects.collect()
    }
}

impl Amount {
    #[expect(clippy::cast_precision_loss, reason = "rates are shown in whole numbers")]
    fn over(self, step: Duration) -> (f64, f64) {
        let seconds = step.as_secs_f64().max(0.001);
        (self.lines as f64 / seconds, self.bytes as f64 / seconds)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are no less than 0, and a cast keeps within bounds"
)]
fn whole(rate: f64) -> u64 {
    rate.round() as u64
}

/// Shows each second how much was printed, until the daemon ends.
pub(crate) fn show(cli: &mut Cli, mut feed: Feed, mut choice: Choice) -> Outcome {
    let mut rates = Rates::default();
    let mut begun = Instant::now();
    let mut drawn = 0;
    loop {
        let batch = feed.next(cli, STEP.saturating_sub(begun.elapsed()))?;
        for line in batch.lines.iter().filter(|line| choice.wants(line)) {
            rates.take(line);
        }
        match batch.then {
            Some(Event::Missed(lines)) => {
                cli.screen.note(format!("-- {lines} lines were not counted: too many --"))?;
                drawn = 0;
            }
            Some(Event::Ended) => return Ok(()),
            Some(Event::Replaced) | None => {}
        }
        if begun.elapsed() < STEP {
            continue;
        }
        if cli.screen.wish.json {
            let text = rates.json(begun.elapsed());
            cli.screen.data(text)?;
        } else {
            let text = rates.table(begun.elapsed()).draw(cli.screen.look.width, cli.screen.paint());
            // On a terminal the table takes the place of the last one.
            let back = if cli.screen.look.out_terminal && drawn > 0 {
                format!("\x1b[{drawn}A\x1b[J")
            } else {
                String::new()
            };
            drawn = text.lines().count();
            cli.screen.data(format!("{back}{text}"))?;
        }
        begun = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::style::Paint;
    use rpm_proto::Stream;

    fn line(name: &str, length: usize) -> LogLine {
        let bytes = vec![b'x'; length];
        LogLine { proc: 0, name: name.to_owned(), stream: Stream::Out, at: 0, bytes }
    }

    #[test]
    fn rates_are_of_the_last_step() {
        let mut rates = Rates::default();
        for _ in 0..10 {
            rates.take(&line("api", 99));
        }
        rates.take(&line("worker", 0));
        let text = rates.table(Duration::from_secs(2)).draw(None, Paint { on: false });
        insta::assert_snapshot!(text, @r"
        ┌────────┬─────────┬─────────┬───────┬───────┐
        │ app    │ lines/s │ bytes/s │ lines │ bytes │
        ├────────┼─────────┼─────────┼───────┼───────┤
        │ api    │ 5       │ 500b    │ 10    │ 1000b │
        │ worker │ 0       │ 1b      │ 1     │ 1b    │
        └────────┴─────────┴─────────┴───────┴───────┘
        ");
        let json = rates.json(Duration::from_secs(1));
        let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
        assert_eq!((&first["lines_per_s"], &first["lines"]), (&json!(0.0), &json!(10)));
    }
}
