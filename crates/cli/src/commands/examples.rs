//! `rpm examples`: what people do most, as commands.

use super::{Cli, Run};
use crate::outcome::Outcome;
use crate::verbs::Group;

/// The arguments of `rpm examples`.
#[derive(Debug, clap::Args)]
pub(crate) struct Examples {}

impl Run for Examples {
    const NAME: &'static str = "examples";
    const ABOUT: &'static str = "Show what people do most, as commands";
    const GROUP: Group = Group::Cli;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut text = String::new();
        for (what, commands) in EXAMPLES {
            text.extend(["- ", what, ":\n\n"]);
            text.extend(commands.iter().flat_map(|command| ["    ", command, "\n"]));
            text.push('\n');
        }
        Ok(cli.screen.answer(text)?)
    }
}

const EXAMPLES: &[(&str, &[&str])] = &[
    ("Start a script and give it a name", &["rpm start app.js --name api"]),
    ("Start a worker on each CPU behind one port", &["rpm start app.js -i max"]),
    ("Start any program, with arguments", &["rpm start ./server -- --port 8080"]),
    (
        "Describe apps in a file, and start them",
        &["rpm init simple", "rpm start ecosystem.config.js --env production"],
    ),
    ("Deploy a new version without losing a request", &["rpm reload api"]),
    ("Look", &["rpm list", "rpm status", "rpm describe api", "rpm logs api"]),
    ("Stop, start and forget", &["rpm stop api", "rpm start api", "rpm delete api"]),
    ("Serve a folder", &["rpm serve ./dist 8080 --spa"]),
    ("Take over from PM2", &["rpm import pm2"]),
    ("Start all again when the machine starts", &["rpm save", "rpm startup"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verbs::Verb;

    #[test]
    fn each_example_is_a_command() {
        for command in EXAMPLES.iter().flat_map(|(_, commands)| *commands) {
            let verb = command.split(' ').nth(1).unwrap();
            assert!(Verb::find(verb.as_ref()).is_some(), "{command}");
        }
    }
}
