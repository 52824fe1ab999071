//! `rpm install`: a module from npm.

use super::modules::{self, Package, fetch, package_folder};
use super::{Cli, Run, Table};
use crate::outcome::{Outcome, Stop};
use crate::settings::{Settings, lines, rotate};
use crate::verbs::Group;
use camino::Utf8Path;
use rpm_config::ROTATE_GROUP;
use rpm_proto::{Code, Fault};
use std::io;

/// The arguments of `rpm install`.
#[derive(Debug, clap::Args)]
pub(crate) struct Install {
    /// What `npm install` takes: a package, a version of one, a git repository, a folder. `.` runs
    /// the package of this folder where it is, and watches it
    module: String,
    /// As it always is: the old version comes back when the new one does not start
    #[arg(long, value_name = "TIME", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "a flag whose value may be left out")]
    safe: Option<Option<String>>,
    /// As it is seen by itself: the package is an archive on this machine
    #[arg(long)]
    tarball: bool,
    /// PM2's modules in containers; refused
    #[arg(long, hide = true)]
    docker: bool,
    /// As it always is: npm installs what the module needs
    #[arg(long = "install", hide = true)]
    with_packages: bool,
}

impl Run for Install {
    const NAME: &'static str = "install";
    const ALIASES: &'static [&'static str] = &["module:install", "module:update"];
    const ABOUT: &'static str = "Install or update a module from npm, and run it";
    const GROUP: Group = Group::Settings;

    fn run(self, cli: &mut Cli) -> Outcome {
        if self.docker {
            let fault = Fault::new(Code::Usage, "there are no modules in containers here");
            return Err(fault
                .help("`rpm start 'docker run --rm IMAGE'` runs one as an app")
                .into());
        }
        if self.module == "." {
            let package = Package::read(&crate::context::find()?.cwd)?;
            return run(cli, &package, true);
        }
        if rotate::is_built_in(&self.module) {
            return Ok(cli.screen.say(format!(
                "{ROTATE_GROUP} is built in: logs are rotated without it, by its settings"
            ))?);
        }
        cli.home.create()?;
        cli.screen.say(format!("Installing {}", self.module))?;
        let (stage, name) = fetch(cli, &self.module)?;
        let place = cli.home.modules().join(&name);
        let aside = cli.home.modules().join(format!(".before-{}", std::process::id()));
        let kept = exchange(&stage, &place, &aside)?;
        let package = Package::read(&package_folder(&cli.home.modules(), &name));
        let outcome = package.map_err(Stop::from).and_then(|package| run(cli, &package, false));
        if outcome.is_err() {
            drop(std::fs::remove_dir_all(&place));
            if kept {
                std::fs::rename(&aside, &place).map_err(|error| moved(&place, &error))?;
                cli.screen.warn(format!("`{name}` is again what it was; restart it"))?;
            }
        } else if kept {
            // Its name begins with a dot: it is no module.
            drop(std::fs::remove_dir_all(&aside));
        }
        outcome
    }
}

/// Puts the new folder where the old one is, which is kept aside. Says whether there was one.
fn exchange(stage: &Utf8Path, place: &Utf8Path, aside: &Utf8Path) -> Result<bool, Fault> {
    let moved = |error: io::Error| moved(place, &error);
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).map_err(moved)?;
    }
    let kept = place.exists();
    if kept {
        std::fs::rename(place, aside).map_err(moved)?;
    }
    std::fs::rename(stage, place).map_err(moved)?;
    Ok(kept)
}

fn moved(place: &Utf8Path, error: &io::Error) -> Fault {
    Fault::new(Code::Io, format!("moving the module to {place} failed")).because(error.to_string())
}

fn run(cli: &mut Cli, package: &Package, watch: bool) -> Outcome {
    let mut client = cli.started()?;
    modules::start(cli, &mut client, package, watch)?;
    for line in lines(Settings::read(&cli.home)?.values(), Some(&package.name)) {
        cli.screen.say(line)?;
    }
    cli.conclude(Some(&mut client), Ok(()), Table::Shown)
}
