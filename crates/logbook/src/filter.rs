//! Which lines are wanted.

use crate::level::Level;
use regex::bytes::{Regex, RegexBuilder};

/// Which lines are wanted; all, by default.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Written at this time or later, in ms since 1970.
    pub since: Option<i64>,
    /// Written at this time or before.
    pub until: Option<i64>,
    /// At least so grave.
    pub level: Option<Level>,
    /// Whose text matches.
    pub pattern: Option<Pattern>,
}

/// What the text of lines is to match.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    invert: bool,
    /// Many lines can be searched at once.
    spans_lines: bool,
}

impl Pattern {
    /// Lines that match a regular expression, or with `invert` those that do not. Fails with what
    /// is wrong with it.
    pub fn new(pattern: &str, ignore_case: bool, invert: bool) -> Result<Self, String> {
        // A line is searched with its neighbours: `^` and `$` mean the line's.
        let regex = RegexBuilder::new(pattern)
            .multi_line(true)
            .case_insensitive(ignore_case)
            .build()
            .map_err(|error| error.to_string())?;
        // These could look at more than the line, and must see it alone.
        let spans_lines = !["\\A", "\\z", "(?"].iter().any(|part| pattern.contains(part));
        Ok(Self { regex, invert, spans_lines })
    }

    /// Lines that hold this text, in large or small letters.
    pub fn text(text: &str) -> Result<Self, String> {
        Self::new(&regex::escape(text), true, false)
    }
}

impl Filter {
    /// Whether all lines are wanted.
    pub fn is_open(&self) -> bool {
        self.since.is_none()
            && self.until.is_none()
            && self.level.is_none()
            && self.pattern.is_none()
    }

    /// What matches within a line, from where to where: to mark it.
    pub fn matches(&self, line: &[u8]) -> Vec<(usize, usize)> {
        match &self.pattern {
            Some(pattern) if !pattern.invert => {
                let found = pattern.regex.find_iter(line);
                found.map(|found| (found.start(), found.end())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a line's text is wanted.
    pub fn wants_text(&self, line: &[u8]) -> bool {
        self.pattern.as_ref().is_none_or(|it| it.regex.is_match(line) != it.invert)
    }

    /// Whether lines of this time are wanted; of an unknown one they are.
    pub fn wants_time(&self, at: Option<i64>) -> bool {
        let Some(at) = at else {
            return true;
        };
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at <= until)
    }

    /// Whether lines of this level are wanted.
    pub fn wants_level(&self, level: Level) -> bool {
        self.level.is_none_or(|least| level >= least)
    }

    /// What lines have to match, if many can be searched for it at once.
    pub(crate) fn sieve(&self) -> Option<&Regex> {
        let pattern = self.pattern.as_ref()?;
        (pattern.spans_lines && !pattern.invert).then_some(&pattern.regex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grep(pattern: &str, ignore_case: bool, invert: bool) -> Filter {
        let pattern = Some(Pattern::new(pattern, ignore_case, invert).unwrap());
        Filter { pattern, ..Filter::default() }
    }

    #[test]
    fn text_is_matched_as_bytes() {
        assert!(grep("^a.c$", false, false).wants_text(b"abc"));
        assert!(!grep("ABC", false, false).wants_text(b"abc"));
        assert!(grep("ABC", true, false).wants_text(b"\xffabc"));
        assert!(grep("abc", false, true).wants_text(b"x"));
        assert_eq!(grep("b", false, false).matches(b"abcb"), [(1, 2), (3, 4)]);
    }

    #[test]
    fn a_bad_pattern_says_what_is_wrong() {
        let refusal = Pattern::new("(", false, false).unwrap_err();
        assert!(refusal.contains("unclosed group"), "{refusal}");
    }

    #[test]
    fn times_and_levels_have_bounds() {
        let filter = Filter { since: Some(5), until: Some(7), ..Filter::default() };
        let wanted: Vec<i64> = (0..10).filter(|at| filter.wants_time(Some(*at))).collect();
        assert_eq!(wanted, [5, 6, 7]);
        assert!(filter.wants_time(None));
        let filter = Filter { level: Some(Level::Warn), ..Filter::default() };
        assert!(filter.wants_level(Level::Error) && !filter.wants_level(Level::Info));
    }
}
