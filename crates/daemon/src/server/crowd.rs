//! Who is connected. There is room for so many; when it is full, whoever has said nothing for the
//! longest makes room, and when all are busy the next one is told so.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::task::AbortHandle;

/// So many clients are served at a time.
pub(super) const CLIENTS: usize = 256;
/// So many more are told that there is no room; beyond these a connection is closed in silence.
pub(super) const TURNED_AWAY_AT_ONCE: usize = 32;

/// The clients that are served.
#[derive(Clone, Debug, Default)]
pub(super) struct Crowd {
    inner: Rc<RefCell<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    clients: BTreeMap<u64, Client>,
}

#[derive(Debug, Default)]
struct Client {
    task: Option<AbortHandle>,
    /// The turn at which it began to be silent; `None` while it is answered.
    idle: Option<u64>,
}

/// One client's place. Given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Crowd,
    key: u64,
}

impl Crowd {
    /// A place for one more client; `None` when all are taken by clients that are being answered.
    pub(super) fn enter(&self) -> Option<Place> {
        let mut inner = self.inner.borrow_mut();
        if inner.clients.len() >= CLIENTS {
            inner.evict()?;
        }
        let key = inner.turn();
        inner.clients.insert(key, Client { task: None, idle: Some(key) });
        Some(Place { crowd: self.clone(), key })
    }

    /// The task that serves whoever has this place, to be ended when room is needed.
    pub(super) fn serve(&self, key: u64, task: AbortHandle) {
        if let Some(client) = self.inner.borrow_mut().clients.get_mut(&key) {
            client.task = Some(task);
        }
    }

    /// How many there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.inner.borrow().clients.len()
    }
}

impl Inner {
    /// Ends the client that has been silent for the longest.
    fn evict(&mut self) -> Option<()> {
        let idle = self.clients.iter().filter_map(|(key, client)| Some((client.idle?, *key)));
        let (_, key) = idle.min()?;
        if let Some(task) = self.clients.remove(&key)?.task {
            task.abort();
        }
        Some(())
    }

    fn turn(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Place {
    /// Names the place.
    pub(super) fn key(&self) -> u64 {
        self.key
    }

    /// The client has asked something.
    pub(super) fn busy(&self) {
        self.set(None);
    }

    /// The client is to ask something.
    pub(super) fn idle(&self) {
        let turn = self.crowd.inner.borrow_mut().turn();
        self.set(Some(turn));
    }

    fn set(&self, idle: Option<u64>) {
        if let Some(client) = self.crowd.inner.borrow_mut().clients.get_mut(&self.key) {
            client.idle = idle;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.inner.borrow_mut().clients.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(crowd: &Crowd) -> Vec<Place> {
        (0..CLIENTS).map(|_| crowd.enter().unwrap()).collect()
    }

    #[test]
    fn the_longest_silent_makes_room() {
        let crowd = Crowd::default();
        let places = full(&crowd);
        places[0].busy();
        places[1].idle();
        let newest = crowd.enter().unwrap();
        assert_eq!(crowd.len(), CLIENTS);
        let inner = crowd.inner.borrow();
        assert!(!inner.clients.contains_key(&places[2].key()), "it was silent since it came");
        for kept in [&places[0], &places[1], &newest] {
            assert!(inner.clients.contains_key(&kept.key()));
        }
    }

    #[test]
    fn who_is_answered_is_not_sent_away() {
        let crowd = Crowd::default();
        let places = full(&crowd);
        places.iter().for_each(Place::busy);
        assert!(crowd.enter().is_none());
        drop(places);
        assert_eq!(crowd.len(), 0);
        assert!(crowd.enter().is_some());
    }
}
