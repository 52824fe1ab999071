//! The members of a JSON object in a line, found without reading it whole: most lines are looked at
//! for one or two members, and a line that is no JSON must cost nothing.

use memchr::memchr2;

/// The members of the outermost object: each key without its quotes, and its value as it stands.
/// Ends at the first thing that is no JSON.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

/// The members of the object that the line is, if it begins like one.
pub(crate) fn of(line: &[u8]) -> Option<Fields<'_>> {
    let rest = line.trim_ascii_start().strip_prefix(b"{")?;
    Some(Fields { rest })
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_ascii_start();
        let rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        let key = string(rest)?;
        let value = rest[key..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let length = length(value)?;
        self.rest = &value[length..];
        Some((&rest[1..key - 1], &value[..length]))
    }
}

/// The text of a value that is a string, as it stands between its quotes.
pub(crate) fn text(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// How many bytes the string at the start has, with its quotes.
fn string(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// How many bytes the value at the start has.
fn length(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string(text),
        b'{' | b'[' => nested(text),
        _ => {
            let end = text.iter().position(|byte| matches!(byte, b',' | b'}' | b' ' | b'\t'));
            end.filter(|end| *end > 0)
        }
    }
}

fn nested(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => {
                at += string(&text[at..])?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<(String, String)> {
        let own = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = of(line.as_bytes()).into_iter().flatten();
        fields.map(|(key, value)| (own(key), own(value))).collect()
    }

    #[test]
    fn only_the_outermost_members_count() {
        let line = r#"{"level":30, "req" : {"level":60,"a":["}"]},"msg":"a \"b\", {c","t":1.5}"#;
        let expected = [
            ("level", "30"),
            ("req", r#"{"level":60,"a":["}"]}"#),
            ("msg", r#""a \"b\", {c""#),
            ("t", "1.5"),
        ];
        assert_eq!(read(line), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_is_no_json_ends_it() {
        for line in ["", "{", "{}", "[1]", "text {\"a\":1}", "{a:1}", "{\"a", "{\"a\\", "{\"a\":"] {
            assert!(read(line).is_empty(), "{line}");
        }
        assert_eq!(read("{\"a\":1,\"b\":[1").len(), 1);
        assert_eq!(read("{\"a\":1} and more").len(), 1);
    }
}
