//! `rpm events`: the timeline of what has happened, then what happens from now on.

use super::{Cli, Run};
use crate::connect;
use crate::outcome::{Outcome, Stop};
use crate::render::happenings;
use crate::verbs::Group;
use crate::when;
use rpm_chronicle::events::{self, Wanted};
use rpm_proto::client::CallError;
use rpm_proto::{Code, Fault, Happening, Level, Reply, Request};

/// The arguments of `rpm events`.
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    /// Names or ids of apps; without one, all that happened
    target: Vec<String>,
    /// So many of the last ones
    #[arg(long, value_name = "N", default_value_t = 20)]
    lines: usize,
    /// Only those of the last `10m`, or since a time such as `2026-11-29T10:00:00Z`
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only those before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Only these kinds, such as `crash,errored`
    #[arg(long = "kind", value_name = "KINDS", value_delimiter = ',')]
    kinds: Vec<String>,
    /// At least so grave: `info`, `warn` or `error`
    #[arg(long, value_name = "LEVEL")]
    level: Option<String>,
    /// Go on with what happens from now on
    #[arg(long)]
    follow: bool,
}

impl Run for Events {
    const NAME: &'static str = "events";
    const ALIASES: &'static [&'static str] = &["timeline"];
    const ABOUT: &'static str = "Show what has happened, and who asked for it";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let now = rpm_proto::now();
        let wanted = Wanted {
            about: self.target.clone(),
            kinds: self.kinds.clone(),
            level: self.level.as_deref().map(level).transpose()?,
            since: self
                .since
                .as_deref()
                .map(|text| when::read("--since", text, now))
                .transpose()?,
            until: self
                .until
                .as_deref()
                .map(|text| when::read("--until", text, now))
                .transpose()?,
        };
        // Listening begins before the file is read, so that no event falls between the two.
        let mut follower = if self.follow { connect::to_running(&cli.home)? } else { None };
        if let Some(follower) = &mut follower {
            follower.send(&Request::Happenings)?;
        }
        let folder = cli.home.path().join(events::FOLDER);
        let found = events::latest(&folder, &wanted, self.lines).map_err(|error| {
            Fault::new(Code::Io, format!("the events in {folder} cannot be read"))
                .because(error.to_string())
        })?;
        let last = found.last().map_or(0, |event| event.seq);
        if cli.screen.wish.json && !self.follow {
            return Ok(cli.screen.json(&found)?);
        }
        if found.is_empty() && !self.follow {
            return Ok(cli.screen.note("nothing of that has happened")?);
        }
        found.iter().try_for_each(|event| show(cli, event))?;
        match follower {
            Some(follower) => follow(cli, follower, &wanted, last),
            None if self.follow => {
                Ok(cli.screen.note(format!("no daemon runs in {}", cli.home.path()))?)
            }
            None => Ok(()),
        }
    }
}

/// Shows events as they come, but for those that were in the file already.
fn follow(cli: &mut Cli, mut follower: rpm_proto::Client, wanted: &Wanted, shown: u64) -> Outcome {
    loop {
        match follower.next() {
            Ok(Reply::Happening { happening }) => {
                if happening.seq > shown && wanted.has(&happening) {
                    show(cli, &happening)?;
                }
            }
            Ok(Reply::Missed { lines }) => {
                cli.screen.note(format!("-- {lines} events were left out: too slow --"))?;
            }
            Ok(Reply::Failed { fault, .. }) => return Err(fault.into()),
            Ok(_) => return Err(connect::unexpected().into()),
            Err(CallError::Io(_)) => {
                cli.screen.note(
                    "-- the daemon has ended; `rpm events --follow` goes on with the next --",
                )?;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn show(cli: &mut Cli, event: &Happening) -> Outcome {
    if cli.screen.wish.json {
        let line = serde_json::to_string(event).map_err(std::io::Error::from)?;
        return Ok(cli.screen.data(format!("{line}\n"))?);
    }
    let line = happenings::line(event, cli.screen.paint());
    Ok(cli.screen.answer(line)?)
}

/// A level by its name.
pub(super) fn level(text: &str) -> Result<Level, Stop> {
    match text {
        "info" => Ok(Level::Info),
        "warn" | "warning" => Ok(Level::Warn),
        "error" => Ok(Level::Error),
        _ => Err(Fault::new(Code::Usage, format!("`--level {text}` is none"))
            .help("one of `info`, `warn`, `error`")
            .into()),
    }
}
