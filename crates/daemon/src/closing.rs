//! Ports of apps that are being given up: who stops an app is answered when they are free.
//!
//! A listening socket has several holders: the channels' thread, the main loop, the keeper. Each app
//! whose sockets are to be closed is counted until the keeper has answered a ping that was sent
//! after its order to let go of them.

use crate::clock;
use rpm_core::Mono;
use std::collections::VecDeque;
use std::future::Future;
use tokio::sync::watch;

/// A thread or a keeper that hangs holds up no answer for longer, in ms.
const PATIENCE_MS: u64 = 1000;

/// The apps whose ports are being given up.
#[derive(Debug, Default)]
pub(crate) struct Closings {
    begun: u64,
    /// The pings that the keeper has not answered; `true`: after the last socket of an app.
    pings: VecDeque<bool>,
    /// How many of those begun are over.
    over: watch::Sender<u64>,
}

impl Closings {
    /// The thread is asked to close the sockets of an app.
    pub(crate) fn begin(&mut self) {
        self.begun += 1;
    }

    /// The keeper is pinged; `is_last`: it was told before of all sockets of an app.
    pub(crate) fn ping(&mut self, is_last: bool) {
        self.pings.push_back(is_last);
    }

    /// The keeper has answered a ping.
    pub(crate) fn pong(&mut self) {
        if self.pings.pop_front() == Some(true) {
            self.over.send_modify(|over| *over += 1);
        }
    }

    /// The keeper is gone, and with it all that it held.
    pub(crate) fn keeper_gone(&mut self) {
        while !self.pings.is_empty() {
            self.pong();
        }
    }

    /// Nothing more will be heard.
    pub(crate) fn give_up(&mut self) {
        self.pings.clear();
        self.over.send_replace(self.begun);
    }

    /// Waits for all that have begun so far, or for a while.
    pub(crate) fn wait(&self) -> impl Future<Output = ()> + use<> {
        let (begun, mut over) = (self.begun, self.over.subscribe());
        let until: Mono = clock::now().mono.after(PATIENCE_MS);
        async move {
            tokio::select! { biased;
                // It fails when nobody counts any more.
                _ = over.wait_for(|over| *over >= begun) => {}
                () = clock::sleep_until(Some(until)) => {
                    tracing::warn!("the ports of a stopped app may be taken for a while yet");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Waker};

    fn is_over(wait: impl Future<Output = ()>) -> bool {
        pin!(wait).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn what_has_begun_is_waited_for_and_no_more() {
        let mut closings = Closings::default();
        assert!(is_over(closings.wait()));
        closings.begin();
        closings.ping(false);
        let first = closings.wait();
        closings.begin();
        closings.ping(true);
        closings.pong();
        assert!(!is_over(closings.wait()), "that was the answer to another ping");
        closings.pong();
        assert!(is_over(first));
        assert!(!is_over(closings.wait()));
        closings.ping(true);
        closings.keeper_gone();
        assert!(is_over(closings.wait()));
        closings.begin();
        closings.give_up();
        assert!(is_over(closings.wait()));
    }
}
