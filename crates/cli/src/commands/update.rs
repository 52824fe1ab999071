//! `rpm update`: the daemon that runs becomes this program, under its services.

use super::{Cli, Run, exchange};
use crate::connect;
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use rpm_proto::client::CallError;
use rpm_proto::{Client, Code, Fault, Hello, ProcessView, Reply, Request};
use rpm_sys::clock;
use serde::Serialize;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// A version that does not become ready is taken back after 10 s; then the one before answers.
const SUCCESSOR_MS: u64 = 20_000;
/// The keeper follows when the daemon is ready. It is not worth more waiting: nothing depends on it.
const KEEPER_MS: u64 = 3_000;
const PAUSE: Duration = Duration::from_millis(10);

/// The arguments of `rpm update`.
#[derive(Debug, clap::Args)]
pub(crate) struct Update {
    /// The program that the daemon becomes; without it, this one
    #[arg(long, value_name = "PATH")]
    to: Option<PathBuf>,
}

/// What came of it, for `--json`.
#[derive(Debug, Serialize)]
struct Told<'a> {
    from: Version<'a>,
    to: Version<'a>,
    keeper_updated: bool,
    kept: usize,
    changed: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct Version<'a> {
    version: &'a str,
    pid: u32,
}

impl<'a> Version<'a> {
    fn of(hello: &'a Hello) -> Self {
        Self { version: &hello.version, pid: hello.pid }
    }
}

impl Run for Update {
    const NAME: &'static str = "update";
    const ALIASES: &'static [&'static str] = &["updatePM2"];
    const ABOUT: &'static str = "Let the running daemon become this version; apps go on";
    const GROUP: Group = Group::Daemon;

    fn run(self, cli: &mut Cli) -> Outcome {
        let binary = self.binary()?;
        let Some(client) = cli.running()? else {
            cli.started()?;
            return Ok(cli.screen.say("No daemon ran; started this version")?);
        };
        let (mut client, old) = greeted(cli, client)?;
        // Of another version, its answer may not be understood; it is only to count.
        let before = exchange::views(&mut client).unwrap_or_default();
        cli.screen.say(format!("Updating daemon {} (pid {})", old.version, old.pid))?;
        hand_over(&mut client, &binary)?;
        drop(client);
        let (mut client, new) = successor(cli, &old)?;
        if !is_running(new.pid, &binary) {
            return Err(taken_back(cli, &new).into());
        }
        let after = exchange::views(&mut client)?;
        let keeper_updated = keeper_follows(cli, &binary);
        tell(cli, (&old, &new), (&before, &after), keeper_updated)
    }
}

impl Update {
    fn binary(&self) -> Result<PathBuf, Fault> {
        let path = match &self.to {
            Some(path) => path.clone(),
            None => std::env::current_exe().map_err(|error| unusable(Path::new("rpm"), &error))?,
        };
        fs::canonicalize(&path).map_err(|error| unusable(&path, &error))
    }
}

fn unusable(path: &Path, error: &io::Error) -> Fault {
    Fault::new(Code::UpdateFailed, format!("{} cannot be used", path.display()))
        .because(error.to_string())
        .help("name the program that the daemon shall become with `--to`")
}

/// A connection on which the daemon understands an update, and who it is.
fn greeted(cli: &Cli, mut client: Client) -> Result<(Client, Hello), Stop> {
    match client.call(&Request::Ping, |_| {}) {
        Ok(_) => {}
        Err(CallError::Version(hello)) => {
            let again = cli.running()?.ok_or_else(connect::unexpected)?;
            return Ok((again.speaking(hello.protocol), hello));
        }
        Err(error) => return Err(error.into()),
    }
    let hello = client.daemon().cloned().ok_or_else(connect::unexpected)?;
    Ok((client, hello))
}

fn hand_over(client: &mut Client, binary: &Path) -> Outcome {
    let binary = binary.to_str().ok_or_else(|| {
        Fault::new(Code::UpdateFailed, format!("the path {} is not text", binary.display()))
    })?;
    match client.call(&Request::Update { binary: binary.to_owned() }, |_| {}) {
        Ok(Reply::Failed { fault, .. }) => Err(fault.into()),
        Ok(_) => Err(connect::unexpected().into()),
        // It makes way.
        Err(CallError::Io(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whoever answers after `old`.
fn successor(cli: &Cli, old: &Hello) -> Result<(Client, Hello), Stop> {
    let until_ms = clock::monotonic_ms() + SUCCESSOR_MS;
    while clock::monotonic_ms() < until_ms {
        if let Some(client) = cli.running()? {
            let left_ms = until_ms.saturating_sub(clock::monotonic_ms()).max(1);
            let mut client = client.patient(Duration::from_millis(left_ms))?;
            let answer = client.call(&Request::Ping, |_| {});
            let hello = match answer {
                Err(CallError::Version(hello)) => Some(hello),
                _ => client.daemon().cloned(),
            };
            if let Some(hello) = hello.filter(|hello| hello.pid != old.pid) {
                return Ok((client, hello));
            }
        }
        sleep(PAUSE);
    }
    Err(Fault::new(Code::UpdateFailed, "no daemon answers after the update")
        .because(format!("the one before made way {} s ago", SUCCESSOR_MS / 1000))
        .help(format!("{} says what became of the next", cli.home.log()))
        .into())
}

fn taken_back(cli: &Cli, goes_on: &Hello) -> Fault {
    let Hello { version, pid, .. } = goes_on;
    Fault::new(Code::UpdateFailed, "the new version did not become ready")
        .because(format!("version {version} goes on, with pid {pid}; all apps do, too"))
        .help(format!("{} says why", cli.home.log()))
}

/// Whether the process runs this very file.
fn is_running(pid: u32, binary: &Path) -> bool {
    let file = |path: &Path| fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
    let runs = file(Path::new(&format!("/proc/{pid}/exe")));
    runs.is_some() && runs == file(binary)
}

fn keeper_follows(cli: &Cli, binary: &Path) -> bool {
    let until_ms = clock::monotonic_ms() + KEEPER_MS;
    loop {
        if cli.home.keeper().is_some_and(|keeper| is_running(keeper, binary)) {
            return true;
        }
        if clock::monotonic_ms() >= until_ms {
            return false;
        }
        sleep(PAUSE);
    }
}

fn tell(
    cli: &mut Cli,
    (old, new): (&Hello, &Hello),
    (before, after): (&[ProcessView], &[ProcessView]),
    keeper_updated: bool,
) -> Outcome {
    let ran: Vec<&ProcessView> = before.iter().filter(|one| one.pid > 0).collect();
    let is_kept =
        |one: &ProcessView| after.iter().any(|two| (two.id, two.pid) == (one.id, one.pid));
    let changed: Vec<&str> =
        ran.iter().filter(|one| !is_kept(one)).map(|one| one.name.as_str()).collect();
    let kept = ran.len() - changed.len();
    if cli.screen.wish.json {
        let (from, to) = (Version::of(old), Version::of(new));
        return Ok(cli.screen.json(&Told { from, to, keeper_updated, kept, changed })?);
    }
    cli.screen.say(format!("Daemon {} (pid {}) has taken over", new.version, new.pid))?;
    cli.screen.say(format!("{kept} {} kept running", processes(kept)))?;
    if !changed.is_empty() {
        let names = changed.join(", ");
        cli.screen.warn(format!("changed their processes meanwhile: {names}"))?;
    }
    if !keeper_updated {
        cli.screen.note("the keeper is still the one before; it understands this version")?;
    }
    Ok(())
}

fn processes(count: usize) -> &'static str {
    if count == 1 { "process" } else { "processes" }
}
