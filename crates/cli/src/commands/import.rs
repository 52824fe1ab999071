//! `rpm import pm2`: takes over what PM2 has saved.

mod source;

use super::{Cli, Run, Table};
use crate::outcome::Outcome;
use crate::settings::{Settings, rotate};
use crate::verbs::Group;
use camino::Utf8PathBuf;
use rpm_proto::{Code, Fault, Request};
use source::Source;

/// The arguments of `rpm import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// From where: `pm2`
    #[arg(value_name = "pm2")]
    from: String,
    /// PM2's home; `~/.pm2` when left out
    #[arg(value_name = "PM2_HOME")]
    home: Option<Utf8PathBuf>,
}

impl Run for Import {
    const NAME: &'static str = "import";
    const ABOUT: &'static str = "Take over the list and the settings that PM2 has saved";
    const GROUP: Group = Group::Daemon;

    fn run(self, cli: &mut Cli) -> Outcome {
        if self.from != "pm2" {
            let what = format!("nothing can be imported from `{}`", self.from);
            return Err(Fault::new(Code::Usage, what).help("write `rpm import pm2`").into());
        }
        let source = Source::find(self.home.as_deref(), &cli.home)?;
        if let Some(pid) = source.running()
            && !cli.flags.control.force
        {
            return Err(still_runs(pid).into());
        }
        let dump = source.dump()?;
        let mut client = cli.started()?;
        let outcome = cli.change(&mut client, &Request::Import { path: dump.into_string() });
        if outcome.is_ok() {
            settings(cli, &source)?;
            left(cli, &source)?;
            cli.screen.say("`rpm save` keeps the list as it is now")?;
        }
        cli.conclude(Some(&mut client), outcome, Table::Shown)
    }
}

fn still_runs(pid: u32) -> Fault {
    Fault::new(Code::AlreadyRunning, format!("PM2 still runs (pid {pid})"))
        .because("its apps hold the ports that these would listen at")
        .help("`pm2 save`, then `pm2 kill`, then this again; `--force` does not wait for that")
}

/// Takes settings over that are not set here.
fn settings(cli: &mut Cli, source: &Source) -> Outcome {
    let theirs = source.settings()?;
    let count = Settings::change(&cli.home, |ours| Ok(ours.fill(theirs)))?;
    if count > 0 {
        super::settings::tell(cli)?;
        cli.screen.say(format!("{count} settings taken over"))?;
    }
    Ok(())
}

/// Says what is not taken over.
fn left(cli: &mut Cli, source: &Source) -> Outcome {
    for module in source.modules().into_iter().filter(|module| !rotate::is_built_in(module)) {
        cli.screen
            .warn(format!("the module `{module}` is not taken over; `rpm install {module}`"))?;
    }
    cli.screen.say(format!(
        "Logs, and what starts PM2 at boot, stay in {}: `pm2 unstartup`, `rpm startup`",
        source.path()
    ))?;
    Ok(())
}
