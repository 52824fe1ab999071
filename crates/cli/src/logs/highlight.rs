//! Marking parts of lines of bytes.

use anstyle::{Effects, Style};

/// The places of a text in a line.
pub(crate) fn places(line: &[u8], text: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while !text.is_empty()
        && let Some(at) = line[from..].windows(text.len()).position(|part| part == text)
    {
        found.push((from + at, from + at + text.len()));
        from += at + text.len();
    }
    found
}

/// The line with these parts of it marked.
pub(crate) fn mark(line: &[u8], places: &[(usize, usize)]) -> Vec<u8> {
    let style = Style::new().effects(Effects::INVERT);
    let mut marked = Vec::with_capacity(line.len());
    let mut done = 0;
    for (start, end) in places.iter().copied().filter(|(start, end)| start < end) {
        marked.extend_from_slice(&line[done..start]);
        marked.extend_from_slice(format!("{style}").as_bytes());
        marked.extend_from_slice(&line[start..end]);
        marked.extend_from_slice(format!("{style:#}").as_bytes());
        done = end;
    }
    marked.extend_from_slice(&line[done..]);
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_occurrence_is_marked() {
        let marked = |line: &[u8], text: &[u8]| mark(line, &places(line, text));
        assert_eq!(
            marked(b"an error, error\xff", b"error"),
            b"an \x1b[7merror\x1b[0m, \x1b[7merror\x1b[0m\xff"
        );
        assert_eq!(marked(b"none", b"error"), b"none");
        assert_eq!(marked(b"none", b""), b"none");
        assert_eq!(mark(b"none", &[(0, 0), (1, 2)]), b"n\x1b[7mo\x1b[0mne");
    }
}
