//! A client that asks: frames in, frames out, several calls at a time.

use super::super::crowd::Place;
use super::super::{Doors, read};
use super::{caller::Caller, calls};
use interprocess::local_socket::tokio::Stream;
use rpm_pm2::amp::{AmpError, Frames};
use rpm_pm2::rpc;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{SemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// So many calls of one client are answered at a time; the next ones are not read meanwhile.
const CALLS_MAX: usize = 64;
/// A client has so long to take an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers one client until it hangs up.
pub(super) async fn run(stream: Stream, doors: Doors, place: Place) {
    match converse(&stream, &doors, &place).await {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            doors.figures.unreadable();
            tracing::debug!(%error, "hung up on a client of PM2");
        }
        Err(error) if error.kind() == io::ErrorKind::TimedOut => doors.figures.late(),
        // A client that hangs up is no news.
        Ok(()) | Err(_) => {}
    }
}

async fn converse(stream: &Stream, doors: &Doors, place: &Place) -> io::Result<()> {
    let caller = Rc::new(Caller::of(stream));
    let doors = &doors.of(stream, Some("PM2's client"));
    let (answers, mut answered) = mpsc::channel(1);
    let mut calls = JoinSet::new();
    let mut reader = Reader::new(doors);
    let (mut input, mut output) = (stream, stream);
    // What was asked is done, also when nobody waits for an answer.
    let mut hung_up = false;
    while !hung_up || !calls.is_empty() {
        tokio::select! { biased;
            Some(answer) = answered.recv() => {
                let answer: calls::Answer = answer;
                let written = timeout(PATIENCE, output.write_all(&answer.frame)).await?;
                hung_up |= written.is_err();
            }
            Some(done) = calls.join_next() => {
                drop(done);
                if calls.is_empty() {
                    place.idle();
                }
            }
            frame = reader.next(&mut input), if calls.len() < CALLS_MAX && !hung_up => {
                let Some(frame) = frame? else {
                    hung_up = true;
                    continue;
                };
                let Some(request) = rpc::request(frame) else {
                    continue;
                };
                place.busy();
                let (doors, caller, answers) = (doors.clone(), Rc::clone(&caller), answers.clone());
                calls.spawn_local(async move {
                    calls::answer(request, &doors, &caller, &answers).await;
                });
            }
        }
    }
    Ok(())
}

/// Frames of one client, bounded in size and in time.
struct Reader<'a> {
    doors: &'a Doors,
    frames: Frames,
    chunk: Vec<u8>,
    begun: Option<Instant>,
    leave: Option<SemaphorePermit<'a>>,
}

impl<'a> Reader<'a> {
    fn new(doors: &'a Doors) -> Self {
        let frames = Frames::with_limit(read::REQUEST_MAX);
        Self { doors, frames, chunk: vec![0; 16 * 1024], begun: None, leave: None }
    }

    /// The next frame; `None` when the client has hung up. May be dropped and called again.
    async fn next(&mut self, input: &mut &Stream) -> io::Result<Option<rpm_pm2::amp::Frame>> {
        loop {
            if let Some(frame) = self.frames.take().map_err(unreadable)? {
                self.begun = None;
                self.leave = None;
                return Ok(Some(frame));
            }
            if self.frames.held() > read::SMALL && self.leave.is_none() {
                let leave = self.doors.leave.large().await?;
                self.leave = Some(leave);
            }
            let read = input.read(&mut self.chunk);
            let len = match self.begun {
                Some(begun) => tokio::time::timeout_at(begun + read::WHOLE_FRAME, read).await??,
                None => read.await?,
            };
            if len == 0 {
                return Ok(None);
            }
            self.begun.get_or_insert_with(Instant::now);
            self.frames.push(&self.chunk[..len]);
        }
    }
}

fn unreadable(error: AmpError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
