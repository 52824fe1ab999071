//! How deep a text in JSON5 is nested, before it is read: the reader calls itself for each level.

/// Deeper than any dump.
pub(super) const DEPTH_MAX: usize = 128;

/// The deepest nesting of brackets outside of strings and comments.
pub(super) fn of(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
                after
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                after
            }
            b'"' | b'\'' => after_string(after, *byte),
            b'/' if after.starts_with(b"/") => after_line(after),
            b'/' if after.starts_with(b"*") => after_comment(&after[1..]),
            _ => after,
        };
    }
    deepest
}

fn after_string(mut text: &[u8], quote: u8) -> &[u8] {
    while let [byte, after @ ..] = text {
        text = if *byte == b'\\' { after.get(1..).unwrap_or_default() } else { after };
        if *byte == quote {
            break;
        }
    }
    text
}

/// Lines end as in JavaScript: also with U+2028 and U+2029.
fn after_line(text: &[u8]) -> &[u8] {
    let ends = |at: &usize| {
        let rest = &text[*at..];
        let ends: [&[u8]; 4] = [b"\n", b"\r", "\u{2028}".as_bytes(), "\u{2029}".as_bytes()];
        ends.iter().any(|end| rest.starts_with(end))
    };
    let end = (0..text.len()).find(ends).unwrap_or(text.len());
    &text[end..]
}

fn after_comment(text: &[u8]) -> &[u8] {
    let end = text.windows(2).position(|two| two == b"*/");
    end.map_or(&[], |end| &text[end + 2..])
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn brackets_count_where_they_nest() {
        for (text, depth) in [
            ("", 0),
            ("[{a: [1]}, [2]]", 3),
            ("'[[[' \"{{{\" '\\'[['", 0),
            ("// [[ it's\n[/* {{{ ' */]", 1),
            ("// [\u{2028}[[", 2),
            ("]]][", 1),
            ("'\\", 0),
            ("/*", 0),
            ("/", 0),
        ] {
            assert_eq!(of(text), depth, "{text}");
        }
    }
}
