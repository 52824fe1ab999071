//! Taking connections until a signal comes: what the servers of this program have in common.

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;

/// How long to wait when the system refuses a connection, for want of descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// What clients may take at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// So many connections at a time; others wait in the kernel's queue.
    pub connections: usize,
    /// How long a request's head may take, and how long a connection may idle.
    pub head_patience: Duration,
    /// A head is no longer than this, in bytes; hyper's own bound when not given.
    pub head_bytes: Option<usize>,
    /// How long what is under way may take after a signal; then it is cut off.
    pub farewell: Duration,
}

/// The signals that end a server.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Watches for them from now on.
    pub fn watch() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }
}

/// Lets `service` answer until a signal comes; each connection is given to `prepare` first.
pub async fn until_signalled<S, B>(
    listener: TcpListener,
    service: S,
    prepare: fn(&TcpStream),
    bounds: Bounds,
    mut signals: Signals,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(bounds.head_patience);
    if let Some(bytes) = bounds.head_bytes {
        builder.max_buf_size(bytes);
    }
    let places = Arc::new(Semaphore::new(bounds.connections));
    let connections = GracefulShutdown::new();
    let accept = async || {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            return tokio::time::sleep(BREATH).await;
        };
        prepare(&stream);
        let connection = builder.serve_connection(TokioIo::new(stream), service.clone());
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A client that goes away is its own affair.
            drop(connection.await);
            drop(place);
        });
    };
    loop {
        tokio::select! {
            () = accept() => {}
            _ = signals.interrupt.recv() => break,
            _ = signals.terminate.recv() => break,
        }
    }
    drop(listener);
    drop(tokio::time::timeout(bounds.farewell, connections.shutdown()).await);
}
