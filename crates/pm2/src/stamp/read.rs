//! Reading stamps back: from text at the start of a line to a moment.

use super::{DAYS, MONTHS, Part, Stamp, Token};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};

/// A stamp may be so far ahead of the moment that it is read against: clocks are set.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// What was read of a stamp so far.
#[derive(Default)]
struct Found {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    half_day: Option<bool>,
    minute: i8,
    second: i8,
    milli: i32,
    offset: Option<Offset>,
}

impl Stamp {
    /// Reads a stamp at the start of `text`. Returns the moment (ms since 1970) and how many bytes
    /// the stamp has. What the format leaves out is taken from `near` (ms since 1970), the latest
    /// moment that it can be: of `HH:mm` the last one before.
    pub fn read(&self, text: &[u8], near: i64) -> Option<(i64, usize)> {
        let mut found = Found::default();
        let mut rest = text;
        for part in &self.parts {
            rest = match part {
                Part::Text(words) => rest.strip_prefix(words.as_bytes())?,
                Part::Token(token) => token.read(rest, &mut found)?,
            };
        }
        let is_dated = found.year.is_some() || self.parts.iter().any(is_clock);
        let at = found.moment(self, near).filter(|_| is_dated)?;
        Some((at, text.len() - rest.len()))
    }
}

fn is_clock(part: &Part) -> bool {
    matches!(part, Part::Token(Token::Hour(_) | Token::HalfDayHour(_)))
}

impl Token {
    /// Takes its part from the start of `text`; returns what follows.
    fn read<'a>(self, text: &'a [u8], found: &mut Found) -> Option<&'a [u8]> {
        Some(match self {
            Self::Year => {
                let (year, rest) = number(text, 4, 4)?;
                found.year = i16::try_from(year).ok();
                rest
            }
            Self::YearShort => {
                let (year, rest) = number(text, 2, 2)?;
                found.year = i16::try_from(2000 + year).ok();
                rest
            }
            Self::Month(width) => small(text, width, |month| found.month = Some(month))?,
            Self::Day(width) => small(text, width, |day| found.day = Some(day))?,
            Self::Hour(width) | Self::HalfDayHour(width) => {
                small(text, width, |hour| found.hour = hour)?
            }
            Self::Minute(width) => small(text, width, |minute| found.minute = minute)?,
            Self::Second(width) => small(text, width, |second| found.second = second)?,
            Self::Milli => {
                let (milli, rest) = number(text, 3, 3)?;
                found.milli = milli;
                rest
            }
            Self::MonthName(letters) => {
                let (index, rest) = one_of(text, &MONTHS, letters)?;
                found.month = i8::try_from(index + 1).ok();
                rest
            }
            Self::DayName(letters) => one_of(text, &DAYS, letters)?.1,
            Self::DayOfWeek => number(text, 1, 1)?.1,
            Self::HalfDay(words) => {
                let index = words.iter().position(|word| text.starts_with(word.as_bytes()))?;
                found.half_day = Some(index == 1);
                &text[2..]
            }
            Self::Offset(colon) => offset(text, colon, found)?,
        })
    }
}

impl Found {
    fn moment(&self, stamp: &Stamp, near: i64) -> Option<i64> {
        let zone = self.offset.map_or_else(|| stamp.zone.clone(), Offset::to_time_zone);
        let near = Timestamp::from_millisecond(near).ok()?.to_zoned_datetime(zone.clone());
        let hour = match self.half_day {
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
            None => self.hour,
        };
        let time = Time::new(hour, self.minute, self.second, self.milli * 1_000_000).ok()?;
        let date = Date::new(
            self.year.unwrap_or_else(|| near.year()),
            self.month.unwrap_or_else(|| if self.year.is_some() { 1 } else { near.month() }),
            self.day.unwrap_or_else(|| if self.month.is_some() { 1 } else { near.day() }),
        )
        .ok()?;
        let at = DateTime::from_parts(date, time).to_zoned_datetime(zone).ok()?;
        Some(self.not_after(at, &near)?.timestamp().as_millisecond())
    }

    /// The last such moment that is not after `near`.
    fn not_after(&self, at: ZonedDateTime, near: &ZonedDateTime) -> Option<ZonedDateTime> {
        if at.timestamp() <= near.timestamp() + AHEAD || self.year.is_some() {
            return Some(at);
        }
        match (self.month, self.day) {
            (Some(_), _) => at.checked_sub(1.year()).ok(),
            (None, Some(_)) => at.checked_sub(1.month()).ok(),
            (None, None) => at.checked_sub(1.day()).ok(),
        }
    }
}

/// A number of `least` to `most` digits.
fn number(text: &[u8], least: usize, most: usize) -> Option<(i32, &[u8])> {
    let digits = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    if digits < least {
        return None;
    }
    let value = text[..digits].iter().fold(0, |value, digit| value * 10 + i32::from(digit - b'0'));
    Some((value, &text[digits..]))
}

/// A number of at most two digits, and of no fewer than `width`.
fn small(text: &[u8], width: usize, set: impl FnOnce(i8)) -> Option<&[u8]> {
    let (value, rest) = number(text, width, 2)?;
    set(i8::try_from(value).ok()?);
    Some(rest)
}

/// Which of these names `text` begins with, of which so many letters are written.
fn one_of<'a>(text: &'a [u8], names: &[&str], letters: usize) -> Option<(usize, &'a [u8])> {
    names.iter().enumerate().find_map(|(index, name)| {
        let written = &name.as_bytes()[..letters.min(name.len())];
        Some((index, text.strip_prefix(written)?))
    })
}

fn offset<'a>(text: &'a [u8], colon: &str, found: &mut Found) -> Option<&'a [u8]> {
    let (sign, rest) = text.split_first()?;
    let (hours, rest) = number(rest, 2, 2)?;
    let (minutes, rest) = number(rest.strip_prefix(colon.as_bytes())?, 2, 2)?;
    let seconds = (hours * 60 + minutes) * 60;
    let seconds = match sign {
        b'+' => seconds,
        b'-' => -seconds,
        _ => return None,
    };
    found.offset = Some(Offset::from_seconds(seconds).ok()?);
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    /// 2024-02-04T00:07:09.005Z.
    const AT: i64 = 1_707_005_229_005;

    #[test]
    fn what_is_written_is_read() {
        for (format, lost) in [
            ("YYYY-MM-DD HH:mm:ss.SSS Z", 0),
            ("YYYY-MM-DD HH:mm:ss", 5),
            ("DD/MM/YY hh:mm A ddd MMM D", 9005),
            ("MMMM D, YYYY h:m:s.SSS a ZZ", 0),
            ("HH:mm:ss.SSS", 0),
            ("DD HH:mm:ss.SSS", 0),
            ("MM-DD HH:mm:ss.SSS", 0),
            ("[at] YYYY-MM-DD HH:mm:ss.SSS", 0),
        ] {
            for zone in [TimeZone::UTC, TimeZone::fixed(Offset::from_seconds(-12_600).unwrap())] {
                let mut stamp = Stamp::in_zone(format, zone);
                let text = format!("{}: rest", stamp.at(AT));
                let (at, length) = stamp.read(text.as_bytes(), AT + 3_600_000).expect(&text);
                assert_eq!(&text[length..], ": rest", "{format}");
                assert_eq!(at, AT - lost, "{format}: {text}");
            }
        }
    }

    #[test]
    fn a_clock_without_a_date_is_of_the_last_day() {
        let stamp = Stamp::in_zone("HH:mm", TimeZone::UTC);
        let day = 24 * 3_600_000;
        assert_eq!(stamp.read(b"23:00 x", 10 * day + 3_600_000), Some((10 * day - 3_600_000, 5)));
        assert_eq!(stamp.read(b"00:30", 10 * day + 3_600_000), Some((10 * day + 1_800_000, 5)));
    }

    #[test]
    fn other_text_is_no_stamp() {
        let stamp = Stamp::in_zone("YYYY-MM-DD HH:mm:ss", TimeZone::UTC);
        for text in ["", "2024", "2024-13-01 00:00:00", "hello", "2024-02-04T00:07:09"] {
            assert_eq!(stamp.read(text.as_bytes(), AT), None, "{text}");
        }
        assert_eq!(Stamp::in_zone("[x]", TimeZone::UTC).read(b"x", AT), None);
        assert_eq!(Stamp::in_zone("", TimeZone::UTC).read(b"x", AT), None);
    }
}
