//! Listening sockets, bound as libuv binds them, so that an app sees no difference.

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::sockopt::{
    set_ipv6_v6only, set_socket_reuseaddr, set_socket_reuseport, socket_acceptconn, socket_type,
};
use rustix::net::{
    AddressFamily, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType, bind, connect,
    getsockname, ipproto, listen, socket_with,
};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use std::fs::Permissions;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The longest path that fits `sockaddr_un`, `unix(7)`.
const UNIX_PATH_MAX: usize = 107;
const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

/// An address to be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inet {
    /// The address; `None` is every address, of IPv6 too where the machine has it.
    pub address: Option<SocketAddr>,
    /// The port, 0 for any.
    pub port: u16,
    /// An IPv6 socket takes no IPv4.
    pub v6_only: bool,
    /// Who else may be bound to the same port.
    pub sharing: Sharing,
    /// May be bound while old connections linger (TCP), or beside others (UDP), `SO_REUSEADDR`.
    pub reuse_address: bool,
}

/// Who else may be bound to the port of a socket, `SO_REUSEPORT` of `socket(7)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody.
    Alone,
    /// Others of the same user, from now on. Fails where anybody is bound to it already.
    First,
    /// Others of the same user, also those that are bound already.
    Beside,
}

/// A listening TCP socket.
pub fn tcp(inet: Inet, backlog: i32) -> io::Result<OwnedFd> {
    let socket = bind_inet(inet, SocketType::STREAM)?;
    listen(&socket, backlog)?;
    Ok(socket)
}

/// A bound UDP socket.
pub fn udp(inet: Inet) -> io::Result<OwnedFd> {
    Ok(bind_inet(inet, SocketType::DGRAM)?)
}

/// Reads an address as Node writes it: an IP address, with its zone where it has one.
pub fn parse_address(text: &str, port: u16) -> io::Result<SocketAddr> {
    let unknown = || io::Error::from(Errno::INVAL);
    let Some((address, zone)) = text.split_once('%') else {
        return Ok(SocketAddr::new(text.parse::<IpAddr>().map_err(|_| unknown())?, port));
    };
    let address: Ipv6Addr = address.parse().map_err(|_| unknown())?;
    let scope = match zone.parse() {
        Ok(number) => number,
        Err(_) => nix::net::if_::if_nametoindex(zone)?,
    };
    Ok(SocketAddr::V6(SocketAddrV6::new(address, port, 0, scope)))
}

/// A listening socket at a path. One that nobody listens on any more is replaced.
pub fn unix(path: &Path, backlog: i32, mode: Mode) -> io::Result<OwnedFd> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, FLAGS, None)?;
    let place = UnixPlace::of(path)?;
    match bind(&socket, &place.address) {
        Err(Errno::ADDRINUSE) if is_stale(&place.address) => {
            std::fs::remove_file(path)?;
            bind(&socket, &place.address)?;
        }
        bound => bound?,
    }
    if !mode.is_empty() {
        let now = std::fs::metadata(path)?.permissions().mode();
        std::fs::set_permissions(path, Permissions::from_mode(now | mode.bits()))?;
    }
    listen(&socket, backlog)?;
    Ok(socket)
}

/// Who may connect to a socket at a path beside its owner.
pub fn path_mode(readable_all: bool, writable_all: bool) -> Mode {
    let mut mode = Mode::empty();
    if readable_all {
        mode |= Mode::RUSR | Mode::RGRP | Mode::ROTH;
    }
    if writable_all {
        mode |= Mode::WUSR | Mode::WGRP | Mode::WOTH;
    }
    mode
}

/// The address a socket is bound to; `None` when it is not of the internet.
pub fn local_address(socket: &OwnedFd) -> io::Result<Option<SocketAddr>> {
    Ok(inet_of(getsockname(socket)?))
}

/// A duplicate of another process's socket, made to listen where it takes connections,
/// `pidfd_getfd(2)`.
pub fn take(pid: u32, number: RawFd, backlog: i32) -> io::Result<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    let socket = pidfd_getfd(&process, number, PidfdGetfdFlags::empty())?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    if socket_type(&socket)? == SocketType::STREAM && !socket_acceptconn(&socket)? {
        listen(&socket, backlog)?;
    }
    crate::stream::set_nonblocking(&socket)?;
    Ok(socket)
}

fn bind_inet(inet: Inet, kind: SocketType) -> Result<OwnedFd, Errno> {
    let Some(address) = inet.address else {
        let any =
            |address: IpAddr| Inet { address: Some(SocketAddr::new(address, inet.port)), ..inet };
        return match bind_inet(any(Ipv6Addr::UNSPECIFIED.into()), kind) {
            // The machine has no IPv6.
            Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL | Errno::INVAL) => {
                bind_inet(any(Ipv4Addr::UNSPECIFIED.into()), kind)
            }
            bound => bound,
        };
    };
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let protocol = if kind == SocketType::STREAM { ipproto::TCP } else { ipproto::UDP };
    let socket = socket_with(family, kind, FLAGS, Some(protocol))?;
    if inet.reuse_address {
        set_socket_reuseaddr(&socket, true)?;
    }
    if inet.sharing == Sharing::Beside {
        set_socket_reuseport(&socket, true)?;
    }
    if address.is_ipv6() {
        set_ipv6_v6only(&socket, inet.v6_only)?;
    }
    bind(&socket, &address)?;
    if inet.sharing == Sharing::First {
        set_socket_reuseport(&socket, true)?;
    }
    Ok(socket)
}

/// A path as `bind(2)` takes it. A long one is reached through its directory.
struct UnixPlace {
    address: SocketAddrUnix,
    _directory: Option<OwnedFd>,
}

impl UnixPlace {
    fn of(path: &Path) -> Result<Self, Errno> {
        if path.as_os_str().len() <= UNIX_PATH_MAX {
            return Ok(Self { address: SocketAddrUnix::new(path)?, _directory: None });
        }
        let name = path.file_name().ok_or(Errno::INVAL)?;
        let parent = path.parent().ok_or(Errno::INVAL)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(parent, flags, Mode::empty())?;
        let short = format!("/proc/self/fd/{}", directory.as_fd().as_raw_fd());
        let address = SocketAddrUnix::new(Path::new(&short).join(name))?;
        Ok(Self { address, _directory: Some(directory) })
    }
}

/// Whether the file is a socket's that nobody listens on.
fn is_stale(address: &SocketAddrUnix) -> bool {
    socket_with(AddressFamily::UNIX, SocketType::STREAM, FLAGS, None)
        .and_then(|probe| connect(&probe, address))
        .is_err_and(|error| error == Errno::CONNREFUSED)
}

fn inet_of(address: SocketAddrAny) -> Option<SocketAddr> {
    SocketAddr::try_from(address).ok()
}

#[cfg(test)]
mod tests;
