//! `rpm help`: all verbs, or one of them.

use super::{Cli, Run};
use crate::outcome::Outcome;
use crate::render::style::Paint;
use crate::screen::Screen;
use crate::verbs::{Group, VERBS, Verb, unknown};

/// The arguments of `rpm help`.
#[derive(Debug, clap::Args)]
pub(crate) struct Help {
    /// The command to explain
    command: Option<String>,
}

impl Run for Help {
    const NAME: &'static str = "help";
    const ABOUT: &'static str = "Show all commands, or explain one";
    const GROUP: Group = Group::Cli;

    fn run(self, cli: &mut Cli) -> Outcome {
        let Some(name) = self.command else {
            return print(&mut cli.screen);
        };
        let verb = Verb::find(name.as_ref()).ok_or_else(|| unknown(name.as_ref()))?;
        let help = verb.command().render_help();
        let on = cli.screen.paint().on;
        let text = if on { help.ansi().to_string() } else { help.to_string() };
        Ok(cli.screen.data(text)?)
    }
}

/// Prints the list of all verbs.
pub(crate) fn print(screen: &mut Screen) -> Outcome {
    let text = text(screen.paint());
    Ok(screen.data(text)?)
}

/// The list of all verbs.
pub(crate) fn text(paint: Paint) -> String {
    let mut text = "A process manager for Node and other services\n\n".to_owned();
    text.push_str(&paint.heading("Usage:"));
    text.push_str(" rpm [OPTIONS] <COMMAND>\n");
    for (group, heading) in Group::ALL {
        text.extend(["\n", &paint.heading(&format!("{heading}:")), "\n"]);
        for verb in VERBS.iter().filter(|verb| verb.group == group) {
            let name = format!("{:<16}", verb.name);
            text.extend(["  ", &paint.green(&name), verb.about, &aliases(verb), "\n"]);
        }
    }
    text.push_str(
        "\n`rpm <COMMAND> --help` says the rest. A target is a name, an id, a namespace, `all`, \
         `/regex/`\nor, where apps are started or stopped, a config file.\n",
    );
    text
}

fn aliases(verb: &Verb) -> String {
    if verb.aliases.is_empty() { String::new() } else { format!(" [{}]", verb.aliases.join(", ")) }
}
