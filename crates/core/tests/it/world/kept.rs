//! The table as a shell keeps it: of each part the newest.

use rpm_core::{Ledger, Part, Supervisor};
use std::collections::BTreeMap;

/// What a successor would read.
#[derive(Default)]
pub(super) struct Kept {
    parts: BTreeMap<String, String>,
    ledger: Ledger,
}

impl Kept {
    /// Keeps what has changed. The whole is then the table as it is.
    pub(super) fn note(&mut self, table: &mut Supervisor) {
        for (key, part) in table.changes(&mut self.ledger) {
            match part {
                Some(part) => self.parts.insert(key, serde_json::to_string(&part).unwrap()),
                None => self.parts.remove(&key),
            };
        }
    }

    /// The table of the parts, which has to be this one.
    pub(super) fn read(&mut self, now: &Supervisor) -> Supervisor {
        let read = |(key, text): (&String, &String)| {
            (key.clone(), serde_json::from_str::<Part<'static>>(text).unwrap())
        };
        let (table, ledger) = Supervisor::from_parts(self.parts.iter().map(read)).unwrap();
        let text = |table: &Supervisor| serde_json::to_string(table).unwrap();
        assert_eq!(text(&table), text(now), "a change was not told");
        self.ledger = ledger;
        table
    }
}
