//! What the daemon last said of everything. All who look share it, so that ten readers cost the
//! daemon what one costs; nobody looks, nobody asks.

use crate::daemon::{Daemon, unexpected};
use crate::model::Overview;
use axum::body::Bytes;
use rpm_proto::{Fault, Observed, Reply, Request};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How old an answer may be. The daemon looks every two seconds itself.
const AGE_MAX: Duration = Duration::from_millis(1_900);

/// The last answer.
#[derive(Debug, Default)]
pub(crate) struct Last(Mutex<Option<Taken>>);

/// One answer, and what was made of it.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    at: Instant,
    /// As the daemon said it.
    pub(crate) observed: Arc<Observed>,
    /// The overview as JSON.
    pub(crate) json: Bytes,
}

impl Last {
    /// What is to be seen now.
    pub(crate) async fn get(&self, daemon: &Daemon) -> Result<Taken, Fault> {
        let mut last = self.0.lock().await;
        if let Some(taken) = last.as_ref().filter(|taken| taken.at.elapsed() < AGE_MAX) {
            return Ok(taken.clone());
        }
        // One that failed is not the last one for those who come later.
        *last = None;
        let Reply::Observed { observed } = daemon.ask(&Request::Observe).await? else {
            return Err(unexpected());
        };
        let json = serde_json::to_vec(&Overview::of(&observed)).map_err(|_| unexpected())?;
        let taken = Taken { at: Instant::now(), observed: Arc::new(*observed), json: json.into() };
        Ok(last.insert(taken).clone())
    }
}
