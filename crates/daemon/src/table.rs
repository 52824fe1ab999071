//! The table as it is kept: the core's parts, by what the processes are known again, and what code
//! they run.

use crate::provenance::Register;
use rpm_core::{Generation, Ledger, Part, PartsError, Supervisor};
use rpm_journal::{Delta, Parts};
use std::collections::BTreeMap;

/// Where the start times of processes are kept, each under the generation of its run.
const BIRTH: &str = "birth/";

/// A table, and what has been told of it.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) supervisor: Supervisor,
    pub(crate) ledger: Ledger,
    /// When the process of each run was started.
    pub(crate) births: Births,
    /// What code instances run.
    pub(crate) provenance: Register,
}

/// When the processes of runs were started, in the system's count, as it was last kept.
#[derive(Debug, Default)]
pub(crate) struct Births(BTreeMap<Generation, u64>);

impl Births {
    /// That of one run.
    pub(crate) fn get(&self, generation: Generation) -> Option<u64> {
        self.0.get(&generation).copied()
    }

    /// Adds to `delta` what differs in `now`, which is what is kept from then on.
    pub(crate) fn note(&mut self, now: BTreeMap<Generation, u64>, delta: &mut Delta) {
        let key = |generation: &Generation| format!("{BIRTH}{}", generation.0);
        for gone in self.0.keys().filter(|generation| !now.contains_key(generation)) {
            delta.insert(key(gone), None);
        }
        for (generation, birth) in &now {
            if self.0.get(generation) != Some(birth) {
                delta.insert(key(generation), Some(birth.to_string().into_bytes()));
            }
        }
        self.0 = now;
    }

    /// Reads one that was kept; `false` when the key is not of one.
    fn read(&mut self, key: &str, bytes: &[u8]) -> bool {
        let Some(generation) = key.strip_prefix(BIRTH) else {
            return false;
        };
        let birth = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
        // One that cannot be read only means that the process is not taken for ours.
        if let (Ok(generation), Some(birth)) = (generation.parse(), birth) {
            self.0.insert(Generation(generation), birth);
        }
        true
    }
}

/// Why what was kept is no table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// A part is not as this version writes it.
    #[error("`{key}` cannot be read")]
    Part {
        /// The part.
        key: String,
        /// Where it differs.
        #[source]
        source: serde_json::Error,
    },
    /// The parts do not fit together.
    #[error("its parts do not fit together")]
    Parts(#[from] PartsError),
}

/// What has changed in `supervisor` since `ledger`.
pub(crate) fn delta(
    supervisor: &mut Supervisor,
    ledger: &mut Ledger,
) -> Result<Delta, serde_json::Error> {
    let mut delta = Delta::new();
    for (key, part) in supervisor.changes(ledger) {
        delta.insert(key, part.map(|part| serde_json::to_vec(&part)).transpose()?);
    }
    Ok(delta)
}

/// Reads what was kept.
pub(crate) fn read(parts: &Parts) -> Result<Table, TableError> {
    let (mut births, mut provenance) = (Births::default(), Register::default());
    let mut core = Vec::new();
    for (key, bytes) in parts {
        if births.read(key, bytes) || provenance.read(key, bytes) {
            continue;
        }
        let part: Part<'static> = serde_json::from_slice(bytes)
            .map_err(|source| TableError::Part { key: key.clone(), source })?;
        core.push((key.clone(), part));
    }
    let (supervisor, ledger) = Supervisor::from_parts(core)?;
    Ok(Table { supervisor, ledger, births, provenance })
}
