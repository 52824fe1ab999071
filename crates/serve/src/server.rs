//! Listening, and how it ends.

use crate::options::{Options, OptionsError};
use crate::site::Site;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

/// So many connections at a time; others wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 4096;
/// How long a request's head may take.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// How long what is under way may take after a signal; less than the usual `kill_timeout`.
const FAREWELL: Duration = Duration::from_millis(1_200);
/// How long to wait when the system refuses a connection, for want of descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The variables.
    #[error("the options cannot be read")]
    Options(#[from] OptionsError),
    /// The folder.
    #[error("the folder {path} cannot be served")]
    Folder {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The port.
    #[error("listening at {address} failed")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What it runs on.
    #[error("starting failed")]
    Start(#[source] io::Error),
}

/// Serves until SIGINT or SIGTERM comes; `var` gives the value of a variable.
pub fn run(var: impl Fn(&str) -> Option<String>) -> Result<(), ServeError> {
    let options = Options::read(var)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(ServeError::Start)?.block_on(serve(options))
}

async fn serve(options: Options) -> Result<(), ServeError> {
    let root = options.root.canonicalize().and_then(|path| {
        if path.is_dir() { Ok(path) } else { Err(io::ErrorKind::NotADirectory.into()) }
    });
    let root = root.map_err(|source| ServeError::Folder {
        path: options.root.display().to_string(),
        source,
    })?;
    let address = format!("{}:{}", options.host, options.port);
    let listener = TcpListener::bind((options.host.as_str(), options.port))
        .await
        .map_err(|source| ServeError::Listen { address: address.clone(), source })?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Start)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Start)?;
    // Nobody may read it.
    drop(writeln!(io::stdout(), "Exposing {} directory on {address}", root.display()));
    let site = Arc::new(Site::new(root, options));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            () = accept(&listener, &site, &places, &connections) => {}
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    drop(listener);
    // What is not done by then is cut off, as by the signal that would follow.
    drop(tokio::time::timeout(FAREWELL, connections.shutdown()).await);
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    site: &Arc<Site>,
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
    let site = Arc::clone(site);
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A client that goes away is its own affair.
        drop(connection.await);
        drop(place);
    });
}
