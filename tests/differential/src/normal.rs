//! What differs from run to run, taken out of texts.

use regex_lite::Regex;
use std::sync::LazyLock;

static COLOUR: LazyLock<Regex> = LazyLock::new(|| Regex::new("\x1b\\[[0-9;]*[A-Za-z]").unwrap());
static STAMP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\s?[+-]\d\d:?\d\d)?").unwrap()
});

/// What stands for what, in one run of a scenario.
#[derive(Debug)]
pub(crate) struct Normal(Vec<(String, &'static str)>);

impl Normal {
    /// The folders and the port of a run.
    pub(crate) fn new(work: &str, home: &str, user: &str, port: u16) -> Self {
        let port = port.to_string();
        Self(vec![
            (work.to_owned(), "<work>"),
            (home.to_owned(), "<home>"),
            (user.to_owned(), "<user>"),
            (port, "<port>"),
        ])
    }

    /// The text, with names for what is private to the run.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = COLOUR.replace_all(text, "").into_owned();
        for (private, name) in &self.0 {
            text = text.replace(private, name);
        }
        STAMP.replace_all(&text, "<time>").trim_end().to_owned()
    }
}
