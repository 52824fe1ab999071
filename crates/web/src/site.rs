//! What all answers are made from.

use crate::access::Access;
use crate::daemon::Daemon;
use crate::observed::Last;
use crate::options::Options;
use camino::Utf8PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// So many readers of the stream at a time.
const STREAMS_MAX: usize = 32;
/// So many logs are searched at a time; others wait.
const SEARCHES_MAX: usize = 4;
/// So many downloads at a time.
const DOWNLOADS_MAX: usize = 8;

/// Shared by all requests.
pub(crate) type Shared = Arc<Site>;

/// The server's parts.
#[derive(Debug)]
pub(crate) struct Site {
    /// The folder of the daemon.
    pub(crate) home: Utf8PathBuf,
    /// The way to the daemon.
    pub(crate) daemon: Daemon,
    /// What the daemon last said.
    pub(crate) last: Last,
    /// Who may ask for what.
    pub(crate) access: Access,
    /// Places for readers of the stream.
    pub(crate) streams: Arc<Semaphore>,
    /// Places for those who search logs.
    pub(crate) searches: Arc<Semaphore>,
    /// Places for those who download logs.
    pub(crate) downloads: Arc<Semaphore>,
    /// This server as a process of the daemon, where it is one.
    pub(crate) own_id: Option<u32>,
}

impl Site {
    /// A site for a home; `own_id` is what the daemon calls this process.
    pub(crate) fn new(options: &Options, own_id: Option<u32>) -> Shared {
        Arc::new(Self {
            daemon: Daemon::of(&options.home),
            last: Last::default(),
            access: Access::new(options),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            searches: Arc::new(Semaphore::new(SEARCHES_MAX)),
            downloads: Arc::new(Semaphore::new(DOWNLOADS_MAX)),
            home: options.home.clone(),
            own_id,
        })
    }
}
