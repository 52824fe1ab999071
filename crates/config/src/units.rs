//! Words to numbers: sizes, times, counts, lists. `None` is "that is none of these".

use rpm_core::Signal;
use rpm_core::spec::{ClusterPolicy, ExecMode};
use std::str::FromStr;

/// More instances of one app than any machine runs.
const MAX_INSTANCES: i64 = 4096;

/// Bytes: a whole number, `K`, `M` or `G` after it (1024-based).
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let (digits, factor) = match text.char_indices().last()? {
        (at, 'K') => (&text[..at], 1 << 10),
        (at, 'M') => (&text[..at], 1 << 20),
        (at, 'G') => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    whole(digits)?.checked_mul(factor)
}

/// A cron pattern; empty for `0` and an empty text, which say that there is none.
pub(crate) fn cron(text: &str) -> Option<String> {
    match text.trim() {
        "" | "0" => Some(String::new()),
        text => croner::Cron::from_str(text).ok().map(|_| text.to_owned()),
    }
}

/// Milliseconds: a whole number, or one with `ms`, `s`, `m` or `h` after it.
pub fn duration_ms(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let factor = match &text[end..] {
        "" | "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        _ => return None,
    };
    whole(&text[..end])?.checked_mul(factor)
}

/// A whole number, digits only.
pub(crate) fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// A whole number in a float.
pub(crate) fn whole_of(number: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let fits = number.fract() == 0.0 && (0.0..=EXACT).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and within the range"
    )]
    fits.then_some(number as u64)
}

/// Exit codes of a list, separated by commas or spaces.
pub(crate) fn exit_codes(text: &str) -> Option<Vec<i32>> {
    let words = text.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    words.map(|word| whole(word).and_then(exit_code)).collect()
}

/// One exit code.
pub(crate) fn exit_code(code: u64) -> Option<i32> {
    u8::try_from(code).ok().map(i32::from)
}

/// How many instances, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instances {
    /// `0`, `max`: one for each CPU.
    Cpus,
    /// A negative number: so many fewer than CPUs.
    CpusLess(u32),
    /// So many.
    Count(u32),
}

impl Instances {
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        if text == "max" { Some(Self::Cpus) } else { Self::from_number(text.parse().ok()?) }
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        let count = u32::try_from(number.unsigned_abs()).ok()?;
        match number {
            0 => Some(Self::Cpus),
            1..=MAX_INSTANCES => Some(Self::Count(count)),
            i64::MIN..=-1 => Some(Self::CpusLess(count)),
            _ => None,
        }
    }

    /// The number on a machine with `cpus`; at least 1.
    pub(crate) fn resolve(self, cpus: u32) -> u32 {
        match self {
            Self::Cpus => cpus.max(1),
            Self::CpusLess(less) => cpus.saturating_sub(less).max(1),
            Self::Count(count) => count,
        }
    }
}

/// `fork`, `cluster`, and both with `_mode`.
pub(crate) fn mode(text: &str) -> Option<ExecMode> {
    match text.strip_suffix("_mode").unwrap_or(text) {
        "fork" => Some(ExecMode::Fork),
        "cluster" => Some(ExecMode::Cluster),
        _ => None,
    }
}

/// Who accepts the connections of a cluster.
pub(crate) fn policy(text: &str) -> Option<ClusterPolicy> {
    match text {
        "rr" => Some(ClusterPolicy::Rr),
        "shared" => Some(ClusterPolicy::Shared),
        "reuseport" => Some(ClusterPolicy::ReusePort),
        _ => None,
    }
}

/// How many connections a worker may have that it has not acknowledged.
pub(crate) fn window(number: u64) -> Option<u32> {
    u32::try_from(number).ok().filter(|window| (1..=32).contains(window))
}

/// A signal, by name or number.
pub(crate) fn signal(text: &str) -> Option<Signal> {
    text.parse().ok()
}

/// Whether each line is an object: PM2's `log_type`.
pub(crate) fn log_type(text: &str) -> Option<bool> {
    match text {
        "json" => Some(true),
        "raw" | "" => Some(false),
        _ => None,
    }
}

/// Splits at white space as PM2 does: quotes around a whole word are taken off, those within one
/// (`--x="a b"`) hold it together and stay.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars() {
        match quote {
            None if c.is_whitespace() => {
                words.extend(unquoted(&word));
                word.clear();
                continue;
            }
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        word.push(c);
    }
    words.extend(unquoted(&word));
    words
}

fn unquoted(word: &str) -> Option<String> {
    let inner = ['"', '\''].into_iter().find_map(|quote| {
        let inner = word.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    });
    match inner {
        Some(inner) => Some(inner.to_owned()),
        None => (!word.is_empty()).then(|| word.to_owned()),
    }
}

#[cfg(test)]
mod tests;
