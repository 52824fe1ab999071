//! What is asked of the daemon, each by a thread of its own, so that the page never waits for it.

use crate::action::Action;
use crate::logs::assumed;
use crate::model::{Event, Known};
use crate::trends::{KEPT, STEP_MS};
use camino::{Utf8Path, Utf8PathBuf};
use rpm_chronicle::events::Wanted;
use rpm_core::{ProcId, Target};
use rpm_logbook::{Log, Tail, last, latest};
use rpm_proto::client::CallError;
use rpm_proto::{Client, Detail, LogLine, Metric, Reply, Request, Stream};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel};
use std::thread;
use std::time::Duration;

/// Between two looks at everything.
const STEP: Duration = Duration::from_millis(STEP_MS.unsigned_abs());
/// A daemon that is away is tried again after this.
const PAUSE: Duration = Duration::from_secs(1);
/// A daemon that says nothing for so long is away.
const PATIENCE: Duration = Duration::from_secs(10);
/// Whoever follows looks so often whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(200);
/// Lines from the files of what is selected.
const LINES: usize = 300;
/// So much of the end of each log.
const TAIL: Tail = Tail { line_bytes: 16 * 1024, bytes: 512 * 1024, ..Tail::lines(LINES) };
/// Lines that are shown together.
const BATCH: usize = 256;
/// Happenings from before.
const HAPPENINGS: usize = 200;
/// What events say that a person used.
const VIA: &str = "rpm monit";

/// Where news go.
pub(crate) type News = SyncSender<Event>;

/// The way to the daemon.
pub(crate) struct Daemon {
    socket: Utf8PathBuf,
    home: Utf8PathBuf,
    news: News,
    bell: Sender<()>,
    selection: Arc<AtomicU64>,
}

impl Daemon {
    /// Begins to look at the daemon whose home this is.
    pub(crate) fn watch(home: &Utf8Path, news: News) -> Self {
        let (bell, rung) = channel();
        let socket = home.join("rpm.sock");
        let home = home.to_owned();
        let daemon = Self { socket, home, news, bell, selection: Arc::default() };
        let (socket, news) = (daemon.socket.clone(), daemon.news.clone());
        thread::spawn(move || observe(&socket, &news, &rung));
        let (socket, home, news) =
            (daemon.socket.clone(), daemon.home.clone(), daemon.news.clone());
        thread::spawn(move || happenings(&socket, &home, &news));
        daemon
    }

    /// Looks now.
    pub(crate) fn refresh(&self) {
        // Whoever looks ends with the page.
        self.bell.send(()).ok();
    }

    /// Finds out about these processes of an app, and follows them until others are looked at.
    pub(crate) fn look(&self, selection: u64, name: String, ids: Vec<u32>) {
        self.selection.store(selection, Ordering::Relaxed);
        let (socket, home, news) = (self.socket.clone(), self.home.clone(), self.news.clone());
        let current = Arc::clone(&self.selection);
        thread::spawn(move || {
            let is_wanted = || current.load(Ordering::Relaxed) == selection;
            // Whoever runs through the list with a key held down asks for nothing.
            thread::sleep(GLANCE / 2);
            // A daemon that is away is told of by the one that looks at everything.
            if is_wanted()
                && follow(&socket, &home, &news, selection, (&name, &ids), is_wanted).is_err()
            {
                thread::sleep(PAUSE);
                drop(news.send(Event::Lost(selection)));
            }
        });
    }

    /// Finds out about these processes again.
    pub(crate) fn know(&self, selection: u64, name: String, ids: Vec<u32>) {
        let (socket, home, news) = (self.socket.clone(), self.home.clone(), self.news.clone());
        thread::spawn(move || {
            if let Ok(known) = know(&socket, &home, &name, &ids) {
                drop(news.send(Event::Known(selection, Box::new(known))));
            }
        });
    }

    /// Does something.
    pub(crate) fn act(&self, action: Action) {
        let (socket, news) = (self.socket.clone(), self.news.clone());
        thread::spawn(move || {
            let words = format!("{} {}", action.act.word(), action.name);
            let done = act(&socket, &action).map_err(|why| format!("{words}: {why}"));
            drop(news.send(Event::Done(format!("{words}: done"), done)));
        });
    }
}

fn connect(socket: &Utf8Path) -> Result<Client, String> {
    Client::connect(socket).map(|client| client.via(VIA)).map_err(|error| error.to_string())
}

fn call(client: &mut Client, request: &Request) -> Result<Reply, String> {
    match client.call(request, |_| {}) {
        Ok(Reply::Failed { fault, .. }) => Err(fault.what),
        Ok(reply) => Ok(reply),
        Err(error) => Err(error.to_string()),
    }
}

/// Asks what is to be seen, again and again.
fn observe(socket: &Utf8Path, news: &News, bell: &Receiver<()>) {
    loop {
        let session = || -> Result<(), String> {
            let mut client =
                connect(socket)?.patient(PATIENCE).map_err(|error| error.to_string())?;
            let mut is_first = true;
            loop {
                let Reply::Observed { observed } = call(&mut client, &Request::Observe)? else {
                    return Err("it is of a version that has nothing to show".to_owned());
                };
                let at = observed.at;
                if news.send(Event::Seen(observed)).is_err() {
                    return Ok(());
                }
                if std::mem::take(&mut is_first)
                    && let Ok(Reply::History { series }) = call(&mut client, &history(at))
                {
                    drop(news.send(Event::History(series)));
                }
                if bell.recv_timeout(STEP) == Err(RecvTimeoutError::Disconnected) {
                    return Ok(());
                }
            }
        };
        match session() {
            Ok(()) => return,
            Err(why) => {
                if news.send(Event::Away(why)).is_err()
                    || bell.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected)
                {
                    return;
                }
            }
        }
    }
}

fn history(until: i64) -> Request {
    let points = u32::try_from(KEPT).unwrap_or(u32::MAX);
    Request::History {
        of: None,
        metrics: vec![Metric::Cpu, Metric::Memory, Metric::Requests, Metric::EventLoop],
        from: until - STEP_MS * i64::from(points),
        until,
        points,
    }
}

/// What happened before, and what happens.
fn happenings(socket: &Utf8Path, home: &Utf8Path, news: &News) {
    let folder = home.join(rpm_chronicle::events::FOLDER);
    let mut seen = 0;
    loop {
        let session = || -> Result<Client, CallError> {
            let absent = |_| CallError::Io(io::ErrorKind::NotConnected.into());
            let mut client = Client::connect(socket).map_err(absent)?;
            client.send(&Request::Happenings)?;
            Ok(client)
        };
        let client = session();
        // Those of the time in which nothing was heard are in the file, too.
        let mut before = rpm_chronicle::events::latest(&folder, &Wanted::default(), HAPPENINGS)
            .unwrap_or_default();
        before.retain(|it| it.seq > seen);
        before.sort_by_key(|it| it.seq);
        seen = before.last().map_or(seen, |it| it.seq);
        if news.send(Event::Happenings(before)).is_err() {
            return;
        }
        if let Ok(mut client) = client {
            while let Ok(reply) = client.next() {
                if let Reply::Happening { happening } = reply
                    && happening.seq > seen
                {
                    seen = happening.seq;
                    if news.send(Event::Happenings(vec![happening])).is_err() {
                        return;
                    }
                }
            }
        }
        thread::sleep(PAUSE);
    }
}

/// Finds out about processes, shows the last lines of their logs, and follows them.
fn follow(
    socket: &Utf8Path,
    home: &Utf8Path,
    news: &News,
    selection: u64,
    (name, ids): (&str, &[u32]),
    is_wanted: impl Fn() -> bool,
) -> Result<(), String> {
    let mut known = know(socket, home, name, ids)?;
    // An app with one instance is followed by its id: another app's namespace may have its name.
    let target = if let [id] = ids { id.to_string() } else { name.to_owned() };
    let mut follower = connect(socket)?;
    let request = Request::Follow { target: Some(Target(target)), out: true, err: true };
    follower.send(&request).map_err(|error| error.to_string())?;
    known.lines = recent(&known.details);
    if news.send(Event::Known(selection, Box::new(known))).is_err() {
        return Ok(());
    }
    while is_wanted() {
        let mut lines = Vec::new();
        let mut missed = 0;
        let mut patience = GLANCE;
        while lines.len() < BATCH && is_ready(&follower, patience).map_err(|it| it.to_string())? {
            match follower.next().map_err(|error| error.to_string())? {
                Reply::Log(line) if ids.contains(&line.proc) => lines.push(line),
                Reply::Missed { lines } => missed += lines,
                _ => {}
            }
            patience = Duration::ZERO;
        }
        if missed > 0 && news.send(Event::Missed(selection, missed)).is_err() {
            return Ok(());
        }
        if !lines.is_empty() && news.send(Event::Lines(selection, lines)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// All that is known of these processes of an app but their lines.
fn know(socket: &Utf8Path, home: &Utf8Path, name: &str, ids: &[u32]) -> Result<Known, String> {
    let mut client = connect(socket)?;
    let mut details = Vec::new();
    for id in ids {
        let target = Some(Target::id(ProcId(*id)));
        // One that is gone meanwhile has none.
        if let Ok(Reply::Details { details: found }) =
            call(&mut client, &Request::Inspect { target })
        {
            details.extend(found);
        }
    }
    let folder = home.join(rpm_chronicle::crashes::FOLDER);
    let mut crashes = rpm_chronicle::crashes::list(&folder).unwrap_or_default();
    crashes.retain(|crash| crash.app == name && ids.contains(&crash.proc));
    Ok(Known { details, crashes, lines: Vec::new() })
}

/// The last lines of the logs of these processes, in the order of their times. A log that cannot be
/// read has none.
fn recent(details: &[Detail]) -> Vec<LogLine> {
    let mut logs = Vec::new();
    let mut origins = Vec::new();
    for detail in details {
        let streams = [(Stream::Out, &detail.out_log), (Stream::Err, &detail.err_log)];
        for (stream, path) in streams {
            let Some(path) = path else { continue };
            let is_known = |(_, _, known): &(u32, Stream, String)| known == path;
            if origins.iter().any(is_known) {
                continue;
            }
            let stamp = detail.spec.logs.date_format.clone();
            let log = Log { stamp, level: assumed(stream), ..Log::plain(path) };
            logs.push(last(&log, &TAIL, &Arc::default()).unwrap_or_default());
            origins.push((detail.view.id, stream, path.clone()));
        }
    }
    let name = details.first().map(|detail| detail.view.name.clone()).unwrap_or_default();
    let lines = latest(logs, LINES, TAIL.bytes).into_iter().map(|(number, entry)| {
        let (proc, stream, _) = origins[number];
        let bytes = entry.line[entry.seen.text..].to_vec();
        LogLine { proc, name: name.clone(), stream, at: entry.order, bytes }
    });
    lines.collect()
}

fn is_ready(client: &Client, patience: Duration) -> io::Result<bool> {
    let timeout = Timespec::try_from(patience).unwrap_or_default();
    match poll(&mut [PollFd::new(client, PollFlags::IN)], Some(&timeout)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn act(socket: &Utf8Path, action: &Action) -> Result<(), String> {
    call(&mut connect(socket)?, &action.request()).map(drop)
}
