//! The table of differences in the docs, made of what the scenarios list.

use crate::install::VERSION;
use crate::scenario::{self, Scenario};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const BEGIN: &str = "<!-- made from tests/differential: begin -->";
const END: &str = "<!-- made from tests/differential: end -->";
/// Longer values are shown by their beginning.
const SHOWN_CHARS_MAX: usize = 60;

/// The document.
pub(crate) fn document() -> PathBuf {
    scenario::folder().join("../../docs/differences-from-pm2.md")
}

/// The table, in Markdown.
pub(crate) fn table(scenarios: &[Scenario]) -> String {
    let mut text =
        format!("| scenario | what is seen | PM2 {VERSION} | rpm | why |\n|---|---|---|---|---|\n");
    for scenario in scenarios {
        for differs in &scenario.differs {
            let defect =
                scenario.defect.as_ref().map_or(String::new(), |number| format!(" ({number})"));
            let [what, pm2, rpm] = [&differs.what, &differs.pm2, &differs.rpm].map(|it| cell(it));
            let (about, why) = (&scenario.about, &differs.why);
            let _ = writeln!(text, "| {about}{defect} | {what} | {pm2} | {rpm} | {why} |");
        }
    }
    text
}

/// The document with the table in its place.
pub(crate) fn renewed(old: &str, table: &str) -> Result<String, String> {
    let missing = || format!("{} has no marks for the table", document().display());
    let (before, rest) = old.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

/// Writes the table into the document.
pub(crate) fn write(scenarios: &[Scenario]) -> Result<(), String> {
    let old = fs::read_to_string(document()).map_err(|error| error.to_string())?;
    let new = renewed(&old, &table(scenarios))?;
    fs::write(document(), new).map_err(|error| error.to_string())
}

fn cell(text: &str) -> String {
    let flat = text.replace('\n', " ⏎ ").replace('|', "\\|").replace('`', "'");
    if flat == "*" {
        return "(varies)".to_owned();
    }
    if flat.chars().count() > SHOWN_CHARS_MAX {
        let begin: String = flat.chars().take(SHOWN_CHARS_MAX).collect();
        return format!("`{begin}…`");
    }
    if flat.is_empty() { "(nothing)".to_owned() } else { format!("`{flat}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docs_have_the_table_of_today() {
        let old = fs::read_to_string(document()).unwrap();
        let new = renewed(&old, &table(&scenario::all().unwrap())).unwrap();
        assert!(old == new, "run `cargo run -p rpm-differential -- --write`");
    }

    #[test]
    fn each_difference_has_its_reason() {
        for scenario in scenario::all().unwrap() {
            for differs in &scenario.differs {
                assert!(differs.why.len() > 10, "{}: {}", scenario.title(), differs.what);
            }
        }
    }
}
