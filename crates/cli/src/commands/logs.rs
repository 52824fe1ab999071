//! `rpm logs`: the last lines of each log file, then what is written from now on.

use super::{Cli, Run, exchange};
use crate::logs::feed::Feed;
use crate::logs::follow::{Choice, follow};
use crate::logs::line::{Form, Shaper};
use crate::logs::past;
use crate::logs::seam::{Before, Seam};
use crate::logs::sources::{Source, of_daemon, of_processes};
use crate::logs::wanted::Wanted;
use crate::logs::{rates, summary};
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use rpm_logbook::Filter;
use rpm_pm2::stamp::{self, Stamp, USUAL};
use rpm_proto::{Client, Code, Detail, Request, Stream};
use std::sync::Arc;

/// PM2's number of lines.
const LINES: i64 = 15;

/// The arguments of `rpm logs`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Logs {
    /// Names, ids, namespaces or `/regex/`; without one, all apps and the daemon
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// So many of the last lines of each log; 15, or all that match where lines are chosen
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    lines: Option<i64>,
    #[command(flatten)]
    wanted: Wanted,
    /// Lines and bytes a second by app; of the files with `--nostream`
    #[arg(long)]
    stats: bool,
    /// Do not follow
    #[arg(long)]
    nostream: bool,
    /// Standard error only
    #[arg(long)]
    err: bool,
    /// Standard output only
    #[arg(long)]
    out: bool,
    /// Lines as they were written, with nothing around them
    #[arg(long)]
    raw: bool,
    /// `timestamp=… app=… id=… type=… message=…`
    #[arg(long)]
    format: bool,
    /// Time before each followed line, such as `HH:mm:ss`
    #[arg(long, value_name = "FORMAT", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "a flag whose value may be left out")]
    timestamp: Option<Option<String>>,
    /// Mark this text
    #[arg(long, value_name = "TEXT")]
    highlight: Option<String>,
}

impl Run for Logs {
    const NAME: &'static str = "logs";
    const ALIASES: &'static [&'static str] = &["log"];
    const ABOUT: &'static str = "Show the last lines, then follow";
    const GROUP: Group = Group::Logs;

    fn run(mut self, cli: &mut Cli) -> Outcome {
        self.take_back_target();
        if self.targets.iter().any(|target| target == "all") {
            self.targets.clear();
        }
        let filter = Arc::new(self.wanted.filter(rpm_proto::now())?);
        let follows = !self.nostream && self.wanted.until.is_none();
        let reads = if self.stats { !follows } else { self.lines != Some(0) || !filter.is_open() };
        let mut client = cli.running()?;
        let details = match &mut client {
            Some(client) if reads => self.details(client)?,
            _ => Vec::new(),
        };
        let mut sources = self.sources(cli, &details);
        // Following begins before the files are read, so that no line falls between the two.
        let before = Before::look(&sources);
        let feed = if follows && client.is_some() { self.feed(cli)? } else { None };
        let mut seam = Seam::default();
        if let (Some(client), true, true) = (&mut client, reads, feed.is_some()) {
            // What is answered now was asked after the daemon has been asked to follow.
            client.call(&Request::Ping, |_| {})?;
            seam = before.join(&mut sources, rpm_proto::now());
            of_writers(&mut seam, &details);
        }
        let has_daemon = client.is_some();
        drop(client);
        let mut shaper = self.shaper(cli).seeking(&filter);
        if self.stats && !follows {
            return summary::show(cli, &sources, &filter);
        }
        if reads {
            self.past(cli, &sources, &filter, &mut shaper)?;
        }
        let choice = Choice::new(filter, seam);
        match feed {
            Some(feed) if self.stats => rates::show(cli, feed, choice),
            Some(feed) => follow(cli, feed, &mut shaper, choice),
            None if has_daemon || !follows => Ok(()),
            None => Ok(cli.screen.note(format!("no daemon runs in {}", cli.home.path()))?),
        }
    }
}

impl Logs {
    /// A word behind `--timestamp` that is no format is the target.
    fn take_back_target(&mut self) {
        if self.targets.is_empty()
            && let Some(format) = &mut self.timestamp
        {
            self.targets.extend(format.take_if(|word| !stamp::is_format(word)));
        }
    }

    fn wants(&self, stream: Stream) -> bool {
        let (this, other) = match stream {
            Stream::Out => (self.out, self.err),
            Stream::Err => (self.err, self.out),
        };
        this || !other
    }

    fn shaper(&self, cli: &Cli) -> Shaper {
        let form = match (cli.screen.wish.json, self.raw, self.format) {
            (true, _, _) => Form::Json,
            (_, true, _) => Form::Raw,
            (_, _, true) => Form::Pairs,
            _ => Form::Labelled,
        };
        let stamp = self.timestamp.as_ref();
        let stamp = stamp.map(|format| Stamp::new(format.as_deref().unwrap_or(USUAL)));
        Shaper::new(form, stamp, self.highlight.clone(), cli.screen.paint())
    }

    fn feed(&self, cli: &Cli) -> Result<Option<Feed>, Stop> {
        Feed::open(cli, &self.targets, self.wants(Stream::Out), self.wants(Stream::Err))
    }

    /// What is known of the targets, once each; an unknown one is no error, as it may be started
    /// yet.
    fn details(&self, client: &mut Client) -> Result<Vec<Detail>, Stop> {
        let targets: Vec<Option<&str>> = match &*self.targets {
            [] => vec![None],
            targets => targets.iter().map(|target| Some(&**target)).collect(),
        };
        let mut all = Vec::<Detail>::new();
        for target in targets {
            match exchange::details(client, target) {
                Ok(details) => all.extend(details),
                Err(Stop::Fault(fault)) if fault.code == Code::NotFound => {}
                Err(stop) => return Err(stop),
            }
        }
        all.sort_by_key(|detail| detail.view.id);
        all.dedup_by_key(|detail| detail.view.id);
        Ok(all)
    }

    /// The daemon's own lines are among those of all apps, where lines are labelled.
    fn sources(&self, cli: &Cli, details: &[Detail]) -> Vec<Source> {
        let form_is_labelled = !cli.screen.wish.json && !self.raw && !self.format;
        let mut sources = Vec::new();
        if self.targets.is_empty() && !self.out && !self.err && !self.stats && form_is_labelled {
            sources.push(of_daemon(&cli.home));
        }
        sources.extend(of_processes(details, self.wants(Stream::Out), self.wants(Stream::Err)));
        sources
    }

    /// Shows what is in the files: PM2's last lines of each, or where lines are chosen, or of
    /// several targets, all in the order of their times.
    fn past(
        &self,
        cli: &mut Cli,
        sources: &[Source],
        filter: &Arc<Filter>,
        shaper: &mut Shaper,
    ) -> Outcome {
        let count =
            self.lines.map(|lines| usize::try_from(lines.unsigned_abs()).unwrap_or(usize::MAX));
        let usual = usize::try_from(LINES).unwrap_or_default();
        if !filter.is_open() {
            return past::by_time(cli, sources, count, filter, shaper);
        }
        let count = count.unwrap_or(usual);
        if count == 0 {
            return Ok(());
        }
        if self.targets.len() > 1 {
            return past::by_time(cli, sources, Some(count), filter, shaper);
        }
        if shaper.has_headings() {
            let of = self.targets.first().map_or("all", |target| target);
            let head = format!("[TAILING] the last {count} lines of [{of}] (`--lines N` for more)");
            cli.screen.answer(format!("{}\n", cli.screen.paint().dim(&head)))?;
        }
        past::by_log(cli, sources, count, filter, shaper)
    }
}

/// All processes that write to the logs: those that share one are shown as one.
fn of_writers(seam: &mut Seam, details: &[Detail]) {
    for detail in details {
        for (stream, path) in [(Stream::Out, &detail.out_log), (Stream::Err, &detail.err_log)] {
            if let Some(path) = path {
                seam.writer(detail.view.id, stream, path);
            }
        }
    }
}
