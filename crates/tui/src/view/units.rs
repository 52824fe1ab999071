//! Amounts, short enough for columns.

const STEPS: [&str; 5] = ["B", "K", "M", "G", "T"];

/// Bytes in at most five letters: `1023B`, `51.7M`, `1.2G`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < STEPS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{value:.0}B"),
        _ if value < 99.95 => format!("{value:.1}{}", STEPS[unit]),
        _ => format!("{value:.0}{}", STEPS[unit]),
    }
}

/// Bytes a second.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is no less than 0, and a cast keeps within bounds"
)]
pub(crate) fn rate(bytes: f64) -> String {
    format!("{}/s", size(bytes.round() as u64))
}

/// Percent.
pub(crate) fn percent(value: f32) -> String {
    if value < 99.95 { format!("{value:.1}%") } else { format!("{value:.0}%") }
}

/// A number in few letters: `0.4`, `12`, `1.2k`.
pub(crate) fn number(value: f64) -> String {
    match value {
        ..9.95 => format!("{value:.1}"),
        ..9999.5 => format!("{value:.0}"),
        ..999_500.0 => format!("{:.0}k", value / 1e3),
        _ => format!("{:.0}M", value / 1e6),
    }
}

/// Milliseconds in few letters: `0.4ms`, `120ms`, `1.2s`.
pub(crate) fn delay(ms: f64) -> String {
    match ms {
        ..9.95 => format!("{ms:.1}ms"),
        ..999.5 => format!("{ms:.0}ms"),
        _ => format!("{:.1}s", ms / 1e3),
    }
}

/// How long, in ms, in at most two units: `42s`, `5m 3s`, `2h 10m`, `3d 4h`.
pub(crate) fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        (..100, _, _) => format!("{days}d {}h", hours % 24),
        _ => format!("{days}d"),
    }
}

/// How long ago.
pub(crate) fn ago(ms: i64) -> String {
    format!("{} ago", duration(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        let sizes = [0, 999, 1000, 1 << 20, 54_211_379, 1 << 30, u64::MAX].map(size);
        assert_eq!(sizes, ["0B", "999B", "1.0K", "1.0M", "51.7M", "1.0G", "16777216T"]);
        let numbers = [0.04, 9.94, 9.96, 1234.0, 12_345.0, 5e6].map(number);
        assert_eq!(numbers, ["0.0", "9.9", "10", "1234", "12k", "5M"]);
        let times = [0, 59_999, 61_000, 3_700_000, 90_000_000].map(duration);
        assert_eq!(times, ["0s", "59s", "1m 1s", "1h 1m", "1d 1h"]);
        assert_eq!([0.26, 12.0, 1500.0].map(delay), ["0.3ms", "12ms", "1.5s"]);
    }
}
