//! News for PM2's clients, and for those who wait for what an app answers: each listener has a queue
//! of its own.
//!
//! A listener that falls behind loses news, never the daemon's memory: beyond so many bytes they are
//! counted, and the count stands where they would be.

use rpm_pm2::bus::{self, Published};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use tokio::sync::Notify;

/// So many bytes wait for a listener, at most; a single piece of news may go beyond.
const WAITING_MAX: usize = 16 * 1024 * 1024;

/// Where news are published; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bus(Rc<RefCell<Vec<Weak<Queue>>>>);

/// One piece of news, as it is and as a frame.
#[derive(Debug)]
pub(crate) struct Item {
    /// The news.
    pub(crate) news: Published,
    /// Its frame.
    pub(crate) frame: Vec<u8>,
}

/// News for one listener. Dropping it ends that.
#[derive(Debug)]
pub(crate) struct Listener(Rc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: RefCell<VecDeque<Rc<Item>>>,
    bytes: Cell<usize>,
    missed: Cell<u64>,
    news: Notify,
}

impl Bus {
    /// Whether anybody listens.
    pub(crate) fn is_heard(&self) -> bool {
        let mut queues = self.0.borrow_mut();
        queues.retain(|queue| queue.strong_count() > 0);
        !queues.is_empty()
    }

    /// Tells everybody who listens.
    pub(crate) fn publish(&self, news: Published) {
        if !self.is_heard() {
            return;
        }
        let item = Rc::new(Item { frame: news.frame(), news });
        for queue in self.0.borrow().iter().filter_map(Weak::upgrade) {
            queue.push(&item);
        }
    }

    /// Listens from now on.
    pub(crate) fn listen(&self) -> Listener {
        let queue = Rc::<Queue>::default();
        self.0.borrow_mut().push(Rc::downgrade(&queue));
        Listener(queue)
    }
}

impl Queue {
    fn push(&self, item: &Rc<Item>) {
        if self.missed.get() > 0 || self.bytes.get() >= WAITING_MAX {
            self.missed.set(self.missed.get() + 1);
        } else {
            self.bytes.set(self.bytes.get() + item.frame.len());
            self.waiting.borrow_mut().push_back(Rc::clone(item));
        }
        self.news.notify_one();
    }

    fn pop(&self) -> Option<Rc<Item>> {
        let item = self.waiting.borrow_mut().pop_front();
        if let Some(item) = item {
            self.bytes.set(self.bytes.get() - item.frame.len());
            return Some(item);
        }
        let missed = self.missed.take();
        (missed > 0).then(|| {
            let news = bus::missed(missed);
            Rc::new(Item { frame: news.frame(), news })
        })
    }
}

impl Listener {
    /// The next piece of news.
    pub(crate) async fn next(&mut self) -> Rc<Item> {
        loop {
            if let Some(item) = self.0.pop() {
                return item;
            }
            self.0.news.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn news(text: &str) -> Published {
        Published { topic: "x".to_owned(), payload: json!(text) }
    }

    #[test]
    fn a_slow_listener_is_told_how_much_it_missed() {
        let bus = Bus::default();
        assert!(!bus.is_heard());
        let listener = bus.listen();
        let large = "x".repeat(WAITING_MAX / 4);
        for _ in 0..10 {
            bus.publish(news(&large));
        }
        let mut heard = 0;
        let missed = loop {
            let item = listener.0.pop().unwrap();
            if item.news.topic == "rpm:missed" {
                break item.news.payload["missed"].as_u64().unwrap();
            }
            heard += 1;
        };
        assert_eq!((heard, missed), (4, 6));
        bus.publish(news("again"));
        assert_eq!(listener.0.pop().unwrap().news.payload, "again");
        assert!(listener.0.pop().is_none());
        drop(listener);
        assert!(!bus.is_heard());
    }
}
