//! The path of a request, decoded and judged.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// Why a path names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    /// It is no path: broken encoding, a zero byte, no UTF-8.
    Broken,
    /// It leads out of the folder.
    Outside,
}

/// What is encoded in a path, beside what is no ASCII.
const ENCODED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'`');

/// The path as a person reads it.
pub(crate) fn decode(path: &str) -> Result<String, Odd> {
    let bytes = path.as_bytes();
    for (at, _) in path.match_indices('%') {
        let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
        if !is_hex(at + 1) || !is_hex(at + 2) {
            return Err(Odd::Broken);
        }
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| Odd::Broken)?;
    if !path.starts_with('/') || path.contains('\0') {
        return Err(Odd::Broken);
    }
    if path.split(['/', '\\']).any(|part| part == "..") {
        return Err(Odd::Outside);
    }
    Ok(path.into_owned())
}

/// The path as it stands in a request.
pub(crate) fn encode(path: &str) -> String {
    utf8_percent_encode(path, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_path_is_told_from_what_leads_out() {
        for (path, read) in [
            ("/", Ok("/")),
            ("/a%20b.txt", Ok("/a b.txt")),
            ("/%C3%A4", Ok("/ä")),
            ("/a..b", Ok("/a..b")),
            ("/%", Err(Odd::Broken)),
            ("/%zz", Err(Odd::Broken)),
            ("/%2", Err(Odd::Broken)),
            ("/a%00b", Err(Odd::Broken)),
            ("/%ff", Err(Odd::Broken)),
            ("*", Err(Odd::Broken)),
            ("/../etc/passwd", Err(Odd::Outside)),
            ("/a/%2e%2e/%2e%2e/etc/passwd", Err(Odd::Outside)),
            ("/..%2fetc", Err(Odd::Outside)),
            ("/..%5cetc", Err(Odd::Outside)),
        ] {
            assert_eq!(decode(path), read.map(str::to_owned), "{path}");
        }
        assert_eq!(decode(&encode("/a b%/ä?#.txt")).as_deref(), Ok("/a b%/ä?#.txt"));
    }
}
