//! Marking a text within lines of bytes.

use anstyle::{Effects, Style};

/// The line with each occurrence of `text` marked.
pub(crate) fn mark(line: &[u8], text: &[u8]) -> Vec<u8> {
    if text.is_empty() {
        return line.to_vec();
    }
    let style = Style::new().effects(Effects::INVERT);
    let mut marked = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.windows(text.len()).position(|part| part == text) {
        marked.extend_from_slice(&rest[..at]);
        marked.extend_from_slice(format!("{style}").as_bytes());
        marked.extend_from_slice(text);
        marked.extend_from_slice(format!("{style:#}").as_bytes());
        rest = &rest[at + text.len()..];
    }
    marked.extend_from_slice(rest);
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_occurrence_is_marked() {
        assert_eq!(
            mark(b"an error, error\xff", b"error"),
            b"an \x1b[7merror\x1b[0m, \x1b[7merror\x1b[0m\xff"
        );
        assert_eq!(mark(b"none", b"error"), b"none");
        assert_eq!(mark(b"none", b""), b"none");
    }
}
