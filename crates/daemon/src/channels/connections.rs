//! Connections that no worker has taken yet, by small numbers.

use rpm_node::ConnectionId;
use std::os::fd::OwnedFd;

/// A table of connections; numbers are used again.
#[derive(Debug, Default)]
pub(super) struct Connections {
    places: Vec<Option<OwnedFd>>,
    free: Vec<u32>,
}

impl Connections {
    pub(super) fn insert(&mut self, connection: OwnedFd) -> ConnectionId {
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = Some(connection);
            return ConnectionId(place);
        }
        self.places.push(Some(connection));
        // Descriptors are far fewer than 2^32.
        ConnectionId(u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX))
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<&OwnedFd> {
        self.places.get(id.0 as usize)?.as_ref()
    }

    /// Closes our copy.
    pub(super) fn close(&mut self, id: ConnectionId) {
        if let Some(place) = self.places.get_mut(id.0 as usize)
            && place.take().is_some()
        {
            self.free.push(id.0);
        }
    }
}
