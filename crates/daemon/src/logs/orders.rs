//! What the thread that captures does when it is told something.

use super::command::Command;
use super::crew::wall_ms;
use super::file::Writer;
use super::follow::Subscription;
use super::outlet::{Letter, schedule};
use super::pending::Then;
use super::pump::{Pump, Quit};
use super::stream::{Opened, Stream};
use super::ticket::Ticket;
use super::{LogEvent, Sink};
use rpm_core::Generation;
use rpm_sys::poller::Interest;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long the end waits for files.
const PATIENCE: Duration = Duration::from_secs(5);
/// News of files that were put aside is dropped when so much waits for the main loop.
const UNSENT_MAX: usize = 1024;

impl Pump {
    /// Does what it was told.
    pub(super) fn obey(&mut self) {
        self.bell.clear();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Open(sink) => {
                    self.open(*sink).iter().for_each(|file| schedule(file, &self.crew));
                }
                Command::TakeOver(sinks) => self.take_over(sinks),
                Command::Settle(generation) => self.forget_tail(generation),
                Command::Gone(generation) => self.drain_run(generation),
                Command::Close(generation) => self.close(generation),
                Command::Tail(generation, reply) => {
                    self.drain_run(generation);
                    answer(reply, self.runs.tail(generation));
                }
                Command::Reopen(reply) => {
                    self.expect(Then::Reopen, Ticket::new(|_| answer(reply, ())));
                }
                Command::Flush(files, reply) => {
                    let then = Then::Empty(files.clone());
                    let ticket = Ticket::new(move |emptied| {
                        let done = files.into_iter().filter(|path| emptied.contains(path));
                        answer(reply, done.collect());
                    });
                    self.expect(then, ticket);
                }
                Command::Sync(reply) => {
                    self.expect(Then::Sync, Ticket::new(|_| answer(reply, ())));
                }
                Command::Follow(subscription) => self.follow(subscription),
                Command::Unfollow => self.unfollow(),
                Command::Drained(writer) => self.written(writer),
                Command::Detached(writer, file) => {
                    self.files.release(file);
                    self.detached(writer);
                }
                Command::Troubled(path, error) => {
                    self.troubled = true;
                    self.unsent.push_back(LogEvent::Trouble { path, error });
                }
                Command::Rotate(all) => self.change_rules(*all),
                Command::Rotated(path, aside) => {
                    // A loop that is far behind learns of the others.
                    if self.unsent.len() < UNSENT_MAX {
                        self.unsent.push_back(LogEvent::Rotated { path, aside });
                    }
                }
                Command::NotRotated(path, error) => {
                    self.unsent.push_back(LogEvent::NotRotated { path, error });
                }
                Command::Quit => self.end(),
            }
        }
    }

    /// Takes in a stream. Returns its files, which know of it when they are next worked on.
    fn open(&mut self, sink: Sink) -> Vec<Arc<super::outlet::Outlet>> {
        let (generation, keep_tail, name) = (sink.generation, sink.keep_tail, sink.name.clone());
        let (writer, at) = (self.next_writer, wall_ms());
        self.next_writer += 1;
        let opened = Stream::open(sink, writer, &self.crew.counters, at).and_then(|opened| {
            self.pipes.add(opened.stream.as_fd(), writer, Interest::Read)?;
            Ok(opened)
        });
        let Opened { mut stream, inputs, last, wish } = match opened {
            Ok(opened) => opened,
            Err(error) => {
                tracing::error!(app = %name, %generation, %error, "its output cannot be read");
                return Vec::new();
            }
        };
        let source = stream.source();
        let source = (source.proc, &source.name);
        self.runs.add(generation, source, (writer, inputs.len()), keep_tail);
        self.runs.take(generation, stream.which(), at, &last);
        for (path, input) in inputs {
            let outlet = self.files.acquire(path, wish.clone());
            outlet.leave(Letter::Attach(Box::new(input)));
            stream.outlets.push(outlet);
        }
        for subscription in &self.followers {
            stream.offer(subscription);
        }
        let files = stream.outlets.clone();
        self.set_alarm();
        self.touched.insert(writer);
        self.streams.insert(writer, stream);
        files
    }

    /// No file is worked on before it knows all streams that write to it: which of them was writing
    /// when the predecessor died is told by the file's size.
    fn take_over(&mut self, sinks: Vec<Sink>) {
        let files: Vec<_> = sinks.into_iter().flat_map(|sink| self.open(sink)).collect();
        for file in &files {
            schedule(file, &self.crew);
        }
    }

    fn forget_tail(&mut self, generation: Generation) {
        for writer in self.runs.open(generation) {
            if let Some(intake) = self.streams.get_mut(&writer).and_then(Stream::intake) {
                intake.spool().forget_tail();
                self.touched.insert(writer);
            }
        }
        self.runs.settle(generation);
    }

    fn close(&mut self, generation: Generation) {
        self.drain_run(generation);
        for writer in self.runs.open(generation) {
            self.end_stream(writer);
        }
    }

    /// A stream has ended; its files write what is left of it.
    pub(super) fn part_with(&mut self, writer: Writer, stream: &mut Stream) {
        stream.end(wall_ms());
        for outlet in &stream.outlets {
            outlet.leave(Letter::End(writer));
            schedule(outlet, &self.crew);
        }
        if stream.outlets.is_empty() {
            self.written(writer);
            self.detached(writer);
        }
    }

    fn written(&mut self, writer: Writer) {
        if let Some(generation) = self.runs.written(writer)
            && self.runs.end(generation, writer)
        {
            self.unsent.push_back(LogEvent::Ended(generation));
        }
    }

    fn detached(&mut self, writer: Writer) {
        if let Some(generation) = self.runs.detached(writer) {
            self.unsent.push_back(LogEvent::Released(generation));
        }
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

    /// Writes what there is, and ends.
    fn end(&mut self) {
        let done = Arc::new(AtomicBool::new(false));
        self.quit = Some(Quit { done: Arc::clone(&done), until: Instant::now() + PATIENCE });
        let bell = self.bell.clone();
        let ticket = Ticket::new(move |_| {
            done.store(true, Ordering::Release);
            bell.wake();
        });
        self.expect(Then::Sync, ticket);
    }
}

/// Answers whoever still waits for it.
fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    drop(reply.send(value));
}
