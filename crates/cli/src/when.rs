//! Times as people write them: so long ago, or a moment.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use rpm_proto::{Code, Fault};

const FORMS: &str = "write how long ago, such as `10m` or `2h 30m`, or a time, such as `10:00`, \
                     `2026-11-29T10:00`, `2026-11-29T10:00:00Z`, `today` or `yesterday`";

/// A moment in ms since 1970: `10m` before `now`, an RFC 3339 time, or a local date, time of today
/// or both.
pub(crate) fn read(flag: &str, text: &str, now: i64) -> Result<i64, Fault> {
    let now = Timestamp::from_millisecond(now).unwrap_or(Timestamp::UNIX_EPOCH);
    moment(text.trim(), &now.to_zoned_datetime(TimeZone::system()))
        .ok_or_else(|| Fault::new(Code::Usage, format!("`{flag} {text}` is no time")).help(FORMS))
}

fn moment(text: &str, now: &ZonedDateTime) -> Option<i64> {
    if let Ok(ago) = humantime::parse_duration(text) {
        let ago = i64::try_from(ago.as_millis()).ok()?;
        return now.timestamp().as_millisecond().checked_sub(ago);
    }
    if let Ok(at) = text.replacen(' ', "T", 1).parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let of_local = |local: DateTime| {
        let at = local.to_zoned_datetime(now.time_zone().clone()).ok()?;
        Some(at.timestamp().as_millisecond())
    };
    match text {
        "now" => Some(now.timestamp().as_millisecond()),
        "today" => of_local(now.date().into()),
        "yesterday" => of_local(now.date().yesterday().ok()?.into()),
        _ => match (text.parse::<DateTime>(), text.parse::<Date>(), text.parse::<Time>()) {
            (Ok(local), _, _) => of_local(local),
            (_, Ok(date), _) => of_local(date.into()),
            (_, _, Ok(time)) if text.contains(':') => {
                of_local(DateTime::from_parts(now.date(), time))
            }
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> ZonedDateTime {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        "2026-11-29T12:30:00+02:00".parse::<Timestamp>().unwrap().to_zoned_datetime(zone)
    }

    #[test]
    fn times_have_many_forms() {
        for (text, wanted) in [
            ("10m", "2026-11-29T10:20:00Z"),
            ("1h 30m", "2026-11-29T09:00:00Z"),
            ("2days", "2026-11-27T10:30:00Z"),
            ("10:00", "2026-11-29T08:00:00Z"),
            ("10:00:05", "2026-11-29T08:00:05Z"),
            ("2026-11-28", "2026-11-27T22:00:00Z"),
            ("2026-11-28T10:00", "2026-11-28T08:00:00Z"),
            ("2026-11-28 10:00:00", "2026-11-28T08:00:00Z"),
            ("2026-11-28T10:00:00Z", "2026-11-28T10:00:00Z"),
            ("2026-11-28 10:00:00+01:00", "2026-11-28T09:00:00Z"),
            ("today", "2026-11-28T22:00:00Z"),
            ("yesterday", "2026-11-27T22:00:00Z"),
            ("now", "2026-11-29T10:30:00Z"),
        ] {
            let wanted = wanted.parse::<Timestamp>().unwrap().as_millisecond();
            assert_eq!(moment(text, &now()), Some(wanted), "{text}");
        }
        for text in ["", "soon", "10", "-5m", "2026-13-01", "25:00"] {
            assert_eq!(moment(text, &now()), None, "{text}");
        }
    }

    #[test]
    fn a_mistake_is_named() {
        let fault = read("--since", "soon", 0).unwrap_err();
        assert_eq!(fault.what, "`--since soon` is no time");
        assert_eq!(read("--since", "10m", 1_000_000_000), Ok(1_000_000_000 - 600_000));
    }
}
