//! Connections that no worker has taken yet, by small numbers.

use rpm_node::{ConnectionId, SocketId};
use std::os::fd::OwnedFd;

/// A table of connections; numbers are used again.
#[derive(Debug, Default)]
pub(super) struct Connections {
    places: Vec<Option<(OwnedFd, SocketId)>>,
    free: Vec<u32>,
}

impl Connections {
    /// Names a connection that came through a listening socket.
    pub(super) fn insert(&mut self, connection: OwnedFd, socket: SocketId) -> ConnectionId {
        let connection = Some((connection, socket));
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = connection;
            return ConnectionId(place);
        }
        self.places.push(connection);
        // Descriptors are far fewer than 2^32.
        ConnectionId(u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX))
    }

    /// A connection, and where it came through.
    pub(super) fn get(&self, id: ConnectionId) -> Option<(&OwnedFd, SocketId)> {
        self.places.get(id.0 as usize)?.as_ref().map(|(fd, socket)| (fd, *socket))
    }

    /// Our copy, to be closed.
    pub(super) fn take(&mut self, id: ConnectionId) -> Option<OwnedFd> {
        let (connection, _) = self.places.get_mut(id.0 as usize)?.take()?;
        self.free.push(id.0);
        Some(connection)
    }
}
