//! Which lines the user asks for: times, words, levels.

use crate::when;
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
    /// The filter that they are at `now`, in ms since 1970.
    pub(crate) fn filter(&self, now: i64) -> Result<Filter, Fault> {
        let time = |flag, text: &Option<String>| {
            text.as_deref().map(|text| when::read(flag, text, now)).transpose()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        let some = |text: &str| Some(text.to_owned());
        let refused = |wanted: Wanted| wanted.filter(1_000_000_000).unwrap_err();
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
