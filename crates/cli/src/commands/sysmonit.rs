//! `rpm sysmonit`: the machine at a glance. Never starts a daemon, which is what measures it.

use super::{Cli, Run};
use crate::connect;
use crate::home::Home;
use crate::outcome::{Outcome, Stop};
use crate::render::host;
use crate::settings::{Key, Settings};
use crate::verbs::Group;
use rpm_proto::observed::Host;
use rpm_proto::{Client, Reply, Request};

/// The arguments of `rpm sysmonit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Sysmonit {}

impl Run for Sysmonit {
    const NAME: &'static str = "sysmonit";
    const ABOUT: &'static str = "Show the machine: processors, memory, disks, network";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let host = measured(cli)?;
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&host)?);
        }
        let text = host.map(|host| host::tables(&host, cli.view())).unwrap_or_default();
        Ok(cli.screen.answer(text)?)
    }
}

/// The machine; `None`, with a note, where no daemon runs.
pub(super) fn measured(cli: &mut Cli) -> Result<Option<Host>, Stop> {
    if let Some(mut client) = cli.running()? {
        return ask(&mut client).map(Some);
    }
    if !cli.screen.wish.json {
        cli.screen.note(format!("no daemon runs in {}", cli.home.path()))?;
    }
    Ok(None)
}

/// PM2's line about the machine, unless the setting `pm2:sysmonit` turns it off. It is no reason to
/// fail: what was asked for is the list.
pub(super) fn line(cli: &mut Cli, client: &mut Client) -> Outcome {
    if cli.screen.talks()
        && !is_off(&cli.home)
        && let Ok(host) = ask(client)
    {
        cli.screen.answer(host::line(&host, cli.view()))?;
    }
    Ok(())
}

fn is_off(home: &Home) -> bool {
    let setting = Key::read("pm2:sysmonit").and_then(|key| {
        let settings = Settings::read(home)?;
        Ok(settings.get(&key).cloned())
    });
    setting.ok().flatten().is_some_and(|value| value == false || value == "false")
}

fn ask(client: &mut Client) -> Result<Host, Stop> {
    match client.call(&Request::Host, |_| {})? {
        Reply::Host { host } => Ok(*host),
        Reply::Failed { fault, .. } => Err(fault.into()),
        _ => Err(connect::unexpected().into()),
    }
}
