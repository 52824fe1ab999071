//! Durations and sizes as PM2 writes them.

const SECOND_MS: i64 = 1000;
const UNITS: [(&str, i64); 6] = [
    ("Y", 31_536_000 * SECOND_MS),
    ("M", 2_592_000 * SECOND_MS),
    ("D", 86_400 * SECOND_MS),
    ("h", 3600 * SECOND_MS),
    ("m", 60 * SECOND_MS),
    ("s", SECOND_MS),
];

/// A duration. A larger unit is taken only when there are two of it: `119s`, `2m`.
pub(crate) fn duration(ms: i64) -> String {
    let ms = ms.max(0);
    let (unit, size) = UNITS
        .into_iter()
        .find(|(_, size)| ms >= size.saturating_mul(2))
        .unwrap_or(("s", SECOND_MS));
    format!("{}{unit}", ms / size)
}

/// How long a process that is up has been so; `0` for others.
pub(crate) fn uptime(is_up: bool, started_at: i64, now: i64) -> String {
    if is_up && started_at > 0 { duration(now - started_at) } else { "0".to_owned() }
}

/// Bytes, with one decimal: `51.7mb`, `0b`.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(crate) fn size(bytes: u64) -> String {
    const STEP: f64 = 1024.0;
    let mut value = bytes as f64;
    for unit in ["b", "kb", "mb", "gb"] {
        // What would be rounded up to 1024 belongs to the next unit.
        if value < STEP - 0.05 {
            return format!("{}{unit}", decimal(value));
        }
        value /= STEP;
    }
    format!("{}tb", decimal(value))
}

/// Percent of one core.
pub(crate) fn percent(cpu: f32) -> String {
    format!("{}%", decimal(f64::from(cpu)))
}

fn decimal(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// Numbers with gaps closed: `0-3, 7`.
pub(crate) fn ranges(ids: &[u32]) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for &id in ids {
        match parts.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(id) => *last = id,
            _ => parts.push((id, id)),
        }
    }
    let word = |(first, last): (u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    parts.into_iter().map(word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_change_their_unit_at_two() {
        for (seconds, text) in [
            (-5, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (7199, "119m"),
            (7200, "2h"),
            (172_799, "47h"),
            (172_800, "2D"),
            (5_183_999, "59D"),
            (5_184_000, "2M"),
            (63_072_000, "2Y"),
        ] {
            assert_eq!(duration(seconds * 1000), text, "{seconds}");
        }
        assert_eq!(uptime(true, 1000, 4500), "3s");
        assert_eq!(uptime(false, 1000, 4500), "0");
        assert_eq!(duration(i64::MAX).chars().last(), Some('Y'));
    }

    #[test]
    fn sizes_and_shares_have_one_decimal() {
        for (bytes, text) in [
            (0, "0b"),
            (1023, "1023b"),
            (1024, "1kb"),
            (54_211_379, "51.7mb"),
            (1_048_575, "1mb"),
            (1 << 30, "1gb"),
            (5 << 40, "5tb"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
        assert_eq!((percent(0.0), percent(12.34)), ("0%".to_owned(), "12.3%".to_owned()));
    }

    #[test]
    fn neighbours_are_written_as_one() {
        for (ids, text) in
            [(&[][..], ""), (&[4], "4"), (&[0, 1, 2, 3], "0-3"), (&[0, 1, 3, 5, 6], "0-1, 3, 5-6")]
        {
            assert_eq!(ranges(ids), text);
        }
    }
}
