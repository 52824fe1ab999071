//! The words of the command line.

use std::path::PathBuf;

/// How it is used.
pub(crate) const USAGE: &str = "\
usage: differential [OPTIONS] [PART OF A TITLE]...

Plays the scenarios with PM2 and with rpm and compares what is seen.

  --fast        only those of the part that each change has to pass
  --recall      what PM2 did with an unchanged scenario is taken from the last time
  --show        all values, also those that are the same
  --jobs N      so many scenarios at a time (2)
  --report FILE where the JSON report goes (beside what was built)
  --table       prints the table of differences for the docs, and plays nothing
  --write       writes that table into the docs";

/// What to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Task {
    /// Play.
    #[default]
    Play,
    /// Print the table of differences.
    Table,
    /// Write it into the docs.
    Write,
    /// Say how it is used.
    Help,
}

/// What is wanted.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Only the fast part.
    pub(crate) fast: bool,
    /// PM2's part is remembered.
    pub(crate) recall: bool,
    /// All values are shown.
    pub(crate) show: bool,
    /// Scenarios at a time.
    pub(crate) jobs: usize,
    /// Where the report goes.
    pub(crate) report: Option<PathBuf>,
    /// What to do.
    pub(crate) task: Task,
    /// Only scenarios with one of these in their title.
    pub(crate) parts: Vec<String>,
}

impl Options {
    /// Reads them.
    pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { jobs: 2, ..Self::default() };
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--show" => options.show = true,
                "--fast" => options.fast = true,
                "--recall" => options.recall = true,
                "--table" => options.task = Task::Table,
                "--write" => options.task = Task::Write,
                "-h" | "--help" => options.task = Task::Help,
                "--jobs" => {
                    let number = words.next().and_then(|it| it.parse().ok());
                    options.jobs = number.filter(|it| *it > 0).ok_or("--jobs needs a number")?;
                }
                "--report" => {
                    options.report = Some(words.next().ok_or("--report needs a file")?.into());
                }
                _ if word.starts_with('-') => return Err(format!("there is no option {word}")),
                _ => options.parts.push(word),
            }
        }
        Ok(options)
    }

    /// Whether a scenario is wanted.
    pub(crate) fn wants(&self, title: &str, fast: bool) -> bool {
        let named = self.parts.is_empty() || self.parts.iter().any(|part| title.contains(part));
        named && (fast || !self.fast)
    }
}
