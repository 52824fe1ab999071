//! Words and numbers of the kernel's text files.

/// The numbers of a text; words that are none are left out.
pub(super) fn numbers(text: &str) -> impl Iterator<Item = u64> {
    text.split_whitespace().filter_map(|word| word.parse().ok())
}

/// The number after `key` and a colon or a space, at the begin of a line.
pub(super) fn value(text: &str, key: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| {
        let rest = line.strip_prefix(key)?;
        rest.starts_with([':', ' ', '\t']).then(|| rest.trim_start_matches(':'))
    })?;
    rest.split_whitespace().next()?.parse().ok()
}

/// The whole seconds that a text begins with.
pub(super) fn first_seconds(text: &str) -> u64 {
    let word = text.split(['.', ' ']).next().unwrap_or_default();
    word.parse().unwrap_or(0)
}
