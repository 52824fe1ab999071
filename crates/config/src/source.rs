//! The text of a config, and the lines of it that an error is about.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::ops::Range;

/// Where words come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// What the user calls it: a file name, `standard input`.
    pub(crate) origin: &'a str,
    /// What is written there; `None` where it was computed, so that there is no line to show.
    pub(crate) text: Option<&'a str>,
}

impl Source<'_> {
    /// The lines around `span` with a mark and `label` below.
    pub(crate) fn excerpt(&self, span: &Range<usize>, label: &str) -> Option<String> {
        let text = self.text?;
        // Whoever draws it takes whole characters only.
        let span = text.floor_char_boundary(span.start)..text.ceil_char_boundary(span.end);
        let report = [Level::ERROR.no_name().primary_title("").element(
            Snippet::source(text)
                .path(self.origin)
                .fold(true)
                .annotation(AnnotationKind::Primary.span(span).label(label)),
        )];
        // Without a title: that is the caller's to print.
        Some(Renderer::plain().render(&report).trim_end().to_owned())
    }

    /// `ecosystem.json:3:7`, lines and columns from 1.
    pub(crate) fn place(&self, at: usize) -> String {
        let text = self.text.unwrap_or_default();
        // What is missing at the end is missing behind the last word, not lines below it.
        let blank = text.get(at..).is_some_and(|rest| rest.trim().is_empty());
        let at = if blank { at.min(text.trim_end().len()) } else { at };
        let before = text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_shown_with_a_mark() {
        let source = Source { origin: "a.json", text: Some("{\n  \"x\": tru\n}\n") };
        assert_eq!(source.place(9), "a.json:2:8");
        assert_eq!(
            source.excerpt(&(9..12), "not a value").unwrap(),
            " --> a.json:2:8\n  |\n2 |   \"x\": tru\n  |        ^^^ not a value"
        );
        assert!(source.excerpt(&(15..15), "ends here").is_some());
        assert!(source.excerpt(&(99..99), "ends here").is_some());
        let source = Source { origin: "a.json", text: Some("é") };
        assert!(source.excerpt(&(1..1), "within a character").is_some());
    }
}
