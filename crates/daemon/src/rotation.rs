//! When log files of all apps are put aside, as clients have said it: kept for the next supervisor.

use crate::driver::Driver;
use crate::home::Home;
use rpm_core::spec::RotateOptions;
use rpm_proto::{Code, Fault, Reply};
use std::io;
use tokio::sync::oneshot;

/// What a predecessor was told; the defaults where there was none.
pub(crate) fn load(home: &Home) -> RotateOptions {
    let path = home.rotation();
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::error!(%path, %error, "when logs are put aside cannot be read");
            }
            return RotateOptions::default();
        }
    };
    serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        tracing::error!(%path, %error, "when logs are put aside cannot be read");
        RotateOptions::default()
    })
}

impl Driver {
    /// Other rules hold from now on; the answer says that a successor will know them too.
    pub(crate) fn rotate(&self, options: RotateOptions, reply: oneshot::Sender<Reply>) {
        let (path, store) = (self.world.home.rotation(), self.world.store.clone());
        let text = serde_json::to_vec(&options);
        self.world.logs.rotate(options);
        tokio::task::spawn_local(async move {
            let kept = match text {
                Ok(text) => store.replace(path.clone(), text).await,
                Err(error) => Err(error.into()),
            };
            let answer = match kept {
                Ok(()) => Reply::Done { affected: Vec::new() },
                Err(error) => {
                    let what = "the rules for logs hold, but could not be recorded";
                    let fault = Fault::new(Code::Io, what)
                        .because(format!("writing {path} failed: {error}"))
                        .help("make room on the disk, then give the command again");
                    Reply::Failed { fault, affected: Vec::new() }
                }
            };
            // The client may have hung up.
            drop(reply.send(answer));
        });
    }
}
