//! The thread: waits for bytes and commands, and carries them where they belong.

use super::command::Command;
use super::file::Writer;
use super::follow::Subscription;
use super::pace::Pace;
use super::run::Runs;
use super::stream::{CAPACITIES, CAPACITY, Read, Stream};
use super::target::Desk;
use super::{LogEvent, Sink};
use camino::Utf8PathBuf;
use rpm_core::Generation;
use rpm_sys::poller::{Interest, Poller, Ready, Waker};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// The bell's name among the streams.
const WAKE: Writer = 0;
/// News that the main loop has no room for is offered again after this.
const OFFER_AGAIN: Duration = Duration::from_millis(20);
/// Files that failed are tried again, and memory for rushes is given back, after this.
const TIDY: Duration = Duration::from_secs(1);

/// All that the thread has.
struct Pump {
    /// The pipes and the bell.
    pipes: Poller,
    /// The bell alone.
    commanded: Poller,
    bell: Waker,
    commands: Receiver<Command>,
    events: mpsc::Sender<LogEvent>,
    /// News that found no room: at most one for each run and each failing file.
    unsent: VecDeque<LogEvent>,
    streams: BTreeMap<Writer, Stream>,
    next_writer: Writer,
    runs: Runs,
    followers: Vec<Subscription>,
    desk: Desk,
    buffer: Vec<u8>,
    /// It was filled since it was last tidied.
    rushed: bool,
    tidied: Instant,
    pace: Pace,
    quit: bool,
}

/// Starts the thread.
pub(super) fn start(
    commands: Receiver<Command>,
    bell: Waker,
    events: mpsc::Sender<LogEvent>,
) -> io::Result<()> {
    let (pipes, commanded) = (Poller::new()?, Poller::new()?);
    pipes.add(bell.fd(), WAKE, Interest::Read)?;
    commanded.add(bell.fd(), WAKE, Interest::Read)?;
    let mut pump = Pump {
        pipes,
        commanded,
        bell,
        commands,
        events,
        unsent: VecDeque::new(),
        streams: BTreeMap::new(),
        next_writer: WAKE + 1,
        runs: Runs::default(),
        followers: Vec::new(),
        desk: Desk::default(),
        buffer: vec![0; CAPACITY],
        rushed: false,
        tidied: Instant::now(),
        pace: Pace::new(),
        quit: false,
    };
    std::thread::Builder::new().name("logs".to_owned()).spawn(move || pump.run())?;
    Ok(())
}

impl Pump {
    fn run(&mut self) {
        let mut ready = Vec::new();
        while !self.quit {
            if let Err(error) = self.wait(&mut ready) {
                tracing::error!(%error, "the log thread cannot wait; ending");
                break;
            }
            // What was commanded before bytes came holds for them.
            if ready.iter().any(|event| event.token == WAKE) {
                self.obey();
            }
            for event in ready.drain(..).filter(|event| event.token != WAKE) {
                self.read(event.token);
            }
            self.pace.passed();
            self.tidy();
            self.tell();
        }
        self.end();
    }

    /// Waits until there is something to do; while it keeps the pace, for commands alone.
    fn wait(&mut self, ready: &mut Vec<Ready>) -> io::Result<()> {
        let limit = match self.pace.wait() {
            Some(pause) => {
                self.commanded.wait(ready, Some(pause))?;
                Some(Duration::ZERO)
            }
            None => self.limit(),
        };
        self.pipes.wait(ready, limit)
    }

    /// How long it may sleep.
    fn limit(&self) -> Option<Duration> {
        if !self.unsent.is_empty() {
            return Some(OFFER_AGAIN);
        }
        let untidy = self.buffer.len() > CAPACITY || self.desk.files.any_troubled();
        untidy.then_some(TIDY)
    }

    /// Tries again what failed, and gives back memory after a rush; now and then.
    fn tidy(&mut self) {
        if self.tidied.elapsed() < TIDY {
            return;
        }
        self.tidied = Instant::now();
        self.desk.files.recover();
        if !std::mem::take(&mut self.rushed) && self.buffer.len() > CAPACITY {
            self.buffer = vec![0; CAPACITY];
            self.desk.scratch = Vec::new();
        }
    }

    fn read(&mut self, writer: Writer) -> Read {
        let Some(stream) = self.streams.get_mut(&writer) else {
            return Read::End;
        };
        let read = stream.read(&mut self.buffer);
        match read {
            Read::Nothing => {}
            Read::End => self.end_stream(writer),
            Read::Bytes(count) => {
                let (bytes, at) = (&self.buffer[..count], now());
                self.pace.saw(count, stream.capacity());
                self.runs.take(stream.generation, stream.which(), at, bytes);
                stream.take(bytes, at, &mut self.desk);
                self.rushed |= count >= CAPACITY;
                if count == self.buffer.len() {
                    let size = stream.capacity().clamp(CAPACITY, CAPACITIES[0]);
                    self.buffer.resize(size, 0);
                }
            }
        }
        read
    }

    /// Reads what a pipe holds now, whatever comes meanwhile.
    fn drain(&mut self, writer: Writer) {
        let Some(stream) = self.streams.get(&writer) else {
            return;
        };
        let mut waiting = stream.waiting();
        while let Read::Bytes(count) = self.read(writer) {
            waiting = waiting.saturating_sub(count);
            if waiting == 0 {
                break;
            }
        }
    }

    fn drain_run(&mut self, generation: Generation) {
        for writer in self.runs.open(generation) {
            self.drain(writer);
        }
    }

    fn obey(&mut self) {
        self.bell.clear();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Open(sink) => self.open(*sink),
                Command::Settle(generation) => self.runs.settle(generation),
                Command::Gone(generation) => self.drain_run(generation),
                Command::Close(generation) => self.close(generation),
                Command::Tail(generation, reply) => {
                    self.drain_run(generation);
                    answer(reply, self.runs.tail(generation));
                }
                Command::Reopen(reply) => {
                    self.sync();
                    self.desk.files.reopen();
                    answer(reply, ());
                }
                Command::Flush(files, reply) => answer(reply, self.flush(files)),
                Command::Sync(reply) => {
                    self.sync();
                    answer(reply, ());
                }
                Command::Follow(subscription) => self.follow(subscription),
                Command::Unfollow => self.unfollow(),
                Command::Quit => self.quit = true,
            }
        }
    }

    fn open(&mut self, sink: Sink) {
        let (generation, keep_tail, name) = (sink.generation, sink.keep_tail, sink.name.clone());
        let writer = self.next_writer;
        self.next_writer += 1;
        let mut stream = match Stream::open(sink, writer, &mut self.desk) {
            Ok(stream) => stream,
            Err(error) => {
                tracing::error!(app = %name, %generation, %error, "its output cannot be read");
                return;
            }
        };
        if let Err(error) = self.pipes.add(stream.as_fd(), writer, Interest::Read) {
            tracing::error!(app = %name, %generation, %error, "its output cannot be waited for");
            stream.end(now(), &mut self.desk);
            return;
        }
        for subscription in &self.followers {
            stream.offer(subscription);
        }
        let source = stream.source();
        self.runs.add(generation, (source.proc, &source.name), writer, keep_tail);
        self.streams.insert(writer, stream);
    }

    fn close(&mut self, generation: Generation) {
        self.drain_run(generation);
        for writer in self.runs.open(generation) {
            self.end_stream(writer);
        }
    }

    /// The pipe leaves the epoll set by itself only when nobody else holds it, `epoll(7)`.
    fn end_stream(&mut self, writer: Writer) {
        let Some(stream) = self.streams.remove(&writer) else {
            return;
        };
        if let Err(error) = self.pipes.remove(stream.as_fd()) {
            tracing::warn!(%error, "could not let go of a pipe");
        }
        let generation = stream.generation;
        stream.end(now(), &mut self.desk);
        if self.runs.end(generation, writer) {
            self.unsent.push_back(LogEvent::Ended(generation));
        }
    }

    fn sync(&mut self) {
        let writers: Vec<Writer> = self.streams.keys().copied().collect();
        for writer in writers {
            self.drain(writer);
        }
        let at = now();
        for stream in self.streams.values_mut() {
            stream.sync(at, &mut self.desk);
        }
    }

    fn flush(&mut self, files: Vec<Utf8PathBuf>) -> Vec<Utf8PathBuf> {
        self.sync();
        let emptied = |path: &Utf8PathBuf| match self.desk.files.empty(path) {
            Ok(()) => true,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%path, %error, "could not empty a log file");
                }
                false
            }
        };
        files.into_iter().filter(emptied).collect()
    }

    fn follow(&mut self, subscription: Subscription) {
        for stream in self.streams.values_mut() {
            stream.offer(&subscription);
        }
        self.followers.push(subscription);
    }

    fn unfollow(&mut self) {
        self.followers.retain(Subscription::is_alive);
        self.streams.values_mut().for_each(Stream::drop_gone_followers);
    }

    /// Tells the main loop what it has room for. The loop waits for nothing here, nor is it waited
    /// for.
    fn tell(&mut self) {
        let troubles = self.desk.files.news();
        self.unsent
            .extend(troubles.into_iter().map(|(path, error)| LogEvent::Trouble { path, error }));
        while let Some(event) = self.unsent.pop_front() {
            if let Err(TrySendError::Full(event)) = self.events.try_send(event) {
                self.unsent.push_front(event);
                break;
            }
        }
    }

    fn end(&mut self) {
        self.sync();
        let writers: Vec<Writer> = self.streams.keys().copied().collect();
        for writer in writers {
            self.end_stream(writer);
        }
        self.tell();
        self.followers.iter().for_each(Subscription::close);
    }
}

/// Answers whoever still waits for it.
fn answer<T>(reply: tokio::sync::oneshot::Sender<T>, value: T) {
    drop(reply.send(value));
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
