//! `rpm deploy`: brings a repository to machines and starts what is in it.

use super::targets::{default_config, is_config};
use super::{Cli, Run};
use crate::context;
use crate::deploy::{self, Action, LOCAL_CHECK, Machine, Ran, quoted};
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use rpm_config::{Deployment, Selection};
use rpm_proto::{Code, Fault};

/// The arguments of `rpm deploy`.
#[derive(Debug, clap::Args)]
pub(crate) struct Deploy {
    /// The config file where it is not the ecosystem file of this folder, the environment, and what
    /// to do: `setup`, `update` (also when nothing is said), `ref NAME`, `revert [N]`, `current`,
    /// `previous`, `list`, `exec COMMAND`
    #[arg(value_name = "[FILE] ENVIRONMENT [ACTION]")]
    words: Vec<String>,
}

impl Run for Deploy {
    const NAME: &'static str = "deploy";
    const ABOUT: &'static str = "Bring a git repository to machines and start it there";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        let mut words = self.words.into_iter().peekable();
        let file = match words.next_if(|word| is_config(word) || word.ends_with("package.json")) {
            Some(file) => file,
            None => default_config()?,
        };
        let Some(name) = words.next().filter(|name| name != "help") else {
            return Err(Fault::new(Code::Usage, "no environment is named")
                .help("`rpm deploy production setup`, then `rpm deploy production`")
                .into());
        };
        let action = action(&words.collect::<Vec<_>>())?;
        let base_env = context::shell_env();
        let selection =
            Selection { env: None, only: Vec::new(), namespace: None, base_env: &base_env };
        let context = context::find()?;
        let to = rpm_config::deployment(file.as_str().into(), &name, &context, &selection)?;
        if action.deploys() && !cli.flags.control.force {
            refuse_unshared(&to)?;
        }
        for host in &to.hosts {
            let machine = Machine { host, to: &to };
            carry_out(cli, machine, &action, &restart(&file, &name))?;
        }
        Ok(())
    }
}

fn action(words: &[String]) -> Result<Action, Fault> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(match &*words {
        [] | ["update"] => Action::Update,
        ["setup"] => Action::Setup,
        // PM2 takes a branch after it and does nothing with it.
        ["ref", name] | ["ref", name, _] => Action::Ref((*name).to_owned()),
        ["revert"] => Action::Revert(1),
        ["revert", count] => Action::Revert(count.parse().map_err(|_| {
            Fault::new(Code::Usage, format!("`{count}` is not a number of deployments"))
        })?),
        ["curr" | "current"] => Action::Current,
        ["prev" | "previous"] => Action::Previous,
        ["list"] => Action::List,
        ["exec" | "run", command @ ..] if !command.is_empty() => Action::Exec(command.join(" ")),
        other => {
            return Err(Fault::new(Code::Usage, format!("`{}` is no action", other.join(" ")))
                .help(
                    "it is one of setup, update, ref NAME, revert [N], current, previous, list, \
                     exec COMMAND",
                ));
        }
    })
}

/// What starts the apps where no hook says so.
fn restart(file: &str, name: &str) -> String {
    format!("rpm startOrRestart {} --env {}", quoted(file), quoted(name))
}

fn refuse_unshared(to: &Deployment) -> Outcome {
    let here = Machine { host: "localhost", to };
    let ran = here.run(LOCAL_CHECK, true);
    if succeeded(&ran) {
        return Ok(());
    }
    Err(Fault::new(Code::Usage, "this folder has what the repository has not")
        .help("commit and push it, or deploy all the same with `--force`")
        .into())
}

fn carry_out(cli: &mut Cli, machine: Machine<'_>, action: &Action, restart: &str) -> Outcome {
    let host = machine.host;
    for step in deploy::steps(action, machine.to, restart) {
        if !step.name.is_empty() {
            cli.screen.say(format!("{host}: {}", step.name))?;
        }
        let ran = machine.run(&step.script, step.is_here);
        if !succeeded(&ran) {
            return Err(failed(host, step.name, ran));
        }
    }
    if action.deploys() || *action == Action::Setup {
        cli.screen.answer("--> Success\n")?;
    }
    Ok(())
}

fn succeeded(ran: &Ran) -> bool {
    ran.as_ref().is_ok_and(std::process::ExitStatus::success)
}

fn failed(host: &str, step: &str, ran: Ran) -> Stop {
    let step = if step.is_empty() { "the command" } else { step };
    let why = match ran {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    Fault::new(Code::Io, format!("{step} failed on {host}")).because(why).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_actions() {
        let read = |text: &str| action(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(read("ref v1.2").unwrap(), Action::Ref("v1.2".to_owned()));
        assert_eq!(read("revert").unwrap(), Action::Revert(1));
        assert_eq!(read("revert 3").unwrap(), Action::Revert(3));
        assert_eq!(read("exec ls -l").unwrap(), Action::Exec("ls -l".to_owned()));
        assert!(read("revert x").is_err());
        assert!(read("exec").is_err());
        assert!(read("deploy").is_err());
    }
}
