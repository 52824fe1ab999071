//! One stream of one run: its pipe, its spool, the files it goes to, and who follows it.

use super::Sink;
use super::Source;
use super::counters::Counters;
use super::crew::Crew;
use super::file::Writer;
use super::follow::{Queue, Subscription};
use super::head::{self, Description, PLACES};
use super::input::Input;
use super::intake::{Intake, Taken, Weather};
use super::lines::Lines;
use super::outlet::Outlet;
use super::render::Render;
use super::rotation::Wish;
use super::spool::{self, Spool};
use rpm_core::{Generation, ProcId};
use rpm_proto::Stream as Which;
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a pipe holds when its size cannot be asked, `pipe(7)`.
pub(super) const CAPACITY: usize = 64 << 10;
/// What the pipe of a busy stream is made to hold; less where the system allows less.
pub(super) const CAPACITIES: [usize; 3] = [1 << 20, 256 << 10, 128 << 10];

/// A stream that is read.
#[derive(Debug)]
pub(super) struct Stream {
    /// The run.
    pub(super) generation: Generation,
    /// Where its files are worked on.
    pub(super) outlets: Vec<Arc<Outlet>>,
    source: Arc<Source>,
    which: Which,
    pipe: OwnedFd,
    capacity: usize,
    growing: bool,
    /// `None` when it goes to no file.
    intake: Option<Intake>,
    taken: u64,
    /// The same, for whoever wants to know.
    counter: Arc<AtomicU64>,
    /// The last attempt failed.
    fails: bool,
    lines: Lines,
    followers: Vec<Arc<Queue>>,
}

/// A stream that has been taken in, with what its files have to know.
pub(super) struct Opened {
    /// The stream, without its outlets.
    pub(super) stream: Stream,
    /// Its files, and its way into each.
    pub(super) inputs: Vec<(camino::Utf8PathBuf, Input)>,
    /// The last bytes that a predecessor captured.
    pub(super) last: Vec<u8>,
    /// When its files are put aside.
    pub(super) wish: Wish,
}

impl Stream {
    /// Takes in a stream.
    pub(super) fn open(
        sink: Sink,
        writer: Writer,
        counters: &Arc<Counters>,
        at: i64,
    ) -> io::Result<Opened> {
        rustix::io::ioctl_fionbio(&sink.pipe, true)?;
        let memory = match sink.spool {
            Some(memory) => memory,
            None => spool::create()?,
        };
        let known = head::read(&memory)?;
        let begun = known.is_some();
        let is = known.unwrap_or_else(|| Description {
            proc: sink.proc.0,
            name: sink.name.to_string(),
            namespace: sink.namespace.to_string(),
            files: files(sink.file, sink.combined),
            format: sink.format,
            rotate: sink.rotate,
            is_module: sink.is_module,
        });
        let wish = (is.rotate.clone(), is.is_module);
        let source = Source {
            proc: ProcId(is.proc),
            name: Arc::from(is.name.as_str()),
            namespace: Arc::from(is.namespace.as_str()),
        };
        let render = || Render::new(&is.format, &source, sink.stream);
        let traits = (render().is_stamped(), sink.keep_tail);
        let count = is.files.len().min(PLACES);
        let known = begun.then_some(&is);
        let (spool, places) = Spool::open(memory, (known, count), traits, Arc::clone(counters))?;
        let spool = Arc::new(spool);
        let input = |(index, place): (usize, _)| {
            let way = (Arc::clone(&spool), index);
            (is.files[index].clone(), Input::new(writer, way, render(), place))
        };
        let inputs = places.into_iter().enumerate().map(input).collect();
        let last = if begun && sink.keep_tail { spool.last_bytes()? } else { Vec::new() };
        let intake = match count {
            0 => None,
            _ => Some(Intake::open(Arc::clone(&spool), is, at)?),
        };
        let stream = Self {
            generation: sink.generation,
            outlets: Vec::new(),
            source: Arc::new(source),
            which: sink.stream,
            capacity: rustix::pipe::fcntl_getpipe_size(&sink.pipe).unwrap_or(CAPACITY),
            pipe: sink.pipe,
            growing: true,
            intake,
            taken: 0,
            counter: sink.taken,
            fails: false,
            lines: Lines::default(),
            followers: Vec::new(),
        };
        Ok(Opened { stream, inputs, last, wish })
    }

    /// The instance and its app.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Standard output or standard error.
    pub(super) fn which(&self) -> Which {
        self.which
    }

    /// What its pipe holds at most.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// What its pipe holds now.
    pub(super) fn waiting(&self) -> usize {
        let waiting = rustix::io::ioctl_fionread(&self.pipe).unwrap_or(0);
        usize::try_from(waiting).unwrap_or(usize::MAX)
    }

    /// Bytes taken from its pipe.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// How things are with its files.
    pub(super) fn weather(&self, crew: &Crew, force: bool) -> Weather {
        let fails = |outlet: &Arc<Outlet>| outlet.is_hung(crew) || outlet.is_troubled();
        Weather { is_hung: self.outlets.iter().any(fails), force, all: crew.counters.spooled() }
    }

    /// Takes once. With `look`, or when somebody follows it, what was taken is in the buffer.
    pub(super) fn take(
        &mut self,
        weather: Weather,
        look: bool,
        at: i64,
        buffer: &mut Vec<u8>,
    ) -> Taken {
        let show = (at, look || self.is_followed());
        let taken = match &mut self.intake {
            Some(intake) => intake.take(self.pipe.as_fd(), weather, show, buffer),
            None => read(&self.pipe, self.capacity, buffer),
        };
        match taken {
            Ok(Taken::Bytes(count)) => {
                self.fails = false;
                self.grow_for(count);
                self.taken += count as u64;
                self.counter.fetch_add(count as u64, Relaxed);
                Taken::Bytes(count)
            }
            Ok(taken) => taken,
            Err(error) => self.failed(&error),
        }
    }

    /// It is tried again for ever: whoever writes into a pipe that nobody reads is killed.
    fn failed(&mut self, error: &io::Error) -> Taken {
        if !std::mem::replace(&mut self.fails, true) && !no_memory(error) {
            let app = &self.source.name;
            tracing::warn!(%app, %error, "could not read its output; trying again");
        }
        Taken::Full
    }

    /// Shows what was taken at `at` to its followers.
    pub(super) fn show(&mut self, bytes: &[u8], at: i64) {
        if self.is_followed() {
            let Self { lines, followers, source, which, .. } = self;
            lines.feed(bytes, |line| deliver(followers, source, *which, at, line));
            tell(followers);
        }
    }

    /// How its bytes are kept; `None` when it goes to no file.
    pub(super) fn intake(&mut self) -> Option<&mut Intake> {
        self.intake.as_mut()
    }

    /// Ends it.
    pub(super) fn end(&mut self, at: i64) {
        self.end_lines(at);
        if let Some(Err(error)) = self.intake.as_mut().map(Intake::end) {
            tracing::error!(%error, "could not note what was dropped");
        }
    }

    /// A last line is a line for followers, also without a newline.
    pub(super) fn end_lines(&mut self, at: i64) {
        let Self { lines, followers, source, which, .. } = self;
        lines.end(|line| deliver(followers, source, *which, at, line));
        tell(followers);
    }

    /// Lets `subscription` follow it, if it wants to.
    pub(super) fn offer(&mut self, subscription: &Subscription) {
        self.followers.extend(subscription.wants(&self.source, self.which));
    }

    /// Drops followers that have gone.
    pub(super) fn drop_gone_followers(&mut self) {
        self.followers.retain(|queue| !queue.is_closed());
        if !self.is_followed() {
            self.lines.clear();
        }
    }

    fn is_followed(&self) -> bool {
        !self.followers.is_empty()
    }

    /// A pipe that was more than half full is made larger: its app was about to wait.
    fn grow_for(&mut self, count: usize) {
        if !self.growing || count <= self.capacity / 2 {
            return;
        }
        let larger = CAPACITIES.into_iter().filter(|size| *size > self.capacity);
        let grown = larger
            .map(|size| rustix::pipe::fcntl_setpipe_size(&self.pipe, size))
            .find_map(Result::ok);
        self.growing = false;
        self.capacity = grown.unwrap_or(self.capacity);
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

/// The files of a stream, each once.
fn files(
    file: Option<camino::Utf8PathBuf>,
    combined: Option<camino::Utf8PathBuf>,
) -> Vec<camino::Utf8PathBuf> {
    let mut paths: Vec<_> = [file, combined].into_iter().flatten().collect();
    paths.dedup();
    paths.retain(|path| path != "/dev/null");
    paths
}

fn read(pipe: &OwnedFd, capacity: usize, buffer: &mut Vec<u8>) -> io::Result<Taken> {
    buffer.resize(capacity.clamp(CAPACITY, CAPACITIES[0]), 0);
    match rustix::io::retry_on_intr(|| rustix::io::read(pipe, &mut *buffer)) {
        Ok(0) => Ok(Taken::End),
        Ok(count) => {
            buffer.truncate(count);
            Ok(Taken::Bytes(count))
        }
        Err(Errno::AGAIN) => Ok(Taken::Nothing),
        Err(error) => Err(error.into()),
    }
}

/// There is no room for a spool; it is tried again.
fn no_memory(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::NOMEM, Errno::NOSPC].iter().any(|errno| code == Some(errno.raw_os_error()))
}

fn deliver(queues: &[Arc<Queue>], source: &Arc<Source>, which: Which, at: i64, line: &[u8]) {
    for queue in queues {
        queue.push(source, which, at, line);
    }
}

fn tell(queues: &[Arc<Queue>]) {
    for queue in queues {
        queue.tell();
    }
}
