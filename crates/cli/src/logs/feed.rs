//! Lines from the daemon as they come, in batches; for several targets, over a connection each.

use crate::commands::Cli;
use crate::connect;
use crate::outcome::Stop;
use rpm_core::Target;
use rpm_proto::client::CallError;
use rpm_proto::{Client, LogLine, Reply, Request};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Replies that wait to be shown. The daemon keeps more, and counts what it has to leave out.
const WAITING: usize = 1024;
/// Replies that are looked at together.
const BATCH: usize = 4096;
/// A connection that breaks before the daemon has said a word is tried again so often: the socket
/// outlives a daemon that ends, for a moment.
const TRIES: usize = 5;

type Heard = (usize, Result<Reply, CallError>);

/// What is followed.
pub(crate) struct Feed {
    requests: Vec<Request>,
    heard: Receiver<Heard>,
    sender: SyncSender<Heard>,
    /// Connections that have not ended.
    open: usize,
    /// Which connection tells of a process that more than one target names.
    teller: HashMap<u32, usize>,
}

/// Some of what came.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Lines in the order in which they were read from the apps.
    pub(crate) lines: Vec<LogLine>,
    /// What came after them.
    pub(crate) then: Option<Event>,
}

/// What may happen between lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// So many lines were left out, because this is too slow.
    Missed(u64),
    /// The daemon was replaced; lines in between may be missing.
    Replaced,
    /// The daemon has ended.
    Ended,
}

impl Feed {
    /// Begins to follow; `None` where no daemon runs.
    pub(crate) fn open(
        cli: &Cli,
        targets: &[String],
        out: bool,
        err: bool,
    ) -> Result<Option<Self>, Stop> {
        let of_target = |target| Request::Follow { target, out, err };
        let mut requests: Vec<Request> =
            targets.iter().map(|target| of_target(Some(Target::from(&**target)))).collect();
        if requests.is_empty() {
            requests.push(of_target(None));
        }
        let mut clients = Vec::new();
        for _ in &requests {
            let Some(client) = connect::to_running(&cli.home)? else {
                return Ok(None);
            };
            clients.push(client);
        }
        for (client, request) in clients.iter_mut().zip(&requests) {
            client.send(request)?;
        }
        let mut feed = Self::of(requests);
        for (number, client) in clients.into_iter().enumerate() {
            feed.listen(number, client);
        }
        Ok(Some(feed))
    }

    /// Goes on with a connection on which a request has been sent.
    pub(crate) fn on(client: Client, request: Request) -> Self {
        let mut feed = Self::of(vec![request]);
        feed.listen(0, client);
        feed
    }

    fn of(requests: Vec<Request>) -> Self {
        let (sender, heard) = sync_channel(WAITING);
        Self { requests, heard, sender, open: 0, teller: HashMap::new() }
    }

    fn listen(&mut self, number: usize, mut client: Client) {
        let sender = self.sender.clone();
        self.open += 1;
        thread::spawn(move || {
            loop {
                let heard = client.next();
                let is_last = heard.is_err();
                if sender.send((number, heard)).is_err() || is_last {
                    return;
                }
            }
        });
    }

    /// What has come, and what comes within `patience` where nothing has. Lines of one batch are
    /// sorted by the time at which the daemon read them; those of one process are in the order in
    /// which it wrote them.
    pub(crate) fn next(&mut self, cli: &Cli, patience: Duration) -> Result<Batch, Stop> {
        let mut batch = Batch::default();
        // This holds a sender, so that an error is that nothing came.
        let mut next = self.heard.recv_timeout(patience).ok();
        while let Some(heard) = next {
            batch.then = self.take(cli, heard, &mut batch.lines)?;
            let is_full = batch.then.is_some() || batch.lines.len() >= BATCH;
            next = if is_full { None } else { self.heard.try_recv().ok() };
        }
        batch.lines.sort_by_key(|line| line.at);
        Ok(batch)
    }

    fn take(
        &mut self,
        cli: &Cli,
        (number, heard): Heard,
        lines: &mut Vec<LogLine>,
    ) -> Result<Option<Event>, Stop> {
        match heard {
            Ok(Reply::Log(line)) => {
                if *self.teller.entry(line.proc).or_insert(number) == number {
                    lines.push(line);
                }
                Ok(None)
            }
            Ok(Reply::Missed { lines }) => Ok(Some(Event::Missed(lines))),
            Ok(Reply::Failed { fault, .. }) => Err(fault.into()),
            Ok(_) => Err(connect::unexpected().into()),
            Err(CallError::Io(_)) => {
                self.open -= 1;
                if let Some(client) = again(cli, &self.requests[number])? {
                    self.listen(number, client);
                    return Ok((number == 0).then_some(Event::Replaced));
                }
                Ok((self.open == 0).then_some(Event::Ended))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A new connection after the daemon was replaced; `None` when it has ended.
fn again(cli: &Cli, request: &Request) -> Result<Option<Client>, Stop> {
    for _ in 0..TRIES {
        let Some(mut client) = cli.running()? else {
            return Ok(None);
        };
        // Answered by a successor only: one that ends hangs up.
        if let Ok(Reply::Pong) = client.call(&Request::Ping, |_| {}) {
            client.send(request)?;
            return Ok(Some(client));
        }
    }
    Ok(None)
}
