//! One stream of one run: its pipe, the files it goes to, and who follows it.

use super::file::Writer;
use super::follow::{Queue, Subscription};
use super::lines::Lines;
use super::render::Render;
use super::target::{Desk, Target};
use super::{Sink, Source};
use rpm_core::Generation;
use rpm_proto::Stream as Which;
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// What a pipe holds when its size cannot be asked, `pipe(7)`.
pub(super) const CAPACITY: usize = 64 << 10;
/// What the pipe of a busy stream is made to hold; less where the system allows less.
pub(super) const CAPACITIES: [usize; 3] = [1 << 20, 256 << 10, 128 << 10];

/// A stream that is read.
#[derive(Debug)]
pub(super) struct Stream {
    /// The run.
    pub(super) generation: Generation,
    source: Arc<Source>,
    which: Which,
    pipe: OwnedFd,
    capacity: usize,
    growing: bool,
    render: Render,
    targets: Vec<Target>,
    lines: Lines,
    followers: Vec<Arc<Queue>>,
}

/// What reading once gave.
#[derive(Debug)]
pub(super) enum Read {
    /// So many bytes.
    Bytes(usize),
    /// None now.
    Nothing,
    /// None ever again.
    End,
}

impl Stream {
    /// Takes in a stream, and opens its files.
    pub(super) fn open(sink: Sink, writer: Writer, desk: &mut Desk) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&sink.pipe, true)?;
        let source = Source { proc: sink.proc, name: sink.name, namespace: sink.namespace };
        let mut paths: Vec<_> = [sink.file, sink.combined].into_iter().flatten().collect();
        paths.dedup();
        paths.retain(|path| path != "/dev/null");
        let target = |path| Target::new(desk.files.acquire(path), writer);
        Ok(Self {
            generation: sink.generation,
            render: Render::new(&sink.format, &source, sink.stream),
            source: Arc::new(source),
            which: sink.stream,
            capacity: rustix::pipe::fcntl_getpipe_size(&sink.pipe).unwrap_or(CAPACITY),
            pipe: sink.pipe,
            growing: true,
            targets: paths.into_iter().map(target).collect(),
            lines: Lines::default(),
            followers: Vec::new(),
        })
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

    /// Reads once.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Read {
        match rustix::io::retry_on_intr(|| rustix::io::read(&self.pipe, &mut *buffer)) {
            Ok(0) => Read::End,
            Ok(count) => {
                self.grow_for(count);
                Read::Bytes(count)
            }
            Err(Errno::AGAIN) => Read::Nothing,
            Err(error) => {
                tracing::warn!(app = %self.source.name, %error, "could not read its output");
                Read::End
            }
        }
    }

    /// Brings what was read at `at` to its files and followers.
    pub(super) fn take(&mut self, bytes: &[u8], at: i64, desk: &mut Desk) {
        for target in &mut self.targets {
            target.take(bytes, at, &mut self.render, desk);
        }
        if self.is_followed() {
            let Self { lines, followers, source, which, .. } = self;
            lines.feed(bytes, |line| deliver(followers, source, *which, at, line));
            tell(followers);
        }
    }

    /// Writes what it holds of a line.
    pub(super) fn sync(&mut self, at: i64, desk: &mut Desk) {
        for target in &mut self.targets {
            target.sync(at, &mut self.render, desk);
        }
    }

    /// Ends it: last lines are last lines, also without a newline.
    pub(super) fn end(mut self, at: i64, desk: &mut Desk) {
        for target in &mut self.targets {
            target.end(at, &mut self.render, desk);
            desk.files.release(target.file());
        }
        let Self { lines, followers, source, which, .. } = &mut self;
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
