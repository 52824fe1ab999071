//! A connection to the daemon that does not block: the frames of its socket, one after the other.

use rpm_proto::hello::{Hello, PROTOCOL};
use rpm_proto::{Code, Fault, Reply, Request, frame};
use std::io;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// So much is read in one go.
const READ: usize = 64 * 1024;
/// What events say that a person used.
const VIA: &str = "the web page";

/// One exchange with the daemon.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: UnixStream,
    read: Vec<u8>,
    /// How much of `read` was handed out.
    used: usize,
    is_greeted: bool,
}

impl Wire {
    /// Connects and asks.
    pub(crate) async fn ask(socket: &Path, request: &Request) -> Result<Self, Fault> {
        let mut stream = UnixStream::connect(socket).await.map_err(|error| absent(&error))?;
        let mut bytes = Vec::new();
        let hello = Hello { via: Some(VIA.to_owned()), ..Hello::ours() };
        frame::push(&mut bytes, &hello).map_err(|error| broken(&error.into()))?;
        frame::push(&mut bytes, request).map_err(|error| broken(&error.into()))?;
        stream.write_all(&bytes).await.map_err(|error| broken(&error))?;
        Ok(Self { stream, read: Vec::new(), used: 0, is_greeted: false })
    }

    /// The next reply. It may be given up while it waits, and nothing is lost.
    pub(crate) async fn next(&mut self) -> Result<Reply, Fault> {
        if !self.is_greeted {
            let body = self.body().await.map_err(|error| broken(&error))?;
            let hello: Hello = frame::parse(body).map_err(|error| broken(&error.into()))?;
            if hello.protocol != PROTOCOL {
                return Err(skew(&hello));
            }
            self.is_greeted = true;
        }
        let body = self.body().await.map_err(|error| broken(&error))?;
        frame::parse_reply(body).map_err(|error| broken(&error.into()))
    }

    /// A reply that has arrived already.
    pub(crate) fn try_next(&mut self) -> Option<Result<Reply, Fault>> {
        if self.whole().ok().flatten().is_none() {
            self.make_room();
            // That there is nothing, or nothing more ever, is seen by the next wait.
            drop(self.stream.try_read_buf(&mut self.read));
        }
        let body = self.whole().ok().flatten().filter(|_| self.is_greeted)?;
        let reply = frame::parse_reply(&self.read[body.clone()]);
        self.used = body.end;
        Some(reply.map_err(|error| broken(&error.into())))
    }

    async fn body(&mut self) -> io::Result<&[u8]> {
        loop {
            if let Some(body) = self.whole()? {
                self.used = body.end;
                return Ok(&self.read[body]);
            }
            self.make_room();
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn make_room(&mut self) {
        self.read.drain(..self.used);
        self.used = 0;
        self.read.reserve(READ);
    }

    /// Where the next frame's body is, once all of it is there.
    fn whole(&self) -> io::Result<Option<std::ops::Range<usize>>> {
        let Some((header, rest)) = self.read[self.used..].split_first_chunk() else {
            return Ok(None);
        };
        let length = frame::length(*header)?;
        let start = self.used + header.len();
        Ok((rest.len() >= length).then_some(start..start + length))
    }
}

fn absent(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            Fault::new(Code::NoDaemon, "the daemon is away")
                .help("it is shown again as soon as it is back; `rpm resurrect` starts it")
        }
        _ => broken(error),
    }
}

fn broken(error: &io::Error) -> Fault {
    Fault::new(Code::DaemonSilent, "the connection to the daemon broke").because(error.to_string())
}

fn skew(daemon: &Hello) -> Fault {
    Fault::new(Code::VersionMismatch, "the daemon and this server are of different versions")
        .because(format!("the daemon is {}", daemon.version))
        .because(format!("this is {}", env!("CARGO_PKG_VERSION")))
        .help("`rpm web` starts this server anew")
}
