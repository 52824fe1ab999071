//! Listening, and how it ends.

use crate::metrics::otlp;
use crate::options::{Options, OptionsError};
use crate::router::router;
use crate::site::Site;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

/// So many connections at a time; others wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 256;
/// How long a request's head may take, and how long a connection may idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// A client that takes nothing for so long is cut off.
const READ_PATIENCE: Duration = Duration::from_secs(30);
/// How long what is under way may take after a signal; less than the usual `kill_timeout`.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long to wait when the system refuses a connection, for want of descriptors.
const BREATH: Duration = Duration::from_millis(50);
/// A head is no longer than this.
const HEAD_BYTES: usize = 16 * 1024;

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The variables.
    #[error("the options cannot be read")]
    Options(#[from] OptionsError),
    /// The port.
    #[error("listening at {address} failed")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Where metrics are to be sent.
    #[error("metrics cannot be sent")]
    Otlp(#[from] otlp::EndpointError),
    /// What it runs on.
    #[error("starting failed")]
    Start(#[source] io::Error),
}

/// Serves until SIGINT or SIGTERM comes; `var` gives the value of a variable.
pub fn run(var: impl Fn(&str) -> Option<String>) -> Result<(), WebError> {
    let own_id = var("pm_id").and_then(|id| id.parse().ok());
    let notify = var("NOTIFY_SOCKET");
    let options = Options::read(var)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(WebError::Start)?.block_on(serve(&options, own_id, notify))
}

async fn serve(
    options: &Options,
    own_id: Option<u32>,
    notify: Option<String>,
) -> Result<(), WebError> {
    let address = SocketAddr::new(options.host, options.port);
    let listener =
        TcpListener::bind(address).await.map_err(|source| WebError::Listen { address, source })?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(WebError::Start)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(WebError::Start)?;
    let site = Site::new(options, own_id);
    if let Some(endpoint) = &options.otlp {
        tokio::spawn(otlp::export(otlp::Endpoint::read(endpoint)?, Arc::clone(&site)));
    }
    let service = TowerToHyperService::new(router(site));
    let shown = listener.local_addr().unwrap_or(address);
    // Nobody may read it.
    drop(writeln!(io::stdout(), "listening at http://{shown}"));
    notify.as_deref().map(tell_ready);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            () = accept(&listener, &service, &places, &connections) => {}
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    drop(listener);
    // Streams have no end of their own: what is not done by then is cut off.
    drop(tokio::time::timeout(FAREWELL, connections.shutdown()).await);
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    service: &TowerToHyperService<Router>,
    places: &Arc<Semaphore>,
    connections: &GracefulShutdown,
) {
    // The semaphore is never closed.
    let Ok(place) = Arc::clone(places).acquire_owned().await else {
        return;
    };
    let Ok((stream, _)) = listener.accept().await else {
        return tokio::time::sleep(BREATH).await;
    };
    bound(&stream);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service.clone());
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A client that goes away is its own affair.
        drop(connection.await);
        drop(place);
    });
}

/// Lets the kernel end the connection of a client that takes nothing.
fn bound(stream: &TcpStream) {
    // Where it cannot be set, a slow client keeps its place.
    drop(socket2::SockRef::from(stream).set_tcp_user_timeout(Some(READ_PATIENCE)));
    drop(stream.set_nodelay(true));
}

/// Says that it serves, `sd_notify(3)`.
fn tell_ready(path: &str) {
    // The daemon counts it as up after a while all the same.
    drop(UnixDatagram::unbound().and_then(|socket| socket.send_to(b"READY=1", path)));
}
