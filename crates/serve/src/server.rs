//! Listening, and how it ends.

use crate::listen::{self, Bounds, Signals};
use crate::options::{Options, OptionsError};
use crate::site::Site;
use hyper::service::service_fn;
use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// What clients may take. What is under way is cut off before the signal that would follow.
const BOUNDS: Bounds = Bounds {
    connections: 4096,
    head_patience: Duration::from_secs(15),
    head_bytes: None,
    farewell: Duration::from_millis(1_200),
};

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
    let signals = Signals::watch().map_err(ServeError::Start)?;
    // Nobody may read it.
    drop(writeln!(io::stdout(), "Exposing {} directory on {address}", root.display()));
    let site = Arc::new(Site::new(root, options));
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(request).await) }
    });
    listen::until_signalled(listener, service, |_| {}, BOUNDS, signals).await;
    Ok(())
}
