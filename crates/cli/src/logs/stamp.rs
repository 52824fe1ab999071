//! Moments in the tokens that PM2's users write: `YYYY-MM-DD HH:mm:ss`.

use jiff::ZonedDateTime;
use std::fmt::Write;

/// PM2's format where none is given.
pub(crate) const USUAL: &str = "YYYY-MM-DD-HH:mm:ss";

/// Tokens and what they are to `strftime(3)`, the longer ones first.
const TOKENS: [(&str, &str); 25] = [
    ("YYYY", "%Y"),
    ("MMMM", "%B"),
    ("dddd", "%A"),
    ("MMM", "%b"),
    ("ddd", "%a"),
    ("SSS", "%3f"),
    ("YY", "%y"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("HH", "%H"),
    ("hh", "%I"),
    ("mm", "%M"),
    ("ss", "%S"),
    ("ZZ", "%z"),
    ("M", "%-m"),
    ("D", "%-d"),
    ("H", "%-H"),
    ("h", "%-I"),
    ("m", "%-M"),
    ("s", "%-S"),
    ("A", "%p"),
    ("a", "%P"),
    ("Z", "%:z"),
    ("X", "%s"),
    ("x", "%s%3f"),
];

/// A format, ready for use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(String);

impl Stamp {
    /// Reads a format; what stands in `[…]` is taken as it is.
    pub(crate) fn new(format: &str) -> Self {
        let mut strftime = String::new();
        let mut rest = format;
        while let Some(first) = rest.chars().next() {
            let literal = rest.strip_prefix('[').and_then(|inner| inner.split_once(']'));
            if let Some((text, after)) = literal {
                strftime.push_str(&text.replace('%', "%%"));
                rest = after;
                continue;
            }
            let token = TOKENS.iter().find(|(token, _)| rest.starts_with(token));
            let (token, directive) = token.copied().unwrap_or_else(|| {
                let copied = &rest[..first.len_utf8()];
                (copied, if first == '%' { "%%" } else { copied })
            });
            strftime.push_str(directive);
            rest = &rest[token.len()..];
        }
        Self(strftime)
    }

    /// Whether the text is a format: a word with no token in it is none.
    pub(crate) fn is_format(text: &str) -> bool {
        ["YY", "MM", "DD", "HH", "hh", "mm", "ss"].iter().any(|token| text.contains(token))
    }

    /// A moment of this machine's time zone, given in ms since 1970.
    pub(crate) fn at(&self, ms: i64) -> String {
        match jiff::Timestamp::from_millisecond(ms) {
            Ok(moment) => self.of(&moment.to_zoned_datetime(jiff::tz::TimeZone::system())),
            Err(_) => String::new(),
        }
    }

    fn of(&self, moment: &ZonedDateTime) -> String {
        let mut text = String::new();
        // Every directive is one of jiff's; what fails would be a token that it does not know.
        if write!(text, "{}", moment.strftime(&self.0)).is_err() {
            text.clear();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_pm2() {
        let moment: ZonedDateTime = "2026-03-04T15:06:07.089+02:00[+02:00]".parse().unwrap();
        for (format, text) in [
            (USUAL, "2026-03-04-15:06:07"),
            ("YYYY-MM-DD HH:mm:ss.SSS Z", "2026-03-04 15:06:07.089 +02:00"),
            ("YYYY-MM-DD-HH:mm:ssZZ", "2026-03-04-15:06:07+0200"),
            ("D/M/YY h:m:s A a", "4/3/26 3:6:7 PM pm"),
            ("dddd ddd MMMM MMM", "Wednesday Wed March Mar"),
            ("[at] HH [100%]", "at 15 100%"),
            ("x", "1772629567089"),
            ("100% [", "100% ["),
            ("", ""),
        ] {
            assert_eq!(Stamp::new(format).of(&moment), text, "{format}");
        }
        assert!(Stamp::is_format("HH:mm") && !Stamp::is_format("api-gateway"));
        assert_eq!(Stamp::new(USUAL).at(i64::MAX), "");
    }
}
