//! `rpm monit`: the terminal page. Never starts a daemon: it waits for one.

use super::{Cli, Run};
use crate::outcome::Outcome;
use crate::role::chain;
use crate::verbs::Group;
use rpm_proto::{Code, Fault};
use std::io::{IsTerminal, stdin};

/// The arguments of `rpm monit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Monit {}

impl Run for Monit {
    const NAME: &'static str = "monit";
    const ALIASES: &'static [&'static str] = &["dash", "dashboard", "imonit"];
    const ABOUT: &'static str = "Watch apps, logs and events, and act on them";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        if !stdin().is_terminal() || !cli.screen.look.out_terminal || is_dumb() {
            let fault = Fault::new(Code::Usage, "`monit` needs a terminal")
                .because("its input or its output is none, or one that cannot place letters")
                .help("`rpm status` and `rpm list` print once, `rpm jlist` prints JSON");
            return Err(fault.into());
        }
        let options = rpm_tui::Options {
            home: cli.home.path().to_owned(),
            colours: cli.screen.paint().on,
            unicode: speaks_utf8(|name| std::env::var(name).ok()),
        };
        rpm_tui::run(&options).map_err(|error| {
            Fault::new(Code::Io, "the page cannot be shown").because(chain(&error)).into()
        })
    }
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Whether the locale's letters are UTF-8, `locale(7)`: the first of these that is set says it.
fn speaks_utf8(var: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| var(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_some_and(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_which_letters_there_are() {
        let with = |vars: &[(&str, &str)]| {
            speaks_utf8(|name| {
                vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(!with(&[]));
    }
}
