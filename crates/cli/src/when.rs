//! Times as people write them: so long ago, or a moment.

use rpm_proto::{Code, Fault};

/// The time, in ms since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A moment in ms since 1970: `10m` before `now`, an RFC 3339 time, or a local date and time.
pub(crate) fn read(flag: &str, text: &str, now: i64) -> Result<i64, Fault> {
    if let Ok(ago) = humantime::parse_duration(text) {
        return Ok(now.saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)));
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(moment.as_millisecond());
    }
    let local = text.parse::<jiff::civil::DateTime>();
    let zoned = local.and_then(|local| local.to_zoned_datetime(jiff::tz::TimeZone::system()));
    zoned.map(|zoned| zoned.timestamp().as_millisecond()).map_err(|_| {
        Fault::new(Code::Usage, format!("`{flag} {text}` is no time")).help(
            "write how long ago, such as `10m` or `2h 30m`, or a time, such as `2026-11-29T10:00`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_each_form() {
        let read = |text| read("--since", text, 1_000_000_000);
        assert_eq!(read("10m"), Ok(1_000_000_000 - 600_000));
        assert_eq!(read("1h 30s"), Ok(1_000_000_000 - 3_630_000));
        assert_eq!(read("1970-01-01T00:00:05Z"), Ok(5000));
        assert_eq!(read("1970-01-01T01:00:05+01:00"), Ok(5000));
        assert!(read("2026-11-29T10:00").is_ok() && read("2026-11-29 10:00:07").is_ok());
        assert!(read("2026-11-29").is_ok());
        let fault = read("yesterday").unwrap_err();
        assert!(fault.to_string().contains("`--since yesterday` is no time"), "{fault}");
    }
}
