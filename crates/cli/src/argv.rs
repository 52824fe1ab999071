//! Which word is the verb. PM2 lets flags stand before it.

use crate::flags::{self, Shows};
use clap::{Arg, Command};
use std::ffi::{OsStr, OsString};

/// A command line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Argv {
    /// The verb, as typed.
    pub(crate) verb: Option<OsString>,
    /// What stands around it.
    pub(crate) words: Vec<OsString>,
    /// What follows `--`.
    pub(crate) after: Option<Vec<OsString>>,
}

impl Argv {
    /// Takes the words after the program's name apart; `is_verb` knows the verbs.
    pub(crate) fn read(mut words: Vec<OsString>, is_verb: impl Fn(&OsStr) -> bool) -> Self {
        let after = words.iter().position(|word| word == "--").map(|at| {
            let after = words.split_off(at);
            after.into_iter().skip(1).collect()
        });
        let verb = verb_at(&words, is_verb).map(|at| words.remove(at));
        Self { verb, words, after }
    }
}

fn verb_at(words: &[OsString], is_verb: impl Fn(&OsStr) -> bool) -> Option<usize> {
    if !is_flag(words.first()?) {
        return Some(0);
    }
    let flags = flags::declare(Command::new("rpm"), Shows::ALL);
    let mut at = 0;
    while is_flag(words.get(at)?) {
        at += 1;
        let Some(arg) = words.get(at - 1).and_then(|word| waits_for_value(word, &flags)) else {
            continue;
        };
        let optional = arg.get_num_args().is_some_and(|range| range.min_values() == 0);
        let next = words.get(at)?;
        if !(optional && (is_flag(next) || is_verb(next))) {
            at += 1;
        }
    }
    Some(at)
}

fn is_flag(word: &OsString) -> bool {
    word.as_encoded_bytes().starts_with(b"-") && word.len() > 1
}

/// The flag whose value is the next word.
fn waits_for_value<'a>(word: &OsStr, flags: &'a Command) -> Option<&'a Arg> {
    let word = word.to_str()?;
    let takes = |arg: &&Arg| arg.get_action().takes_values();
    if let Some(long) = word.strip_prefix("--") {
        let is_meant = |arg: &&Arg| {
            arg.get_long() == Some(long)
                || arg.get_all_aliases().is_some_and(|all| all.contains(&long))
        };
        return flags.get_arguments().find(is_meant).filter(takes);
    }
    for (at, short) in word.char_indices().skip(1) {
        let arg = flags.get_arguments().find(|arg| arg.get_short() == Some(short))?;
        if takes(&arg) {
            return Some(arg).filter(|_| at + short.len_utf8() == word.len());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Option<String>, String, Option<String>) {
        let words = line.split_whitespace().map(OsString::from).collect();
        let argv = Argv::read(words, |word| word == "start" || word == "list");
        let text = |words: Vec<OsString>| {
            words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
        };
        let verb = argv.verb.map(|verb| verb.to_string_lossy().into_owned());
        (verb, text(argv.words), argv.after.map(text))
    }

    #[test]
    fn flags_stand_before_and_after_the_verb() {
        for (line, verb, words) in [
            ("start app.js -i 4", Some("start"), "app.js -i 4"),
            ("-i 4 start app.js", Some("start"), "-i 4 app.js"),
            ("-i4 -s start app.js", Some("start"), "-i4 -s app.js"),
            ("--name x --time start app.js", Some("start"), "--name x --time app.js"),
            ("--name=x start app.js", Some("start"), "--name=x app.js"),
            ("--node-args --inspect start a", Some("start"), "--node-args --inspect a"),
            ("-sn x start app.js", Some("start"), "-sn x app.js"),
            ("--log start app.js", Some("start"), "--log app.js"),
            ("-l all.log start app.js", Some("start"), "-l all.log app.js"),
            ("-s list", Some("list"), "-s"),
            ("-v", None, "-v"),
            ("--unknown list", Some("list"), "--unknown"),
            ("--name", None, "--name"),
            ("", None, ""),
            ("-", Some("-"), ""),
        ] {
            let found = read(line);
            assert_eq!((found.0.as_deref(), &*found.1), (verb, words), "{line}");
        }
    }

    #[test]
    fn what_follows_the_two_dashes_is_not_ours() {
        let (verb, words, after) = read("start app.js -- --name x -- y");
        assert_eq!(verb.as_deref(), Some("start"));
        assert_eq!(words, "app.js");
        assert_eq!(after.as_deref(), Some("--name x -- y"));
        assert_eq!(read("list").2, None);
        assert_eq!(read("start --").2.as_deref(), Some(""));
    }
}
