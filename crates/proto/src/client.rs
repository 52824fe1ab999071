//! The blocking side of the wire: what the command line uses.

use crate::frame;
use crate::hello::{Hello, PROTOCOL};
use crate::reply::Reply;
use crate::request::Request;
use camino::{Utf8Path, Utf8PathBuf};
use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{ConnectOptions, GenericFilePath, Stream};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// A connection to the daemon.
#[derive(Debug)]
pub struct Client {
    path: Utf8PathBuf,
    stream: Stream,
    protocol: u32,
    via: Option<&'static str>,
    greeted: Option<Hello>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No daemon listens there.
    #[error("no daemon listens on {path}")]
    Absent {
        /// The socket.
        path: Utf8PathBuf,
    },
    /// The socket may not be used.
    #[error("connecting to {path} failed")]
    Io {
        /// The socket.
        path: Utf8PathBuf,
        /// The system's word.
        #[source]
        source: io::Error,
    },
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The connection broke.
    #[error("the connection to the daemon broke")]
    Io(#[source] io::Error),
    /// The daemon died or was replaced while it did something that changes processes.
    #[error("the daemon was replaced meanwhile")]
    Replaced,
    /// The daemon speaks another wire.
    #[error("the daemon is version {} and speaks protocol {}, this is protocol {PROTOCOL}", .0.version, .0.protocol)]
    Version(Hello),
    /// The daemon said something that is not known here.
    #[error("the daemon's answer cannot be read")]
    Unread {
        /// Who it is.
        daemon: Hello,
        /// What is wrong with it.
        #[source]
        source: frame::FrameError,
    },
}

/// A daemon that hangs up is followed by the next at once, on the same socket; so often.
const TRIES: u32 = 5;
/// Before each further try it is waited this much longer.
const PAUSE: Duration = Duration::from_millis(10);
/// A successor is waited for so long.
const PATIENCE: Duration = Duration::from_secs(20);

impl From<io::Error> for CallError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Client {
    /// Connects to the socket at `path`.
    pub fn connect(path: &Utf8Path) -> Result<Self, ConnectError> {
        let io = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                ConnectError::Absent { path: path.to_owned() }
            }
            _ => ConnectError::Io { path: path.to_owned(), source },
        };
        let stream = connect(path).map_err(io)?;
        Ok(Self { path: path.to_owned(), stream, protocol: PROTOCOL, via: None, greeted: None })
    }

    /// Speaks that version of the wire, of which only [`Request::Ping`] and [`Request::Update`] are
    /// certain.
    #[must_use]
    pub fn speaking(mut self, protocol: u32) -> Self {
        self.protocol = protocol;
        self
    }

    /// Says what a person uses to speak, see [`Hello::via`].
    #[must_use]
    pub fn via(mut self, program: &'static str) -> Self {
        self.via = Some(program);
        self
    }

    /// Waits no longer than this for each piece of an answer; then the call fails.
    pub fn patient(self, patience: Duration) -> io::Result<Self> {
        self.stream.set_recv_timeout(Some(patience))?;
        Ok(self)
    }

    /// Sends a request; replies are read with [`Self::next`].
    pub fn send(&mut self, request: &Request) -> Result<(), CallError> {
        let mut wire = Vec::new();
        if self.greeted.is_none() {
            let via = self.via.map(str::to_owned);
            let hello = Hello { protocol: self.protocol, via, ..Hello::ours() };
            frame::push(&mut wire, &hello).map_err(io::Error::from)?;
        }
        frame::push(&mut wire, request).map_err(io::Error::from)?;
        Ok(self.stream.write_all(&wire)?)
    }

    #[expect(
        clippy::should_implement_trait,
        reason = "it can fail, and a connection is no iterator"
    )]
    /// The next reply. The end of the connection is an error of kind `UnexpectedEof`.
    pub fn next(&mut self) -> Result<Reply, CallError> {
        if self.greeted.is_none() {
            let hello: Hello = frame::parse(&self.read()?).map_err(io::Error::from)?;
            if hello.protocol != self.protocol {
                return Err(CallError::Version(hello));
            }
            self.greeted = Some(hello);
        }
        let body = self.read()?;
        frame::parse_reply(&body).map_err(|source| {
            let daemon = self.greeted.clone().unwrap_or_else(Hello::ours);
            CallError::Unread { daemon, source }
        })
    }

    /// Sends a request and waits for the final reply; what comes before goes to `meanwhile`.
    ///
    /// A daemon that is replaced meanwhile is asked again what changes nothing. Of what changes
    /// something it is not known how far it was; then that is the error.
    pub fn call(
        &mut self,
        request: &Request,
        mut meanwhile: impl FnMut(Reply),
    ) -> Result<Reply, CallError> {
        let mut tries = 0;
        loop {
            let error = match self.try_call(request, &mut meanwhile) {
                Err(CallError::Io(error)) if has_hung_up(&error) => error,
                result => return result,
            };
            let before = self.greeted.take();
            tries += 1;
            if tries > TRIES || matches!(request, Request::Update { .. }) {
                return Err(CallError::Io(error));
            }
            std::thread::sleep(PAUSE * tries);
            let Ok(stream) = connect(&self.path) else {
                return Err(CallError::Io(error));
            };
            stream.set_recv_timeout(Some(PATIENCE))?;
            self.stream = stream;
            if !request.changes() {
                continue;
            }
            return match self.try_call(&Request::Ping, &mut |_| {}) {
                Ok(_) if before.as_ref().map(|hello| hello.pid) != self.pid() => {
                    Err(CallError::Replaced)
                }
                _ => Err(CallError::Io(error)),
            };
        }
    }

    fn try_call(
        &mut self,
        request: &Request,
        meanwhile: &mut impl FnMut(Reply),
    ) -> Result<Reply, CallError> {
        self.send(request)?;
        loop {
            let reply = self.next()?;
            if reply.is_final() {
                return Ok(reply);
            }
            meanwhile(reply);
        }
    }

    fn pid(&self) -> Option<u32> {
        self.greeted.as_ref().map(|hello| hello.pid)
    }

    /// The daemon's hello; present after the first reply.
    pub fn daemon(&self) -> Option<&Hello> {
        self.greeted.as_ref()
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut header = [0; 4];
        self.stream.read_exact(&mut header)?;
        let mut body = vec![0; frame::length(header)?];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }
}

/// Readable when a reply comes: for those who wait for several things.
impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        let Stream::UdSocket(stream) = &self.stream;
        stream.as_fd()
    }
}

fn connect(path: &Utf8Path) -> io::Result<Stream> {
    let name = path.as_std_path().to_fs_name::<GenericFilePath>()?;
    ConnectOptions::new().name(name).connect_sync()
}

fn has_hung_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}
