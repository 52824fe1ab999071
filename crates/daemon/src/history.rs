//! The history from outside: a thread of its own keeps it, so that a slow, full or broken disk costs
//! history and nothing else.

use crate::clock;
use crate::home::Home;
use camino::Utf8Path;
use rpm_history::{Question, Reading};
use rpm_proto::{Code, Fault, Reply, Series};
use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;

/// What waits for the thread at most; what does not fit is left out.
const WAITING: usize = 32;
/// Who asks waits so long for a disk that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// The end waits so long for it.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// Handle to the thread, which ends with it.
#[derive(Debug)]
pub(crate) struct History {
    orders: SyncSender<Order>,
    /// Hung up on by the thread when all is kept.
    ended: Receiver<Infallible>,
    /// The thread does not keep up, which has been said.
    is_behind: bool,
    /// Whether figures are kept at all.
    is_on: bool,
}

#[derive(Debug)]
enum Order {
    Note(Reading),
    /// There are no more readings for now.
    Pause,
    Answer(Question, oneshot::Sender<Vec<Series>>),
}

impl History {
    /// Starts the thread, which keeps the history in this home, unless a predecessor was told not to.
    pub(crate) fn start(home: &Home) -> io::Result<Self> {
        let (folder, is_on) = (home.history(), !home.no_history().exists());
        let (orders, received) = sync_channel(WAITING);
        let (ends, ended) = sync_channel(0);
        std::thread::Builder::new().name("history".to_owned()).stack_size(256 * 1024).spawn(
            move || {
                keep(&folder, &received);
                drop(ends);
            },
        )?;
        Ok(Self { orders, ended, is_behind: false, is_on })
    }

    /// Ends it when all is kept, or after a second.
    pub(crate) fn close(self) {
        drop(self.orders);
        // Nothing is ever sent; what is waited for is the end.
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(LAST_PATIENCE) {
            tracing::warn!("the last minute of the history is lost: its disk hangs");
        }
    }

    /// Whether figures are kept at all.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Keeps figures from now on, or no more. What has been kept ages.
    pub(crate) fn turn(&mut self, on: bool) {
        if std::mem::replace(&mut self.is_on, on) && !on {
            // A thread that does not keep up has a gap already.
            drop(self.orders.try_send(Order::Pause));
        }
    }

    /// Takes in a reading.
    pub(crate) fn note(&mut self, reading: Reading) {
        let sent = self.orders.try_send(Order::Note(reading));
        let was_behind = std::mem::replace(&mut self.is_behind, sent.is_err());
        match sent {
            Err(TrySendError::Full(_)) if !was_behind => {
                tracing::warn!("the history has gaps: its disk hangs");
            }
            Err(TrySendError::Disconnected(_)) if !was_behind => {
                tracing::error!("no history is kept: its thread has ended");
            }
            _ => {}
        }
    }

    /// Answers a question in its time.
    pub(crate) fn answer(&self, question: Question, reply: oneshot::Sender<Reply>) {
        let (answer, answered) = oneshot::channel();
        // Where that fails nobody answers.
        drop(self.orders.try_send(Order::Answer(question, answer)));
        tokio::task::spawn_local(async move {
            let answer = match tokio::time::timeout(PATIENCE, answered).await {
                Ok(Ok(series)) => Reply::History { series },
                Ok(Err(_)) | Err(_) => Reply::Failed { fault: hangs(), affected: Vec::new() },
            };
            // The client may have hung up.
            drop(reply.send(answer));
        });
    }
}

fn hangs() -> Fault {
    Fault::new(Code::Io, "the history cannot be read")
        .because("its disk does not answer, or not in time")
        .help("ask again; `rpm.log` says more")
}

/// The thread.
fn keep(folder: &Utf8Path, orders: &Receiver<Order>) {
    let mut history = rpm_history::History::new(folder.as_std_path().to_owned());
    let mut fails = false;
    while let Ok(order) = orders.recv() {
        match order {
            Order::Pause => end(&mut history, folder),
            Order::Note(reading) => match history.note(reading) {
                Ok(false) => {}
                Ok(true) => {
                    if std::mem::take(&mut fails) {
                        tracing::info!(%folder, "the history is kept again");
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut fails, true) {
                        tracing::warn!(%folder, %error, "the history has gaps: it cannot be written");
                    }
                }
            },
            Order::Answer(question, answer) => {
                // Who asked may have lost patience.
                drop(answer.send(history.answer(&question, clock::now().wall.0)));
            }
        }
    }
    end(&mut history, folder);
}

fn end(history: &mut rpm_history::History, folder: &Utf8Path) {
    if let Err(error) = history.close() {
        tracing::warn!(%folder, %error, "the last minute of the history is lost");
    }
}
