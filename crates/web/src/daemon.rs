//! Questions to the daemon.

use crate::wire::Wire;
use camino::Utf8Path;
use rpm_proto::{Code, Detail, Fault, ProcessView, Reply, Request};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// So many questions at a time; the daemon serves others besides this one.
const QUESTIONS_MAX: usize = 16;
/// How long an answer about what is known may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an action may take: a reload of many instances that drain.
const ACTION_PATIENCE: Duration = Duration::from_mins(10);

/// The way to the daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    socket: PathBuf,
    questions: Semaphore,
}

impl Daemon {
    /// The daemon of a home.
    pub(crate) fn of(home: &Utf8Path) -> Self {
        let socket = home.join("rpm.sock").into_std_path_buf();
        Self { socket, questions: Semaphore::new(QUESTIONS_MAX) }
    }

    /// Asks, and waits for the final reply. A failure is an error.
    pub(crate) async fn ask(&self, request: &Request) -> Result<Reply, Fault> {
        let patience = if request.changes() { ACTION_PATIENCE } else { PATIENCE };
        let exchange = async {
            // The semaphore is never closed.
            let _place = self.questions.acquire().await.ok();
            let mut wire = Wire::ask(&self.socket, request).await?;
            loop {
                match wire.next().await? {
                    Reply::Failed { fault, .. } => return Err(fault),
                    reply if reply.is_final() => return Ok(reply),
                    _ => {}
                }
            }
        };
        timeout(patience, exchange).await.unwrap_or_else(|_| {
            Err(Fault::new(Code::DaemonSilent, "the daemon does not answer")
                .because(format!("it was waited for {} s", patience.as_secs())))
        })
    }

    /// Asks for something that goes on.
    pub(crate) async fn follow(&self, request: &Request) -> Result<Wire, Fault> {
        Wire::ask(&self.socket, request).await
    }

    /// All processes.
    pub(crate) async fn processes(&self) -> Result<Vec<ProcessView>, Fault> {
        match self.ask(&Request::List).await? {
            Reply::Processes { processes } => Ok(processes),
            _ => Err(unexpected()),
        }
    }

    /// Everything known of all processes, or of one.
    pub(crate) async fn details(&self, id: Option<u32>) -> Result<Vec<Detail>, Fault> {
        let target = id.map(|id| rpm_core::Target::id(rpm_core::ProcId(id)));
        match self.ask(&Request::Inspect { target }).await? {
            Reply::Details { details } => Ok(details),
            _ => Err(unexpected()),
        }
    }
}

/// The daemon answers something else than was asked.
pub(crate) fn unexpected() -> Fault {
    Fault::new(Code::BadRequest, "the daemon's answer does not fit the question")
        .help("`rpm update` lets the daemon become this version, `rpm web` this server")
}
