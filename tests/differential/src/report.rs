//! What all of it came to, for people and for programs.

use crate::install::VERSION;
use crate::session::Played;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The counts.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pm2: &'static str,
    scenarios: usize,
    families: BTreeMap<String, usize>,
    compared: usize,
    equal: usize,
    differences_listed: usize,
    wrong: BTreeMap<String, Vec<String>>,
    right_at_the_second_time: Vec<String>,
    seconds: f32,
}

impl Report {
    /// Counts.
    pub(crate) fn new(played: &[Played<'_>], took: Duration) -> Self {
        let mut families = BTreeMap::new();
        for one in played {
            *families.entry(one.scenario.family.clone()).or_insert(0) += 1;
        }
        let sum = |of: fn(&Played<'_>) -> usize| played.iter().map(of).sum::<usize>();
        let compared = sum(|one| one.verdict.compared);
        let listed = sum(|one| one.verdict.listed);
        let is_wrong = |one: &&Played<'_>| !one.verdict.wrong.is_empty();
        let wrong: BTreeMap<String, Vec<String>> = played
            .iter()
            .filter(is_wrong)
            .map(|one| (one.scenario.title(), one.verdict.wrong.clone()))
            .collect();
        let unsure = played.iter().filter(|one| one.again && one.verdict.wrong.is_empty());
        Self {
            pm2: VERSION,
            scenarios: played.len(),
            families,
            compared,
            equal: compared - listed - wrong.values().map(Vec::len).sum::<usize>().min(compared),
            differences_listed: listed,
            wrong,
            right_at_the_second_time: unsure.map(|one| one.scenario.title()).collect(),
            seconds: took.as_secs_f32(),
        }
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_fine(&self) -> bool {
        self.wrong.is_empty()
    }

    /// A line for people.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} scenarios, {} values compared, {} differences listed, {} scenarios wrong, {:.0} s",
            self.scenarios,
            self.compared,
            self.differences_listed,
            self.wrong.len(),
            self.seconds
        )
    }
}
