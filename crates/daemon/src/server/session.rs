//! One client: requests in, replies out.

use super::{Doors, follow, skew};
use crate::driver::Ask;
use crate::update;
use interprocess::local_socket::tokio::Stream;
use rpm_proto::frame::{self, FrameError};
use rpm_proto::hello::PROTOCOL;
use rpm_proto::{Code, Fault, Hello, Reply, Request};
use serde::de::DeserializeOwned;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{broadcast, oneshot};
use tokio::time::timeout;

/// A client has so long for its first frame, and for the rest of any frame.
const PATIENCE: Duration = Duration::from_secs(30);
/// A request may be so large: thousands of apps with their environments fit.
const REQUEST_MAX: usize = 16 * 1024 * 1024;

/// Serves one client until it hangs up.
pub(crate) async fn run(mut stream: Stream, doors: Doors) {
    match converse(&mut stream, &doors).await {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let fault = Fault::new(Code::BadRequest, "the request cannot be read")
                .because(error.to_string())
                .help("use the `rpm` that belongs to this daemon");
            // It may have hung up; there is nobody else to tell.
            drop(send(&mut stream, &Reply::Failed { fault, affected: Vec::new() }).await);
        }
        // A client that hangs up is no news.
        Ok(()) | Err(_) => {}
    }
}

async fn converse(stream: &mut Stream, doors: &Doors) -> io::Result<()> {
    let hello: Hello = timeout(PATIENCE, read(stream)).await??;
    let mut wire = Vec::new();
    frame::push(&mut wire, &Hello::ours())?;
    stream.write_all(&wire).await?;
    if hello.protocol != PROTOCOL {
        return Ok(());
    }
    loop {
        let body = read_body(stream).await?;
        let request = match frame::parse(&body) {
            Ok(request) => request,
            Err(error) => {
                refuse(stream, skew::misunderstood(&hello, &body, &error)).await?;
                continue;
            }
        };
        match request {
            Request::Follow { target, out, err } => {
                return follow::lines(stream, doors, target, out, err).await;
            }
            Request::Watch => return follow::notices(stream, doors).await,
            Request::Update { binary } => match update::check(binary.clone()).await {
                Ok(open) => answer(stream, doors, Request::Update { binary }, Some(open)).await?,
                Err(fault) => refuse(stream, fault).await?,
            },
            request => answer(stream, doors, request, None).await?,
        }
    }
}

async fn answer(
    stream: &mut Stream,
    doors: &Doors,
    request: Request,
    binary: Option<OwnedFd>,
) -> io::Result<()> {
    let busy = doors.busy.clone();
    let mut notices = tells_progress(&request).then(|| doors.notices.subscribe());
    let (reply, mut answer) = oneshot::channel();
    if doors.asks.send(Ask { request, binary, reply }).await.is_err() {
        return unanswered(stream, doors).await;
    }
    let reply = loop {
        tokio::select! { biased;
            reply = &mut answer => match reply {
                Ok(reply) => break reply,
                Err(_) => return unanswered(stream, doors).await,
            },
            notice = next(&mut notices) => {
                send(stream, &Reply::Notice { notice }).await?;
            }
        }
    };
    let result = send(stream, &reply).await;
    drop(busy);
    result
}

/// The next notice; for ever when there is none to come. What was missed is progress that is past.
async fn next(
    notices: &mut Option<broadcast::Receiver<std::sync::Arc<rpm_core::Notice>>>,
) -> rpm_core::Notice {
    if let Some(notices) = notices {
        loop {
            match notices.recv().await {
                Ok(notice) => return (*notice).clone(),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => break,
            }
        }
    }
    std::future::pending().await
}

fn tells_progress(request: &Request) -> bool {
    matches!(
        request,
        Request::Apply { .. } | Request::Act { .. } | Request::Scale { .. } | Request::Resurrect
    )
}

/// Nobody here answers any more. Where a successor does, the client is hung up on and asks there.
async fn unanswered(stream: &mut Stream, doors: &Doors) -> io::Result<()> {
    if doors.succeeded.get() {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let fault = Fault::new(Code::ShuttingDown, "the daemon is stopping")
        .help("wait for it to end, then give the command again");
    refuse(stream, fault).await
}

async fn refuse(stream: &mut Stream, fault: Fault) -> io::Result<()> {
    send(stream, &Reply::Failed { fault, affected: Vec::new() }).await
}

/// Sends one reply; a client that does not read for long is given up.
pub(super) async fn send(stream: &mut Stream, reply: &Reply) -> io::Result<()> {
    let mut wire = Vec::new();
    frame::push_reply(&mut wire, reply)?;
    send_all(stream, &wire).await
}

/// Sends frames that are made already.
pub(super) async fn send_all(stream: &mut Stream, wire: &[u8]) -> io::Result<()> {
    timeout(PATIENCE, stream.write_all(wire)).await?
}

async fn read<T: DeserializeOwned>(stream: &mut Stream) -> io::Result<T> {
    Ok(frame::parse(&read_body(stream).await?)?)
}

async fn read_body(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await?;
    let length = frame::length(header)?;
    if length > REQUEST_MAX {
        return Err(FrameError::TooLarge(length).into());
    }
    let mut body = vec![0; length];
    timeout(PATIENCE, stream.read_exact(&mut body)).await??;
    Ok(body)
}
