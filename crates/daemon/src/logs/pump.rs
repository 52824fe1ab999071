//! The thread that captures: waits for bytes and commands, and carries them where they belong.
//!
//! It never waits for a disk. What it captures is in spools, for the threads of the crew.

use super::LogEvent;
use super::command::Command;
use super::crew::{Crew, wall_ms};
use super::file::Writer;
use super::files::Files;
use super::follow::Subscription;
use super::intake::Taken;
use super::outlet::schedule;
use super::pace::Pace;
use super::pending::Pending;
use super::run::Runs;
use super::stream::{CAPACITY, Stream};
use rpm_core::Generation;
use rpm_sys::alarm::Alarm;
use rpm_sys::poller::{Interest, Poller, Ready, Waker};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// The bell's name among the streams.
pub(super) const WAKE: Writer = 0;
/// The alarm's name among the streams.
const ALARM: Writer = Writer::MAX;
/// News that the main loop has no room for is offered again after this.
const OFFER_AGAIN: Duration = Duration::from_millis(20);
/// Files that hang are looked at this often, while somebody waits for them.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Files that failed are tried again, and memory for rushes is given back, after this.
const TIDY: Duration = Duration::from_secs(1);
/// Where there is no memory for a spool, it is tried again after this.
const STARVED: Duration = Duration::from_millis(50);

/// All that the thread has.
pub(super) struct Pump {
    /// The pipes and the bell.
    pub(super) pipes: Poller,
    /// The bell alone.
    commanded: Poller,
    pub(super) bell: Waker,
    /// It rings when a file is to be put aside.
    pub(super) alarm: Alarm,
    /// What it is set to, in ms since 1970.
    pub(super) next_due: Option<i64>,
    pub(super) commands: Receiver<Command>,
    events: mpsc::Sender<LogEvent>,
    /// News that found no room: at most two for each run and one for each failing file.
    pub(super) unsent: VecDeque<LogEvent>,
    pub(super) streams: BTreeMap<Writer, Stream>,
    /// Streams whose bytes are left in their pipes, and until when at least.
    paused: BTreeMap<Writer, Instant>,
    /// Streams that may have memory to give back, or that drop.
    pub(super) touched: BTreeSet<Writer>,
    pub(super) next_writer: Writer,
    pub(super) runs: Runs,
    pub(super) followers: Vec<Subscription>,
    pub(super) files: Files,
    pub(super) crew: Arc<Crew>,
    /// Requests that wait until what was in the pipes has been captured.
    pub(super) pending: VecDeque<Pending>,
    pub(super) troubled: bool,
    /// Work waits for a thread.
    crowded: bool,
    buffer: Vec<u8>,
    /// It was filled since it was last tidied.
    rushed: bool,
    tidied: Instant,
    pace: Pace,
    pub(super) quit: Option<Quit>,
}

/// An end that is waited for.
pub(super) struct Quit {
    /// All is written.
    pub(super) done: Arc<AtomicBool>,
    /// When not to wait any more.
    pub(super) until: Instant,
}

/// Starts the thread.
pub(super) fn start(
    commands: Receiver<Command>,
    bell: Waker,
    crew: Arc<Crew>,
    events: mpsc::Sender<LogEvent>,
) -> io::Result<()> {
    let (pipes, commanded, alarm) = (Poller::new()?, Poller::new()?, Alarm::new()?);
    pipes.add(bell.fd(), WAKE, Interest::Read)?;
    pipes.add(alarm.as_fd(), ALARM, Interest::Read)?;
    commanded.add(bell.fd(), WAKE, Interest::Read)?;
    let mut pump = Pump {
        pipes,
        commanded,
        bell,
        alarm,
        next_due: None,
        commands,
        events,
        unsent: VecDeque::new(),
        streams: BTreeMap::new(),
        paused: BTreeMap::new(),
        touched: BTreeSet::new(),
        next_writer: WAKE + 1,
        runs: Runs::default(),
        followers: Vec::new(),
        files: Files::default(),
        crew,
        pending: VecDeque::new(),
        troubled: false,
        crowded: false,
        buffer: Vec::new(),
        rushed: false,
        tidied: Instant::now(),
        pace: Pace::new(),
        quit: None,
    };
    std::thread::Builder::new().name("logs".to_owned()).spawn(move || pump.run())?;
    Ok(())
}

impl Pump {
    fn run(&mut self) {
        let mut ready = Vec::new();
        while !self.is_over() {
            if let Err(error) = self.wait(&mut ready) {
                tracing::error!(%error, "the log thread cannot wait; ending");
                break;
            }
            // What was commanded before bytes came holds for them.
            if ready.iter().any(|event| event.token == WAKE) {
                self.obey();
            }
            for event in ready.drain(..) {
                match event.token {
                    WAKE => {}
                    ALARM => self.ring(),
                    writer => drop(self.read(writer, false)),
                }
            }
            self.pace.passed();
            self.go_on();
            self.settle();
            self.tidy();
            self.crowded = self.crew.relieve();
            self.tell();
        }
        self.crew.dismiss();
        self.tell();
        let at = wall_ms();
        self.streams.values_mut().for_each(|stream| stream.end_lines(at));
        self.followers.iter().for_each(Subscription::close);
    }

    fn is_over(&self) -> bool {
        self.quit
            .as_ref()
            .is_some_and(|quit| quit.done.load(Ordering::Acquire) || Instant::now() >= quit.until)
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
        if self.crowded || !self.paused.is_empty() || self.quit.is_some() {
            return Some(LOOK_AGAIN);
        }
        let untidy = self.buffer.capacity() > CAPACITY || self.troubled || !self.touched.is_empty();
        untidy.then_some(TIDY)
    }

    /// Tries again what failed, and gives back memory after a rush; now and then.
    fn tidy(&mut self) {
        if self.tidied.elapsed() < TIDY {
            return;
        }
        self.tidied = Instant::now();
        if self.troubled {
            let troubled = self.files.all().filter(|outlet| outlet.is_troubled());
            self.troubled = troubled.map(|outlet| schedule(outlet, &self.crew)).count() > 0;
        }
        for writer in std::mem::take(&mut self.touched) {
            if self.is_touched(writer) {
                self.touched.insert(writer);
            }
        }
        if !std::mem::take(&mut self.rushed) {
            self.buffer = Vec::new();
        }
    }

    /// Gives back the memory of a quiet stream, and ends its dropping. Returns whether to look at it
    /// again.
    fn is_touched(&mut self, writer: Writer) -> bool {
        let Some(stream) = self.streams.get_mut(&writer) else {
            return false;
        };
        let weather = stream.weather(&self.crew, false);
        let Some(intake) = stream.intake() else {
            return false;
        };
        let done = intake.resume(weather).and_then(|resumed| {
            intake.trim()?;
            Ok(resumed)
        });
        let touched = intake.drops() || intake.spool().used() > 0;
        match done {
            Ok(true) => stream.outlets.iter().for_each(|outlet| schedule(outlet, &self.crew)),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "could not give back memory of a spool"),
        }
        touched
    }

    /// Takes once from a pipe.
    pub(super) fn read(&mut self, writer: Writer, force: bool) -> Taken {
        let Some(stream) = self.streams.get_mut(&writer) else {
            return Taken::End;
        };
        let at = wall_ms();
        let look = self.runs.keeps_tail(stream.generation);
        let weather = stream.weather(&self.crew, force);
        let taken = stream.take(weather, look, at, &mut self.buffer);
        match taken {
            Taken::Nothing => {}
            Taken::End => self.end_stream(writer),
            Taken::Full => self.pause(writer),
            Taken::Bytes(count) => {
                self.pace.saw(count, stream.capacity());
                self.crew.counters.captured.fetch_add(count as u64, Ordering::Relaxed);
                if look {
                    let bytes = &self.buffer[..count];
                    self.runs.take(stream.generation, stream.which(), at, bytes);
                }
                stream.show(&self.buffer, at);
                stream.outlets.iter().for_each(|outlet| schedule(outlet, &self.crew));
                self.rushed |= count >= CAPACITY;
                self.touched.insert(writer);
            }
        }
        taken
    }

    /// Takes what a pipe holds now, whatever comes meanwhile. Without `force`, as far as there is
    /// room.
    pub(super) fn drain(&mut self, writer: Writer, force: bool) {
        let Some(stream) = self.streams.get(&writer) else {
            return;
        };
        let mut waiting = stream.waiting();
        while let Taken::Bytes(count) = self.read(writer, force) {
            waiting = waiting.saturating_sub(count);
            if waiting == 0 {
                break;
            }
        }
    }

    pub(super) fn drain_run(&mut self, generation: Generation) {
        for writer in self.runs.open(generation) {
            self.drain(writer, true);
        }
    }

    /// Leaves bytes in a pipe until there is room for them.
    fn pause(&mut self, writer: Writer) {
        let Some(stream) = self.streams.get_mut(&writer) else {
            return;
        };
        let starved = !stream.intake().is_some_and(|intake| intake.wait());
        let until = if starved { Instant::now() + STARVED } else { Instant::now() };
        if self.paused.insert(writer, until).is_none()
            && let Err(error) = self.pipes.remove(stream.as_fd())
        {
            tracing::warn!(%error, "could not leave a pipe alone");
        }
    }

    /// Goes on with pipes that were left alone.
    fn go_on(&mut self) {
        if self.paused.is_empty() {
            return;
        }
        let now = Instant::now();
        let (streams, crew, pipes) = (&mut self.streams, &self.crew, &self.pipes);
        self.paused.retain(|writer, until| {
            let Some(stream) = streams.get_mut(writer) else {
                return false;
            };
            let weather = stream.weather(crew, false);
            let has_room = stream.intake().is_none_or(|intake| {
                intake.has_room(weather) || !intake.wait() && intake.has_room(weather)
            });
            if now < *until || !has_room {
                return true;
            }
            pipes.add(stream.as_fd(), *writer, Interest::Read).is_err()
        });
    }

    /// The pipe leaves the epoll set by itself only when nobody else holds it, `epoll(7)`.
    pub(super) fn end_stream(&mut self, writer: Writer) {
        let Some(mut stream) = self.streams.remove(&writer) else {
            return;
        };
        if self.paused.remove(&writer).is_none()
            && let Err(error) = self.pipes.remove(stream.as_fd())
        {
            tracing::warn!(%error, "could not let go of a pipe");
        }
        self.part_with(writer, &mut stream);
    }

    /// Tells the main loop what it has room for. The loop waits for nothing here, nor is it waited
    /// for.
    fn tell(&mut self) {
        while let Some(event) = self.unsent.pop_front() {
            if let Err(TrySendError::Full(event)) = self.events.try_send(event) {
                self.unsent.push_front(event);
                break;
            }
        }
    }
}
