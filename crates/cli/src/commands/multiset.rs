//! `rpm multiset`: changes several settings at once.

use super::{Cli, Run, settings};
use crate::outcome::Outcome;
use crate::settings::{Key, Settings, history, rotate};
use crate::verbs::Group;
use rpm_proto::{Code, Fault};

/// The arguments of `rpm multiset`.
#[derive(Debug, clap::Args)]
pub(crate) struct Multiset {
    /// Keys and values in turn, as one word in quotes or as several
    #[arg(required = true, allow_hyphen_values = true)]
    pairs: Vec<String>,
}

impl Run for Multiset {
    const NAME: &'static str = "multiset";
    const ABOUT: &'static str = "Change several settings: \"app:a 1 app:b 2\"";
    const GROUP: Group = Group::Settings;

    fn run(self, cli: &mut Cli) -> Outcome {
        let pairs = pairs(self.pairs)?;
        for (key, value) in &pairs {
            rotate::check(key, value)?;
            history::check(key, value)?;
        }
        Settings::change(&cli.home, |settings| {
            pairs.iter().try_for_each(|(key, value)| settings.set(key, value.clone()))
        })?;
        settings::tell(cli)?;
        cli.screen.say("Settings changed")?;
        let mut groups: Vec<&str> = pairs.iter().filter_map(|(key, _)| key.group()).collect();
        groups.sort_unstable();
        groups.dedup();
        settings::spread(cli, groups.iter().copied())?;
        groups.iter().try_for_each(|group| settings::show(cli, Some(group)))
    }
}

fn pairs(words: Vec<String>) -> Result<Vec<(Key, String)>, Fault> {
    let words = match &*words {
        [line] => shlex::split(line).ok_or_else(|| {
            Fault::new(Code::Usage, "a quote is not closed in the settings").help(EXAMPLE)
        })?,
        _ => words,
    };
    let mut pairs = Vec::new();
    let mut words = words.into_iter();
    while let Some(key) = words.next() {
        let Some(value) = words.next() else {
            return Err(Fault::new(Code::Usage, format!("`{key}` has no value")).help(EXAMPLE));
        };
        pairs.push((Key::read(&key)?, value));
    }
    Ok(pairs)
}

const EXAMPLE: &str = "write for example `rpm multiset \"app:port 3000 app:mode fast\"`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_or_many_in_turn() {
        let read = |words: &[&str]| {
            let pairs = pairs(words.iter().map(|word| (*word).to_owned()).collect())?;
            Ok(pairs.into_iter().map(|(key, value)| (key.parts().join("/"), value)).collect())
        };
        let two = vec![("a/b".to_owned(), "1".to_owned()), ("c".to_owned(), "x y".to_owned())];
        assert_eq!(read(&["a:b 1 c 'x y'"]), Ok(two.clone()));
        assert_eq!(read(&["a:b", "1", "c", "x y"]), Ok(two));
        for odd in [&["a:b"][..], &["a 1 b"], &["a 'b"]] {
            let fault: Result<Vec<(String, String)>, Fault> = read(odd);
            assert!(fault.is_err(), "{odd:?}");
        }
    }
}
