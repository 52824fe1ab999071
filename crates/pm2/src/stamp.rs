//! Time stamps in the tokens that PM2 takes from dayjs.
//!
//! `YYYY YY MMMM MMM MM M DD D dddd ddd dd d HH H hh h mm m ss s SSS A a ZZ Z`, with `[words]` as
//! they stand. All else is copied.

mod read;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use std::fmt::Write;

/// PM2's format where none is given.
pub const USUAL: &str = "YYYY-MM-DD-HH:mm:ss";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Tokens, longest first where one begins another.
const TOKENS: [(&str, Token); 25] = [
    ("YYYY", Token::Year),
    ("YY", Token::YearShort),
    ("MMMM", Token::MonthName(9)),
    ("MMM", Token::MonthName(3)),
    ("MM", Token::Month(2)),
    ("M", Token::Month(1)),
    ("DD", Token::Day(2)),
    ("D", Token::Day(1)),
    ("dddd", Token::DayName(9)),
    ("ddd", Token::DayName(3)),
    ("dd", Token::DayName(2)),
    ("d", Token::DayOfWeek),
    ("HH", Token::Hour(2)),
    ("H", Token::Hour(1)),
    ("hh", Token::HalfDayHour(2)),
    ("h", Token::HalfDayHour(1)),
    ("mm", Token::Minute(2)),
    ("m", Token::Minute(1)),
    ("ss", Token::Second(2)),
    ("s", Token::Second(1)),
    ("SSS", Token::Milli),
    ("A", Token::HalfDay(["AM", "PM"])),
    ("a", Token::HalfDay(["am", "pm"])),
    ("ZZ", Token::Offset("")),
    ("Z", Token::Offset(":")),
];

/// One part of a format; numbers are least widths, or for names the letters kept.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Year,
    YearShort,
    Month(usize),
    MonthName(usize),
    Day(usize),
    DayOfWeek,
    DayName(usize),
    Hour(usize),
    HalfDayHour(usize),
    Minute(usize),
    Second(usize),
    Milli,
    HalfDay([&'static str; 2]),
    Offset(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Token(Token),
    Text(String),
}

/// A format, with the last stamp kept: many lines share one.
#[derive(Clone, Debug)]
pub struct Stamp {
    parts: Vec<Part>,
    zone: TimeZone,
    /// What a stamp lasts, in ms.
    lasts_ms: i64,
    kept: Option<i64>,
    text: String,
}

impl Stamp {
    /// A format in local time.
    pub fn new(format: &str) -> Self {
        Self::in_zone(format, TimeZone::system())
    }

    /// ISO 8601 in UTC, as JavaScript writes it.
    pub fn iso() -> Self {
        Self::in_zone("YYYY-MM-DD[T]HH:mm:ss.SSS[Z]", TimeZone::UTC)
    }

    /// In the time of the zone of this name (`Europe/Berlin`); `None` where there is none.
    pub fn in_named_zone(format: &str, zone: &str) -> Option<Self> {
        Some(Self::in_zone(format, TimeZone::get(zone).ok()?))
    }

    /// Whether a text can be a stamp of this format, of whatever time.
    pub fn could_be(&self, text: &str) -> bool {
        fits(&self.parts, text)
    }

    fn in_zone(format: &str, zone: TimeZone) -> Self {
        let parts = parse(format);
        let fine = parts.contains(&Part::Token(Token::Milli));
        let lasts_ms = if fine { 1 } else { 1000 };
        Self { parts, zone, lasts_ms, kept: None, text: String::new() }
    }

    /// The stamp of a moment, in ms since 1970.
    pub fn at(&mut self, ms: i64) -> &str {
        let key = ms.div_euclid(self.lasts_ms);
        if self.kept != Some(key) {
            self.kept = Some(key);
            self.render(ms);
        }
        &self.text
    }

    fn render(&mut self, ms: i64) {
        let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let time = time.to_zoned_datetime(self.zone.clone());
        self.text.clear();
        for part in &self.parts {
            match part {
                Part::Text(text) => self.text.push_str(text),
                // Writing to a string does not fail.
                Part::Token(token) => drop(token.write(&time, &mut self.text)),
            }
        }
    }
}

/// Whether a word is a format: one with no token in it is none.
pub fn is_format(text: &str) -> bool {
    ["YY", "MM", "DD", "HH", "hh", "mm", "ss"].iter().any(|token| text.contains(token))
}

/// Whether a text can be what these parts make. Numbers without leading zeros have one or two
/// digits, so both are tried.
fn fits(parts: &[Part], text: &str) -> bool {
    let Some((first, parts)) = parts.split_first() else {
        return text.is_empty();
    };
    match first {
        Part::Text(words) => text.strip_prefix(&**words).is_some_and(|rest| fits(parts, rest)),
        Part::Token(token) => (1..=token.longest()).any(|len| {
            text.split_at_checked(len)
                .is_some_and(|(head, rest)| token.could_write(head) && fits(parts, rest))
        }),
    }
}

impl Token {
    /// The most bytes that it writes.
    fn longest(self) -> usize {
        match self {
            Self::Year => 4,
            Self::YearShort
            | Self::Month(_)
            | Self::Day(_)
            | Self::Hour(_)
            | Self::HalfDayHour(_)
            | Self::Minute(_)
            | Self::Second(_)
            | Self::HalfDay(_) => 2,
            Self::DayOfWeek => 1,
            Self::Milli => 3,
            Self::MonthName(letters) | Self::DayName(letters) => letters,
            Self::Offset(colon) => 5 + colon.len(),
        }
    }

    /// Whether it may write this at some time.
    fn could_write(self, text: &str) -> bool {
        let digits =
            |least: usize| text.len() >= least && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_of = |names: &[&str], letters: usize| {
            names.iter().any(|name| name.get(..letters).unwrap_or(name) == text)
        };
        match self {
            Self::Year => digits(4),
            Self::YearShort => digits(2),
            Self::Milli => digits(3),
            Self::DayOfWeek => digits(1),
            Self::Month(width)
            | Self::Day(width)
            | Self::Hour(width)
            | Self::HalfDayHour(width)
            | Self::Minute(width)
            | Self::Second(width) => digits(width),
            Self::MonthName(letters) => is_of(&MONTHS, letters),
            Self::DayName(letters) => is_of(&DAYS, letters),
            Self::HalfDay(words) => words.contains(&text),
            Self::Offset(colon) => {
                let digits = text.strip_prefix(['+', '-']).unwrap_or("");
                let four = if colon.is_empty() {
                    digits.to_owned()
                } else {
                    digits.replacen(colon, "", 1)
                };
                four.len() == 4
                    && digits.len() == 4 + colon.len()
                    && four.bytes().all(|byte| byte.is_ascii_digit())
            }
        }
    }

    fn write(self, time: &ZonedDateTime, out: &mut String) -> std::fmt::Result {
        let half_day_hour = match time.hour() % 12 {
            0 => 12,
            hour => hour,
        };
        match self {
            Self::Year => write!(out, "{:04}", time.year()),
            Self::YearShort => write!(out, "{:02}", time.year() % 100),
            Self::Month(width) => write!(out, "{:0width$}", time.month()),
            Self::MonthName(letters) => {
                name(out, &MONTHS, i16::from(time.month()) - 1, letters);
                Ok(())
            }
            Self::Day(width) => write!(out, "{:0width$}", time.day()),
            Self::DayOfWeek => write!(out, "{}", time.weekday().to_sunday_zero_offset()),
            Self::DayName(letters) => {
                name(out, &DAYS, i16::from(time.weekday().to_sunday_zero_offset()), letters);
                Ok(())
            }
            Self::Hour(width) => write!(out, "{:0width$}", time.hour()),
            Self::HalfDayHour(width) => write!(out, "{half_day_hour:0width$}"),
            Self::Minute(width) => write!(out, "{:0width$}", time.minute()),
            Self::Second(width) => write!(out, "{:0width$}", time.second()),
            Self::Milli => write!(out, "{:03}", time.millisecond()),
            Self::HalfDay(words) => write!(out, "{}", words[usize::from(time.hour() >= 12)]),
            Self::Offset(colon) => {
                let minutes = time.offset().seconds() / 60;
                let sign = if minutes < 0 { '-' } else { '+' };
                let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
                write!(out, "{sign}{hours:02}{colon}{minutes:02}")
            }
        }
    }
}

fn name(out: &mut String, names: &[&str], index: i16, letters: usize) {
    let name = usize::try_from(index).ok().and_then(|index| names.get(index)).unwrap_or(&"");
    out.extend(name.chars().take(letters));
}

fn parse(format: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if let Some((words, after)) = bracketed(rest) {
            text.push_str(words);
            rest = after;
        } else if let Some((spelling, token)) =
            TOKENS.iter().find(|(spelling, _)| rest.starts_with(spelling))
        {
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(Part::Token(*token));
            rest = &rest[spelling.len()..];
        } else {
            text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

/// `[words]` at the beginning, and what comes after.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('[')?.split_once(']').filter(|(words, _)| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use jiff::tz::Offset;

    fn stamp(format: &str, zone: TimeZone) -> String {
        let time = date(2024, 2, 4).at(0, 7, 9, 5_000_000).to_zoned_datetime(zone.clone()).unwrap();
        Stamp::in_zone(format, zone).at(time.timestamp().as_millisecond()).to_owned()
    }

    #[test]
    fn tokens_are_those_of_dayjs() {
        for (format, text) in [
            ("YYYY-MM-DD HH:mm:ss", "2024-02-04 00:07:09"),
            ("YYYY-MM-DD HH:mm:ss.SSS Z", "2024-02-04 00:07:09.005 +00:00"),
            ("YY M D H h hh m s ZZ", "24 2 4 0 12 12 7 9 +0000"),
            ("dddd ddd dd d", "Sunday Sun Su 0"),
            ("MMMM MMM A a", "February Feb AM am"),
            ("YYYY-MM-DD[T]HH:mm", "2024-02-04T00:07"),
            ("[at] [] [x HH", "at [] [x 00"),
            ("", ""),
            ("é|", "é|"),
        ] {
            assert_eq!(stamp(format, TimeZone::UTC), text, "{format}");
        }
    }

    #[test]
    fn a_stamp_of_any_time_is_known_by_its_form() {
        let could = |format: &str, text: &str| Stamp::in_zone(format, TimeZone::UTC).could_be(text);
        for format in
            ["YYYY-MM-DD_HH-mm-ss", "YY M D H h s", "dddd[_]MMM.A", "SSS ZZ Z d", "[x]", ""]
        {
            for ms in [0, 1_234_567_890_123, 1_700_000_000_007, 1_796_000_000_000] {
                let mut stamp = Stamp::in_zone(format, TimeZone::UTC);
                let text = stamp.at(ms).to_owned();
                assert!(stamp.could_be(&text), "{format}: {text}");
                assert!(!stamp.could_be(&format!("{text}x")), "{format}: {text}x");
            }
        }
        for text in ["v2", "2026-11-29", "2026-11-29_00-00-0", "", "2026-11-29_00-00-é"] {
            assert!(!could("YYYY-MM-DD_HH-mm-ss", text), "{text}");
        }
        assert!(!could("MMM", "Foo"));
        assert!(!could("Z", "+0100") && could("Z", "+01:00") && could("ZZ", "-0330"));
    }

    #[test]
    fn a_zone_is_known_by_its_name() {
        let mut tokyo = Stamp::in_named_zone("DD HH", "Asia/Tokyo").unwrap();
        assert_eq!(tokyo.at(0), "01 09");
        assert!(Stamp::in_named_zone("DD", "Middle/Earth").is_none());
    }

    #[test]
    fn offsets_have_their_sign_and_minutes() {
        for (seconds, short, long) in
            [(20_700, "+0545", "+05:45"), (-12_600, "-0330", "-03:30"), (-1800, "-0030", "-00:30")]
        {
            let zone = TimeZone::fixed(Offset::from_seconds(seconds).unwrap());
            assert_eq!(stamp("ZZ Z", zone), format!("{short} {long}"));
        }
    }

    #[test]
    fn a_stamp_is_kept_as_long_as_it_is_true() {
        let mut stamp = Stamp::in_zone("HH:mm:ss", TimeZone::UTC);
        assert_eq!(stamp.at(999), "00:00:00");
        assert_eq!(stamp.at(1000), "00:00:01");
        assert_eq!(stamp.at(-1), "23:59:59");
        let mut iso = Stamp::iso();
        assert_eq!(iso.at(1), "1970-01-01T00:00:00.001Z");
        assert_eq!(iso.at(2), "1970-01-01T00:00:00.002Z");
        assert_eq!(iso.at(i64::MAX), "1970-01-01T00:00:00.000Z");
    }
}
