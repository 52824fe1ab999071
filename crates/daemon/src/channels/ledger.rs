//! How far each connection has come, written down where it survives us.
//!
//! Between `accept4` and the worker's answer a connection is ours alone. It is marked at each
//! step, and a guard saves what is marked when we are killed, see [`rpm_sys::guard`]. The kinds and
//! words of the marks are read by a successor, perhaps of another version.

use super::Safe;
use rpm_node::{Progress, SocketId, WorkerId};
use rpm_sys::guard::{self, Guard, Mark, Marks, Post};
use rpm_sys::poller::{Interest, Poller};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Accepted, and nobody's. The first word is the listening socket.
const ACCEPTED: u64 = 1;
/// Being sent to the worker of the second word, under the number of the third.
const SENDING: u64 = 2;
/// Sent.
const HANDED: u64 = 3;
/// A guard that was ended is replaced after this long, in ms.
const REST_MS: u64 = 1000;

/// The books. Without a guard they cost next to nothing and are read by nobody.
#[derive(Debug)]
pub(super) struct Ledger {
    marks: Option<Marks>,
    outlet: Option<OwnedFd>,
    post: Option<Post>,
    guard: Option<Guard>,
    guard_due_ms: Option<u64>,
}

/// A connection that a predecessor left.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) socket: SocketId,
    pub(super) progress: Progress,
    pub(super) fd: OwnedFd,
}

impl Ledger {
    /// Posts a guard. To be called while the process has one thread and little memory, both of
    /// which are the guard's too.
    pub(super) fn new(safe: Option<Safe>) -> Self {
        let mut own =
            Self { marks: None, outlet: None, post: None, guard: None, guard_due_ms: None };
        let Some(Safe { inlet, outlet }) = safe else {
            return own;
        };
        own.outlet = Some(outlet);
        match Marks::new().and_then(|marks| Ok((marks, Post::new(marks, inlet)?))) {
            Ok((marks, post)) => {
                (own.marks, own.post) = (Some(marks), Some(post));
                own.post_guard();
            }
            Err(error) => not_guarded(&error),
        }
        own
    }

    /// Whether what is marked is saved at our end.
    pub(super) fn is_guarded(&self) -> bool {
        self.guard.is_some()
    }

    /// When a guard is to be posted, in ms.
    pub(super) fn deadline_ms(&self) -> Option<u64> {
        self.guard_due_ms
    }

    /// Tells when the guard has ended.
    pub(super) fn watch_guard(&self, poller: &Poller, token: u64) {
        if let Some(guard) = &self.guard
            && let Err(error) = poller.add(guard.as_fd(), token, Interest::Read)
        {
            tracing::warn!(%error, "the guard cannot be watched");
        }
    }

    /// Tells when a predecessor left something.
    pub(super) fn watch_safe(&self, poller: &Poller, token: u64) {
        if let Some(outlet) = &self.outlet
            && let Err(error) = poller.add(outlet.as_fd(), token, Interest::Read)
        {
            tracing::error!(%error, "what the last supervisor had accepted is lost");
        }
    }

    /// The guard has ended, though nobody ends it.
    pub(super) fn guard_ended(&mut self, poller: &Poller, now_ms: u64) {
        if let Some(guard) = self.guard.take() {
            poller.remove(guard.as_fd()).ok();
            if let Err(error) = guard.reap() {
                tracing::debug!(%error, "the guard was reaped by somebody else");
            }
            self.guard_due_ms = Some(now_ms + REST_MS);
        }
    }

    /// Ends the guard for good: what is open now is to be closed with us, and nobody is to outlive
    /// us.
    pub(super) fn dismiss_guard(&mut self, poller: &Poller) {
        (self.post, self.guard_due_ms) = (None, None);
        if let Some(guard) = self.guard.take() {
            poller.remove(guard.as_fd()).ok();
            if let Err(error) = guard.dismiss() {
                tracing::debug!(%error, "the guard could not be ended");
            }
        }
    }

    /// Posts another guard when it is time to. Whether it did.
    pub(super) fn replace_guard(&mut self, now_ms: u64) -> bool {
        if self.guard_due_ms.is_none_or(|due| now_ms < due) {
            return false;
        }
        self.guard_due_ms = None;
        self.post_guard();
        self.is_guarded()
    }

    /// A connection may be there from now on, of which nobody has made a note.
    pub(super) fn expects(&self, socket: SocketId, listener: BorrowedFd<'_>) {
        if let Some(marks) = &self.marks {
            marks.expect(listener, Mark { kind: ACCEPTED, words: [socket.0, 0, 0] });
        }
    }

    /// No longer: it has not come.
    pub(super) fn expects_nothing(&self) {
        if let Some(marks) = &self.marks {
            marks.arrived();
        }
    }

    /// It has come.
    pub(super) fn accepted(&self, fd: BorrowedFd<'_>, socket: SocketId) {
        if let Some(marks) = &self.marks {
            marks.write(fd, [socket.0, 0, 0]);
            marks.set_kind(fd, ACCEPTED);
            marks.arrived();
        }
    }

    /// It is about to be sent.
    pub(super) fn sending(
        &self,
        fd: BorrowedFd<'_>,
        socket: SocketId,
        (worker, seq): (WorkerId, u64),
    ) {
        if let Some(marks) = &self.marks {
            // Nobody has it now; only then may the words change.
            marks.set_kind(fd, ACCEPTED);
            marks.write(fd, [socket.0, worker.0, seq]);
            marks.set_kind(fd, SENDING);
        }
    }

    /// It is sent.
    pub(super) fn handed(&self, fd: BorrowedFd<'_>) {
        if let Some(marks) = &self.marks {
            marks.set_kind(fd, HANDED);
        }
    }

    /// It could not be sent.
    pub(super) fn not_handed(&self, fd: BorrowedFd<'_>) {
        if let Some(marks) = &self.marks {
            marks.set_kind(fd, ACCEPTED);
        }
    }

    /// It is about to be closed.
    pub(super) fn closes(&self, fd: BorrowedFd<'_>) {
        if let Some(marks) = &self.marks {
            marks.set_kind(fd, 0);
        }
    }

    /// Takes the next connection that a predecessor left. `listener` finds its listening socket.
    /// It is marked, so that it would be left again.
    pub(super) fn take<'a>(
        &self,
        listener: impl Fn(SocketId) -> Option<BorrowedFd<'a>>,
    ) -> io::Result<Option<Left>> {
        let Some(outlet) = &self.outlet else {
            return Ok(None);
        };
        while let Some(mark) = guard::peek(outlet)? {
            let socket = SocketId(mark.words[0]);
            if let (Some(marks), Some(listener)) = (&self.marks, listener(socket)) {
                marks.expect(listener, again(mark));
            }
            let fd = guard::take(outlet)?;
            if let (Some(marks), Some(fd)) = (&self.marks, &fd) {
                marks.write(fd.as_fd(), mark.words);
                marks.set_kind(fd.as_fd(), again(mark).kind);
            }
            self.expects_nothing();
            match (progress(mark), fd) {
                (Some(progress), Some(fd)) => return Ok(Some(Left { socket, progress, fd })),
                (_, None) => tracing::warn!("a connection is lost: too many files are open"),
                // Of another version, which knew more kinds.
                (None, Some(fd)) => self.closes(fd.as_fd()),
            }
        }
        Ok(None)
    }

    fn post_guard(&mut self) {
        match self.post.map(|post| post.stand()).transpose() {
            Ok(guard) => self.guard = guard,
            Err(error) => not_guarded(&error),
        }
    }
}

/// How it is marked by whoever takes it over, who may read the answer too.
fn again(mark: Mark) -> Mark {
    let kind = if mark.kind == SENDING { HANDED } else { mark.kind };
    Mark { kind, ..mark }
}

fn progress(mark: Mark) -> Option<Progress> {
    let [_, worker, seq] = mark.words;
    let worker = WorkerId(worker);
    match mark.kind {
        ACCEPTED => Some(Progress::Accepted),
        SENDING => Some(Progress::Sending { worker, seq }),
        HANDED => Some(Progress::Handed { worker, seq }),
        _ => None,
    }
}

fn not_guarded(error: &io::Error) {
    tracing::warn!(
        %error,
        "no guard: connections that are just being handed to a worker would be lost if the \
         supervisor were killed"
    );
}
