//! `rpm completion`: what a shell needs to complete our words.

mod install;

use super::{Cli, Run, exchange};
use crate::completion::{NAMES, script};
use crate::outcome::Outcome;
use crate::verbs::Group;
use clap::ValueEnum;
use clap_complete::Shell;
use rpm_proto::{Code, Fault};
use std::path::Path;

/// The arguments of `rpm completion`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completion {
    /// A shell, for its script; `install` or `uninstall`, for the shell's own file of settings;
    /// `names`, for the names of all apps. The script of the shell of `$SHELL` when left out
    #[arg(value_name = "bash|zsh|fish|install|uninstall|names")]
    what: Option<String>,
    /// The shell to install it for; that of `$SHELL` when left out
    shell: Option<Shell>,
}

impl Run for Completion {
    const NAME: &'static str = "completion";
    const ABOUT: &'static str = "Print or install what a shell needs to complete these commands";
    const GROUP: Group = Group::Cli;

    fn run(self, cli: &mut Cli) -> Outcome {
        let shell = || self.shell.map_or_else(of_user, Ok);
        match self.what.as_deref() {
            None => Ok(cli.screen.data(script(shell()?))?),
            Some(NAMES) => names(cli),
            Some("install") => install::install(cli, shell()?),
            Some("uninstall") => install::uninstall(cli, shell()?),
            Some(name) => {
                let shell = Shell::from_str(name, true).map_err(|_| unknown(name))?;
                Ok(cli.screen.data(script(shell))?)
            }
        }
    }
}

/// The names of all apps, a line each. A shell asks while somebody types: without a daemon, or with
/// one that cannot answer, there are none.
fn names(cli: &mut Cli) -> Outcome {
    let views = match cli.running() {
        Ok(Some(mut client)) => exchange::views(&mut client).unwrap_or_default(),
        _ => Vec::new(),
    };
    let mut names: Vec<&str> = views.iter().map(|view| view.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let text: String = names.iter().flat_map(|name| [*name, "\n"]).collect();
    Ok(cli.screen.data(text)?)
}

/// The shell that the user logs in with.
fn of_user() -> Result<Shell, Fault> {
    let path = std::env::var("SHELL").unwrap_or_default();
    let name = Path::new(&path).file_name().unwrap_or_default().to_string_lossy();
    Shell::from_str(&name, true).map_err(|_| unknown(&name))
}

fn unknown(name: &str) -> Fault {
    Fault::new(Code::Usage, format!("`{name}` is no shell that is known"))
        .help("name one of bash, zsh, fish, elvish and powershell")
}
