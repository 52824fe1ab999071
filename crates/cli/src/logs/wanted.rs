//! Which lines the user asks for: times, words, levels.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use rpm_logbook::{Filter, Level, Pattern};
use rpm_proto::{Code, Fault};

/// The flags of `rpm logs` that choose lines.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Wanted {
    /// From this time on, or as long ago: `10m`, `2h30m`, `10:00`, `2026-11-29T10:00`, `yesterday`
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Up to this time; does not follow
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Only lines that match this regular expression
    #[arg(long, value_name = "REGEX")]
    grep: Option<String>,
    /// Match in upper and lower case
    #[arg(long, requires = "grep")]
    ignore_case: bool,
    /// Only lines that do not match
    #[arg(long, requires = "grep")]
    invert: bool,
    /// Only lines of this level or graver: trace, debug, info, warn, error, fatal
    #[arg(long, value_name = "LEVEL")]
    level: Option<String>,
}

impl Wanted {
    /// The filter that they are.
    pub(crate) fn filter(&self, now: &ZonedDateTime) -> Result<Filter, Fault> {
        let time = |flag, text: &Option<String>| {
            text.as_deref().map(|text| read_time(flag, text, now)).transpose()
        };
        let (since, until) = (time("--since", &self.since)?, time("--until", &self.until)?);
        if let (Some(since), Some(until)) = (since, until)
            && since > until
        {
            let what = "`--since` is later than `--until`: no line is from then";
            return Err(Fault::new(Code::Usage, what).help("exchange the two times"));
        }
        let level = self.level.as_deref().map(|text| {
            text.parse::<Level>()
                .map_err(|why| Fault::new(Code::Usage, format!("`--level {text}` {why}")))
        });
        let pattern = self.grep.as_deref().map(|text| {
            Pattern::new(text, self.ignore_case, self.invert).map_err(|why| {
                Fault::new(Code::Usage, format!("`--grep {text}` is not a regular expression"))
                    .because(why)
                    .help("put a backslash before each of `. * + ? ( ) [ ] { } | ^ $` that is meant as it stands")
            })
        });
        Ok(Filter { since, until, level: level.transpose()?, pattern: pattern.transpose()? })
    }
}

const FORMS: &str = "give a duration (`10m`, `2h30m`, `3days`), a time of today (`10:00`), a date or \
                     a date with a time (`2026-11-29T10:00`), with an offset if it is not local \
                     (`2026-11-29T10:00:00Z`), `today` or `yesterday`";

/// A moment in ms since 1970.
fn read_time(flag: &str, text: &str, now: &ZonedDateTime) -> Result<i64, Fault> {
    moment(text.trim(), now)
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

/// Now, where the user is.
pub(crate) fn now() -> ZonedDateTime {
    Timestamp::now().to_zoned_datetime(TimeZone::system())
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
    fn mistakes_are_named() {
        let some = |text: &str| Some(text.to_owned());
        let refused = |wanted: Wanted| wanted.filter(&now()).unwrap_err();
        let bad = refused(Wanted { since: some("soon"), ..Wanted::default() });
        assert_eq!(bad.what, "`--since soon` is no time");
        let bad = refused(Wanted { since: some("1m"), until: some("1h"), ..Wanted::default() });
        assert!(bad.what.contains("later than `--until`"), "{bad}");
        let bad = refused(Wanted { grep: some("("), ..Wanted::default() });
        assert!(bad.why[0].contains("unclosed group"), "{bad}");
        let bad = refused(Wanted { level: some("loud"), ..Wanted::default() });
        assert!(bad.what.ends_with("levels are trace, debug, info, warn, error, fatal"), "{bad}");
    }
}
