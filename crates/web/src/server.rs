//! Listening, and how it ends.

use crate::metrics::otlp;
use crate::options::{Options, OptionsError};
use crate::router::router;
use crate::site::Site;
use hyper_util::service::TowerToHyperService;
use rpm_serve::listen::{self, Bounds, Signals};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// What clients may take. What is under way after a signal has less than the usual `kill_timeout`.
const BOUNDS: Bounds = Bounds {
    connections: 256,
    head_patience: Duration::from_secs(15),
    head_bytes: Some(16 * 1024),
    farewell: Duration::from_secs(1),
};
/// A client that takes nothing for so long is cut off.
const READ_PATIENCE: Duration = Duration::from_secs(30);

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
    let signals = Signals::watch().map_err(WebError::Start)?;
    let site = Site::new(options, own_id);
    if let Some(endpoint) = &options.otlp {
        tokio::spawn(otlp::export(otlp::Endpoint::read(endpoint)?, Arc::clone(&site)));
    }
    let service = TowerToHyperService::new(router(site));
    let shown = listener.local_addr().unwrap_or(address);
    // Nobody may read it.
    drop(writeln!(io::stdout(), "listening at http://{shown}"));
    notify.as_deref().map(tell_ready);
    // Streams have no end of their own: what is not done by then is cut off.
    listen::until_signalled(listener, service, bound, BOUNDS, signals).await;
    Ok(())
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
