//! The reference of keys as a page.

use super::ENTRIES;
use crate::keys::Key;
use std::fmt::Write;

const HEAD: &str = "\
# Keys of an app

<!-- Written from the table of keys by the tests: `UPDATE_DOCS=1 cargo nextest run reference`. -->

A config file is JSON (comments, trailing commas and unquoted keys are fine), YAML, TOML or a
JavaScript module, and has `apps`: a list of objects with these keys. Each key may also be written in
camelCase. A time is in milliseconds, or a string such as `\"10s\"`. `rpm schema` prints the same for
editors: save it and name it in the file's `\"$schema\"`.

Besides these, `env_NAME` holds variables that `--env NAME` merges over `env`; `deploy` and `static`
stand beside `apps`.

| key | takes | default | meaning |
|---|---|---|---|
";

/// The page, in Markdown.
pub(super) fn page() -> String {
    let mut text = HEAD.to_owned();
    for entry in ENTRIES {
        let key = Key::named(entry.name);
        let mut names = format!("`{}`", key.name);
        for alias in key.aliases {
            // Writing to a string cannot fail.
            let _ = write!(names, ", `{alias}`");
        }
        let takes = cell(key.takes);
        let example = cell(key.example);
        let (default, meaning) = (cell(entry.default), cell(entry.meaning));
        let _ = writeln!(text, "| {names} | {takes}: `{example}` | {default} | {meaning} |");
    }
    text
}

/// Text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
