//! `rpm logs`: the last lines of each log file, then what is written from now on.

use super::{Cli, Run, exchange};
use crate::connect;
use crate::logs::line::{Form, Origin, Shaper};
use crate::logs::sources::{Source, of_daemon, of_processes};
use crate::logs::tail::last_lines;
use crate::outcome::{self, Outcome};
use crate::verbs::Group;
use rpm_core::Target;
use rpm_pm2::stamp::{self, Stamp, USUAL};
use rpm_proto::client::CallError;
use rpm_proto::{Client, Code, Reply, Request, Stream};
use std::collections::BTreeSet;

/// PM2's number of lines.
const LINES: i64 = 15;
/// A connection that breaks before the daemon has said a word is tried again so often: the socket
/// outlives a daemon that ends, for a moment.
const TRIES: usize = 5;

/// The arguments of `rpm logs`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Logs {
    /// Name, id, namespace or `/regex/`; without one, all apps and the daemon
    target: Option<String>,
    /// So many of the last lines of each file
    #[arg(long, value_name = "N", default_value_t = LINES, allow_negative_numbers = true)]
    lines: i64,
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
        let target = self.target.take().filter(|target| target != "all");
        let mut shaper = self.shaper(cli);
        let mut client = cli.running()?;
        let request = Request::Follow {
            target: target.as_deref().map(Target::from),
            out: self.wants(Stream::Out),
            err: self.wants(Stream::Err),
        };
        // Following begins before the files are read, so that no line falls between the two.
        let mut follower = match &client {
            Some(_) if !self.nostream => connect::to_running(&cli.home)?,
            _ => None,
        };
        if let Some(follower) = &mut follower {
            follower.send(&request)?;
        }
        if self.lines != 0 {
            self.tail(cli, client.as_mut(), target.as_deref(), &mut shaper)?;
        }
        drop(client);
        match follower {
            Some(follower) => follow(cli, follower, &request, &mut shaper, None),
            None if self.nostream => Ok(()),
            None => Ok(cli.screen.note(format!("no daemon runs in {}", cli.home.path()))?),
        }
    }
}

impl Logs {
    /// A word behind `--timestamp` that is no format is the target.
    fn take_back_target(&mut self) {
        if self.target.is_none()
            && let Some(format) = &mut self.timestamp
        {
            self.target = format.take_if(|word| !stamp::is_format(word));
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

    fn tail(
        &self,
        cli: &mut Cli,
        client: Option<&mut Client>,
        target: Option<&str>,
        shaper: &mut Shaper,
    ) -> Outcome {
        let count = usize::try_from(self.lines.unsigned_abs()).unwrap_or(usize::MAX);
        if shaper.has_headings() {
            let of = target.unwrap_or("all");
            let head = format!("[TAILING] the last {count} lines of [{of}] (`--lines N` for more)");
            cli.screen.answer(format!("{}\n", cli.screen.paint().dim(&head)))?;
        }
        let mut sources = Vec::new();
        if target.is_none() && !self.out && !self.err && shaper.has_headings() {
            sources.push(of_daemon(&cli.home));
        }
        if let Some(client) = client {
            sources.extend(self.files(client, target)?);
        }
        for source in sources {
            show(cli, &source, count, shaper)?;
        }
        Ok(())
    }

    /// The files of what is known; an unknown target is no error, as it may be started yet.
    fn files(
        &self,
        client: &mut Client,
        target: Option<&str>,
    ) -> Result<Vec<Source>, outcome::Stop> {
        let details = match exchange::details(client, target) {
            Ok(details) => details,
            Err(outcome::Stop::Fault(fault)) if fault.code == Code::NotFound => Vec::new(),
            Err(stop) => return Err(stop),
        };
        Ok(of_processes(&details, self.wants(Stream::Out), self.wants(Stream::Err)))
    }
}

fn show(cli: &mut Cli, source: &Source, count: usize, shaper: &mut Shaper) -> Outcome {
    // A file that is not there yet has no lines.
    let Ok(lines) = last_lines(&source.path, count) else {
        return Ok(());
    };
    let origin = Origin { proc: source.proc, name: &source.name, stream: source.stream };
    let mut shown = Vec::new();
    if shaper.has_headings() {
        let head = format!("{} last {count} lines:", source.path.display());
        shown.extend(format!("{}\n", cli.screen.paint().dim(&head)).into_bytes());
    }
    for line in lines {
        shown.extend(shaper.shape(origin, None, &line));
    }
    if shaper.has_headings() {
        shown.push(b'\n');
    }
    write(cli, source.stream, shaper, shown)
}

/// Shows lines as they come; of these instances only, where some are named.
pub(super) fn follow(
    cli: &mut Cli,
    mut follower: Client,
    request: &Request,
    shaper: &mut Shaper,
    only: Option<&BTreeSet<u32>>,
) -> Outcome {
    loop {
        match follower.next() {
            Ok(Reply::Log(line)) if only.is_some_and(|only| !only.contains(&line.proc)) => {}
            Ok(Reply::Log(line)) => {
                let origin =
                    Origin { proc: Some(line.proc), name: &line.name, stream: line.stream };
                let shown = shaper.shape(origin, Some(line.at), &line.bytes);
                write(cli, line.stream, shaper, shown)?;
            }
            Ok(Reply::Missed { lines }) => {
                cli.screen.note(format!("-- {lines} lines were left out: too slow --"))?;
            }
            Ok(Reply::Failed { fault, .. }) => return Err(fault.into()),
            Ok(_) => return Err(connect::unexpected().into()),
            Err(CallError::Io(_)) => match again(cli, request)? {
                Some(client) => follower = client,
                None => return Ok(()),
            },
            Err(error) => return Err(error.into()),
        }
    }
}

/// A new connection after the daemon was replaced; `None` when it has ended.
fn again(cli: &mut Cli, request: &Request) -> Result<Option<Client>, outcome::Stop> {
    for _ in 0..TRIES {
        let Some(mut client) = cli.running()? else {
            return Ok(None);
        };
        // Answered by a successor only: one that ends hangs up.
        if let Ok(Reply::Pong) = client.call(&Request::Ping, |_| {}) {
            client.send(request)?;
            cli.screen.note("-- the daemon was restarted; following again --")?;
            return Ok(Some(client));
        }
    }
    Ok(None)
}

/// Raw lines keep to their streams.
fn write(cli: &mut Cli, stream: Stream, shaper: &Shaper, shown: Vec<u8>) -> Outcome {
    if shaper.is_raw() && stream == Stream::Err {
        return Ok(cli.screen.err_raw(shown)?);
    }
    Ok(cli.screen.data(shown)?)
}
