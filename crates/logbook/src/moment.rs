//! When a line was written, by what it says itself: a stamp of ours, a member of a JSON object, or
//! ISO 8601 at its start.

use crate::fields;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, civil};
use rpm_pm2::stamp::Stamp;

/// Reads times of lines. Keeps what it worked out of the local zone: many lines share an hour.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    stamp: Option<Stamp>,
    zone: TimeZone,
    hour: Option<(i64, i64)>,
}

const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

impl Moments {
    /// For lines with stamps of this format, or without.
    pub(crate) fn new(format: Option<&str>) -> Self {
        Self { stamp: format.map(Stamp::new), zone: TimeZone::system(), hour: None }
    }

    /// The time that a line tells, in ms since 1970, and where the stamp before the line's own text
    /// ends (0 where it has none of ours). `near` is the latest that it can be.
    pub(crate) fn read(&mut self, line: &[u8], near: i64) -> Option<(i64, usize)> {
        if let Some(stamp) = &self.stamp
            && let Some((at, length)) = stamp.read(line, near)
        {
            let after = line[length..].strip_prefix(b": ").map_or(length, |_| length + 2);
            return Some((at, after));
        }
        match line.first()? {
            b'{' => self.of_object(line, near).map(|at| (at, 0)),
            b'0'..=b'9' => self.iso(line).map(|(at, _)| (at, 0)),
            b'[' => self.iso(&line[1..]).map(|(at, _)| (at, 0)),
            _ => None,
        }
    }

    fn of_object(&mut self, line: &[u8], near: i64) -> Option<i64> {
        let (_, value) = fields::of(line)?
            .find(|(key, _)| matches!(*key, b"time" | b"timestamp" | b"@timestamp" | b"ts"))?;
        let Some(text) = fields::text(value) else {
            return epoch(value);
        };
        let of_stamp = |stamp: &Stamp| stamp.read(text, near).map(|(at, _)| at);
        let iso = self.iso(text).map(|(at, _)| at);
        iso.or_else(|| self.stamp.as_ref().and_then(of_stamp)).or_else(|| epoch(text))
    }

    /// `YYYY-MM-DD`, `T` or a space, `HH:mm:ss`, a fraction, `Z` or an offset; local time without
    /// one. Returns how many bytes that is, too.
    fn iso(&mut self, text: &[u8]) -> Option<(i64, usize)> {
        let shape = text.get(..19)?;
        let dashes = (shape[4], shape[7], shape[13], shape[16]) == (b'-', b'-', b':', b':');
        if !dashes || !matches!(shape[10], b'T' | b't' | b' ') {
            return None;
        }
        let two = |at: usize| digits(&shape[at..at + 2]);
        let year = digits(&shape[..4])?;
        let date =
            civil::Date::new(year.try_into().ok()?, small(two(5)?)?, small(two(8)?)?).ok()?;
        let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = days_since_1970(date);
        let mut at = days * DAY + hour * HOUR + minute * 60 * SECOND + second * SECOND;
        let mut length = 19;
        if let Some(b'.' | b',') = text.get(length) {
            let fraction = &text[length + 1..];
            let count = fraction.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
            let milli = (0..3).fold(0, |value, index| {
                value * 10 + if index < count { i64::from(fraction[index] - b'0') } else { 0 }
            });
            at += milli;
            length += 1 + count;
        }
        match text.get(length) {
            Some(b'Z' | b'z') => Some((at, length + 1)),
            Some(sign @ (b'+' | b'-')) => {
                let (offset, count) = offset(&text[length + 1..])?;
                let offset = if *sign == b'-' { -offset } else { offset };
                Some((at - offset, length + 1 + count))
            }
            _ => Some((at - self.offset_of_local(at)?, length)),
        }
    }

    /// How far local time is from UTC, in ms, at a moment told in local time.
    fn offset_of_local(&mut self, at: i64) -> Option<i64> {
        let hour = at.div_euclid(HOUR);
        if let Some((kept, offset)) = self.hour
            && kept == hour
        {
            return Some(offset);
        }
        let local = Timestamp::from_millisecond(at).ok()?;
        let local = Offset::UTC.to_datetime(local);
        let offset = self.zone.to_ambiguous_timestamp(local).compatible().ok()?;
        let offset = at - offset.as_millisecond();
        self.hour = Some((hour, offset));
        Some(offset)
    }
}

fn small(value: i64) -> Option<i8> {
    i8::try_from(value).ok()
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
    })
}

/// `hh:mm` or `hhmm` or `hh` in ms, and how many bytes that is.
fn offset(text: &[u8]) -> Option<(i64, usize)> {
    let hours = digits(text.get(..2)?)?;
    let colon = usize::from(text.get(2) == Some(&b':'));
    let minutes = text.get(2 + colon..4 + colon).and_then(digits);
    let length = if minutes.is_some() { 4 + colon } else { 2 };
    Some((hours * HOUR + minutes.unwrap_or(0) * 60 * SECOND, length))
}

/// By Howard Hinnant's `days_from_civil`.
fn days_since_1970(date: civil::Date) -> i64 {
    let (month, day) = (i64::from(date.month()), i64::from(date.day()));
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A number of seconds, milliseconds, microseconds or nanoseconds since 1970; which one, its size
/// tells for times from 1973 to 5138.
fn epoch(value: &[u8]) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are those of times")]
    let whole = |ms: f64| ms as i64;
    let number: f64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    match number {
        1e8..1e11 => Some(whole(number * 1e3)),
        1e11..1e14 => Some(whole(number)),
        1e14..1e17 => Some(whole(number / 1e3)),
        1e17..1e20 => Some(whole(number / 1e6)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(format: Option<&str>, line: &str) -> Option<i64> {
        let mut moments = Moments { zone: TimeZone::UTC, ..Moments::new(format) };
        moments.read(line.as_bytes(), 4_000_000_000_000).map(|(at, _)| at)
    }

    #[test]
    fn each_logger_has_its_way() {
        let at = Some(1_764_410_400_123);
        for line in [
            r#"{"level":30,"time":1764410400123,"pid":1,"msg":"pino"}"#,
            r#"{"level":"info","message":"winston","timestamp":"2025-11-29T10:00:00.123Z"}"#,
            r#"{"name":"bunyan","level":30,"time":"2025-11-29T10:00:00.123Z","v":0}"#,
            r#"{"ts":1764410400.123,"msg":"zap"}"#,
            r#"{"@timestamp":"2025-11-29T12:00:00.123+02:00"}"#,
            "2025-11-29T10:00:00.123Z INFO tracing",
            "2025-11-29T10:00:00,123 log4j",
            "[2025-11-29 10:00:00.123] winston",
            "2025-11-29T05:00:00.123456-0500 x",
            "2025-11-29T10:00:00.123: PM2 log: x",
        ] {
            assert_eq!(read(None, line), at, "{line}");
        }
        for line in ["hello", "", "[info] x", "{\"msg\":1}", "2025-11-29", "2025-99-29T10:00:00Z"] {
            assert_eq!(read(None, line), None, "{line}");
        }
    }

    #[test]
    fn our_stamp_wins() {
        let line = "29.11.2026 10:00: 2025-11-29T10:00:00Z x";
        let at = read(Some("DD.MM.YYYY HH:mm"), line).unwrap();
        assert!(at > 1_790_000_000_000, "{at}");
        let json = r#"{"message":"x","timestamp":"2026 5","type":"out"}"#;
        assert!(read(Some("YYYY M"), json).is_some());
    }

    #[test]
    fn local_times_follow_the_zone() {
        let zone = TimeZone::fixed(Offset::from_seconds(3600).unwrap());
        let mut moments = Moments { zone, ..Moments::new(None) };
        let (at, _) = moments.read(b"2025-11-29 10:00:00 x", 0).unwrap();
        assert_eq!(at, 1_764_406_800_000);
        assert_eq!(moments.read(b"2025-11-29 10:59:59 x", 0).unwrap().0 - at, 3_599_000);
    }

    proptest! {
        #[test]
        fn what_jiff_writes_is_read(ms in -50_000_000_000_i64..8_000_000_000_000) {
            let text = Timestamp::from_millisecond(ms).unwrap().to_string();
            prop_assert_eq!(read(None, &text), Some(ms));
        }
    }
}
