//! Scripts with which shells complete our words: `clap_complete`'s, and the names of apps, which
//! they ask this program for at the moment they are needed.

use crate::verbs::{VERBS, Verb};
use clap::Command;
use clap_complete::Shell;

/// The word after `completion` that asks for the names.
pub(crate) const NAMES: &str = "names";

/// Arguments that mean an app.
const TARGETS: [&str; 3] = ["target", "targets", "app"];

/// The script for a shell.
pub(crate) fn script(shell: Shell) -> String {
    let verbs = VERBS.iter().map(Verb::completed);
    let mut command = Command::new("rpm").disable_help_subcommand(true).subcommands(verbs);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "rpm", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => {
            script + &include_str!("completion/names.bash").replace("VERBS", &verbs_of("|"))
        }
        Shell::Zsh => with_names(&script) + include_str!("completion/names.zsh"),
        Shell::Fish => {
            script + &include_str!("completion/names.fish").replace("VERBS", &verbs_of(" "))
        }
        _ => script,
    }
}

/// The verbs that take an app, with their other names.
fn verbs_of(separator: &str) -> String {
    let takes_app = |verb: &&Verb| {
        let command = verb.completed();
        command.get_positionals().any(|arg| TARGETS.contains(&arg.get_id().as_str()))
    };
    let names = VERBS
        .iter()
        .filter(takes_app)
        .flat_map(|verb| std::iter::once(verb.name).chain(verb.aliases.iter().copied()));
    names.collect::<Vec<_>>().join(separator)
}

/// In zsh's script each argument says what completes it.
fn with_names(script: &str) -> String {
    let names_app = |line: &str| {
        let line = line.trim_start_matches(['\'', '*', ':']);
        TARGETS.iter().any(|id| line.strip_prefix(id).is_some_and(|rest| rest.starts_with(" -- ")))
    };
    let mut changed = String::with_capacity(script.len());
    for line in script.lines() {
        match line.strip_suffix(":_default' \\") {
            Some(before) if names_app(line) => changed.extend([before, ":_rpm_targets' \\\n"]),
            _ => changed.extend([line, "\n"]),
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_about_apps_know_their_names() {
        let verbs = verbs_of("|");
        for verb in ["restart", "del", "logs", "scale", "describe", "reset"] {
            assert!(verbs.split('|').any(|it| it == verb), "{verb}: {verbs}");
        }
        for verb in ["save", "kill", "completion"] {
            assert!(!verbs.split('|').any(|it| it == verb), "{verb}: {verbs}");
        }
        assert!(script(Shell::Zsh).matches(":_rpm_targets' \\").count() > 8);
        assert!(script(Shell::Bash).contains("rpm completion names"));
        assert!(script(Shell::Fish).contains("for verb in start stop"));
    }
}
