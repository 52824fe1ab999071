//! A request that several files have a part in: it is done when the last of them is.

use camino::Utf8PathBuf;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

type Done = Box<dyn FnOnce(Vec<Utf8PathBuf>) + Send>;

/// A share in a request. When all shares are gone, it is done.
#[derive(Clone)]
pub(super) struct Ticket(Arc<Whole>);

struct Whole {
    emptied: Mutex<Vec<Utf8PathBuf>>,
    done: Mutex<Option<Done>>,
}

impl Ticket {
    /// The first share. `done` gets the files that were emptied.
    pub(super) fn new(done: impl FnOnce(Vec<Utf8PathBuf>) + Send + 'static) -> Self {
        Self(Arc::new(Whole { emptied: Mutex::default(), done: Mutex::new(Some(Box::new(done))) }))
    }

    /// This file has been emptied.
    pub(super) fn emptied(&self, path: Utf8PathBuf) {
        self.0.emptied.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(done) = self.done.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            let emptied = self.emptied.get_mut().unwrap_or_else(PoisonError::into_inner);
            done(std::mem::take(emptied));
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").finish_non_exhaustive()
    }
}
