//! Listening sockets: bound as asked, and waited for while somebody can take what comes.

use rpm_node::{Bind, BindTo, SocketId, Sockname};
use rpm_sys::listen::{self, Inet, Sharing};
use rpm_sys::poller::{Interest, Poller};
use rpm_sys::stream::{self, Accepted};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// One listening socket.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) fd: OwnedFd,
    token: u64,
    /// Whether it is in the set that is waited for at all. Sockets from which workers accept by
    /// themselves never are.
    known: bool,
    /// Whether its connections are waited for. When not, some may be there.
    pub(super) armed: bool,
    /// Not before, in ms: descriptors ran out. 0 is now.
    pub(super) rests_until_ms: u64,
}

impl Listening {
    pub(super) fn new(id: SocketId, fd: OwnedFd) -> Self {
        Self { fd, token: id.0, known: false, armed: false, rests_until_ms: 0 }
    }

    pub(super) fn accept(&self, with_peer: bool) -> io::Result<Accepted> {
        stream::accept(self.fd.as_fd(), with_peer)
    }

    /// Waits for connections, or leaves them in the kernel.
    pub(super) fn arm(&mut self, armed: bool, poller: &Poller) {
        if self.armed == armed {
            return;
        }
        let interest = if armed { Interest::Read } else { Interest::None };
        let set = if self.known { Poller::modify } else { Poller::add };
        match set(poller, self.fd.as_fd(), self.token, interest) {
            Ok(()) => (self.known, self.armed) = (true, armed),
            Err(error) => tracing::error!(%error, "a listening socket could not be waited for"),
        }
    }

    /// Takes it out of the set that is waited for. Needed before it is closed, as others hold
    /// duplicates.
    pub(super) fn retire(&mut self, poller: &Poller) {
        if self.known
            && let Err(error) = poller.remove(self.fd.as_fd())
        {
            tracing::error!(%error, "a listening socket could not be retired");
        }
        (self.known, self.armed) = (false, false);
    }
}

/// One that is bound to try whether the port is free, and closed, would not do: a process that is
/// being spawned holds a copy of it until it executes its program.
fn sharing(bind: &Bind) -> Sharing {
    match (bind.reuse_port, bind.first) {
        (false, _) => Sharing::Alone,
        (true, true) => Sharing::First,
        (true, false) => Sharing::Beside,
    }
}

/// Binds; `pid` is the process of the worker that asks, for what it has itself.
pub(super) fn bind(bind: &Bind, pid: Option<u32>) -> io::Result<(OwnedFd, Sockname)> {
    let socket = match &bind.to {
        BindTo::Tcp { address, port, v6_only } => {
            let address = address.as_deref().map(|text| listen::parse_address(text, *port));
            let inet = Inet {
                address: address.transpose()?,
                port: *port,
                v6_only: *v6_only,
                sharing: sharing(bind),
                reuse_address: true,
            };
            listen::tcp(inet, bind.backlog)?
        }
        BindTo::Udp { address, port, v6_only, reuse_address } => {
            let inet = Inet {
                address: Some(listen::parse_address(address, *port)?),
                port: *port,
                v6_only: *v6_only,
                sharing: sharing(bind),
                reuse_address: *reuse_address,
            };
            listen::udp(inet)?
        }
        BindTo::Unix { path, readable_all, writable_all } => {
            let mode = listen::path_mode(*readable_all, *writable_all);
            listen::unix(Path::new(path), bind.backlog, mode)?
        }
        BindTo::Inherited { fd, .. } => {
            let bad = || io::Error::from_raw_os_error(EBADF);
            listen::take(pid.ok_or_else(bad)?, *fd, bind.backlog).map_err(|_| bad())?
        }
    };
    let name = listen::local_address(&socket)?;
    Ok((socket, name))
}

const EBADF: i32 = 9;

#[cfg(test)]
mod tests;
