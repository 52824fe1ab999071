//! Compares what was seen with the two.

use crate::play::Seen;
use crate::scenario::{Differs, Scenario};

/// What came of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// How many values were compared.
    pub(crate) compared: usize,
    /// How many differ as it is listed.
    pub(crate) listed: usize,
    /// What is wrong; empty when nothing is.
    pub(crate) wrong: Vec<String>,
}

/// Compares.
pub(crate) fn judge(scenario: &Scenario, pm2: &[Seen], rpm: &[Seen]) -> Verdict {
    let mut verdict = Verdict { compared: rpm.len(), ..Verdict::default() };
    if pm2.len() != rpm.len() {
        verdict.wrong.push(format!("{} values with PM2, {} with rpm", pm2.len(), rpm.len()));
    }
    let mut unused: Vec<&Differs> = scenario.differs.iter().collect();
    for (theirs, ours) in pm2.iter().zip(rpm) {
        let listed = unused.iter().position(|differs| differs.what == theirs.what);
        let listed = listed.map(|index| unused.remove(index));
        match (theirs.value == ours.value, listed) {
            (true, None) => {}
            (true, Some(_)) => verdict.wrong.push(format!(
                "the difference listed for {} does not occur: both have {}",
                theirs.what, theirs.value
            )),
            (false, Some(it)) if is(&it.pm2, &theirs.value) && is(&it.rpm, &ours.value) => {
                verdict.listed += 1;
            }
            (false, _) => verdict.wrong.push(stanza(theirs, ours)),
        }
    }
    for differs in unused {
        verdict.wrong.push(format!("nothing is observed as {}", differs.what));
    }
    let both = pm2.iter().zip(rpm).any(|(theirs, ours)| theirs.failure && ours.failure);
    if both && !scenario.fails {
        verdict.wrong.push("a command fails with both: say `fails = true` if it should".to_owned());
    }
    let any = pm2.iter().chain(rpm).any(|seen| seen.failure);
    if scenario.fails && !any {
        verdict.wrong.push("`fails = true`, but nothing fails".to_owned());
    }
    verdict
}

fn is(listed: &str, seen: &str) -> bool {
    listed == "*" || listed == seen
}

/// The difference, as a scenario would list it.
fn stanza(theirs: &Seen, ours: &Seen) -> String {
    let [what, pm2, rpm] = [&theirs.what, &theirs.value, &ours.value].map(|text| quoted(text));
    format!("[[scenario.differs]]\nwhat = {what}\npm2 = {pm2}\nrpm = {rpm}\nwhy = \"\"")
}

fn quoted(text: &str) -> String {
    match text {
        _ if !text.contains(['\'', '\n']) => format!("'{text}'"),
        _ => serde_json::Value::String(text.to_owned()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(more: &str) -> Scenario {
        toml::from_str(&format!("name = 'a'\nabout = 'b'\ndo = ['x']\n{more}")).unwrap()
    }

    fn seen(what: &str, value: &str, failure: bool) -> Vec<Seen> {
        vec![Seen { what: what.to_owned(), value: value.to_owned(), failure }]
    }

    #[test]
    fn a_difference_has_to_be_listed() {
        let [pm2, rpm] = ["1", "2"].map(|value| seen("list: a", value, false));
        assert_eq!(judge(&scenario(""), &pm2, &rpm).wrong.len(), 1);
        let listed = "[[differs]]\nwhat = 'list: a'\npm2 = '1'\nrpm = '2'\nwhy = 'so'";
        let verdict = judge(&scenario(listed), &pm2, &rpm);
        assert_eq!((verdict.listed, verdict.wrong.len()), (1, 0), "{verdict:?}");
    }

    #[test]
    fn one_that_is_listed_has_to_occur() {
        let same = seen("list: a", "1", false);
        for what in ["list: a", "list: b"] {
            let listed = format!("[[differs]]\nwhat = '{what}'\npm2 = '1'\nrpm = '*'\nwhy = 'so'");
            assert_eq!(judge(&scenario(&listed), &same, &same).wrong.len(), 1, "{what}");
        }
    }

    #[test]
    fn two_failures_are_no_success() {
        let failed = seen("exit of `x`", "1", true);
        let fine = seen("exit of `x`", "0", false);
        assert_eq!(judge(&scenario(""), &failed, &failed).wrong.len(), 1);
        assert_eq!(judge(&scenario("fails = true"), &failed, &failed).wrong.len(), 0);
        assert_eq!(judge(&scenario("fails = true"), &fine, &fine).wrong.len(), 1);
    }
}
