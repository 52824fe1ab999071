//! `rpm unstartup`: the system starts nothing at boot any more.

use super::startup::{ask_root, below, platform, run, service};
use super::{Cli, Run};
use crate::boot;
use crate::flags::Shows;
use crate::outcome::Outcome;
use crate::verbs::Group;
use camino::Utf8PathBuf;
use rpm_proto::{Code, Fault};

/// The arguments of `rpm unstartup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Unstartup {
    /// As for `rpm startup`
    platform: Option<String>,
    /// Remove the file below this folder, and run nothing
    #[arg(long, value_name = "DIR")]
    root: Option<Utf8PathBuf>,
}

impl Run for Unstartup {
    const NAME: &'static str = "unstartup";
    const ABOUT: &'static str = "Take back what `startup` did";
    const GROUP: Group = Group::Daemon;
    const SHOWS: Shows = Shows::BOOT;

    fn run(self, cli: &mut Cli) -> Outcome {
        let platform = platform(self.platform.as_deref())?;
        let service = service(cli, platform)?;
        if self.root.is_none() && rpm_sys::process::effective_uid() != 0 {
            return ask_root(cli, Self::NAME, platform, &service);
        }
        let plan = boot::plan(platform, &service);
        let file = below(self.root.as_deref(), &plan.file);
        if !file.exists() {
            return Err(Fault::new(Code::NotFound, format!("there is no {file}"))
                .help("`--user` and `--service-name` must be those of `rpm startup`")
                .into());
        }
        if self.root.is_none() {
            for words in &plan.disable {
                cli.screen.say(format!("Running `{}`", words.join(" ")))?;
                if let Err(fault) = run(words) {
                    cli.screen.warn(fault)?;
                }
            }
        }
        std::fs::remove_file(&file).map_err(|error| {
            Fault::new(Code::Io, format!("removing {file} failed")).because(error.to_string())
        })?;
        if self.root.is_none() && platform == boot::Platform::Systemd {
            // It only tells systemd early what it finds out at the next change.
            run(&["systemctl".to_owned(), "daemon-reload".to_owned()]).ok();
        }
        Ok(cli.screen.say(format!("Removed {file}"))?)
    }
}
