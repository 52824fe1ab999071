//! "Did you mean".

/// The candidate that `word` is most likely a slip of the finger for. Short words must be closer
/// than long ones.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let allowed = match word.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let names = ["name", "max_memory_restart", "args", "log", "env"];
        for (word, found) in [
            ("max_memory_restrat", Some("max_memory_restart")),
            ("nmae", Some("name")),
            ("Name", Some("name")),
            ("tags", None),
            ("lo", None),
            ("envs", Some("env")),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), found, "{word}");
        }
    }
}
