//! One client: requests in, replies out.

use super::crowd::Place;
use super::{Doors, follow, read, skew, trigger};
use crate::clock;
use crate::update;
use interprocess::local_socket::tokio::Stream;
use rpm_core::Target;
use rpm_pm2::bus;
use rpm_proto::frame;
use rpm_proto::hello::PROTOCOL;
use rpm_proto::{Code, Fault, Hello, Reply, Request};
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::broadcast;
use tokio::time::timeout;

/// A client has so long to take a reply.
const PATIENCE: Duration = Duration::from_secs(30);
/// One that is turned away has so long to hear why.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);

/// Serves one client until it hangs up.
pub(super) async fn run(mut stream: Stream, mut doors: Doors, place: Place) {
    match converse(&mut stream, &mut doors, &place).await {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            doors.figures.unreadable();
            let fault = Fault::new(Code::BadRequest, "the request cannot be read")
                .because(error.to_string())
                .help("use the `rpm` that belongs to this daemon");
            // It may have hung up; there is nobody else to tell.
            drop(send(&mut stream, &Reply::Failed { fault, affected: Vec::new() }).await);
        }
        Err(error) if error.kind() == io::ErrorKind::TimedOut => doors.figures.late(),
        // A client that hangs up is no news.
        Ok(()) | Err(_) => {}
    }
}

/// Tells a client that there is no room.
pub(super) async fn turn_away(mut stream: Stream) {
    let answer = async {
        let leave = super::Leave::default();
        read::body(&mut stream, None, &leave).await?;
        let mut wire = Vec::new();
        frame::push(&mut wire, &Hello::ours())?;
        let fault = Fault::new(Code::Busy, "the daemon serves as many clients as it can")
            .because(format!("{} are connected and wait for answers", super::crowd::CLIENTS))
            .help("end some (`rpm logs`, scripts that wait), then give the command again");
        frame::push_reply(&mut wire, &Reply::Failed { fault, affected: Vec::new() })?;
        stream.write_all(&wire).await
    };
    // Whoever does not listen is not told.
    drop(timeout(SHORT_PATIENCE, answer).await);
}

async fn converse(stream: &mut Stream, doors: &mut Doors, place: &Place) -> io::Result<()> {
    let patience = Some(read::FIRST_BYTE);
    let hello: Hello = frame::parse(&read::body(stream, patience, &doors.leave).await?)?;
    let mut wire = Vec::new();
    frame::push(&mut wire, &Hello::ours())?;
    stream.write_all(&wire).await?;
    if hello.protocol != PROTOCOL {
        return Ok(());
    }
    doors.by.set_via(hello.via.as_deref());
    let doors = &*doors;
    let mut patience = Some(read::FIRST_BYTE);
    loop {
        let body = read::body(stream, patience, &doors.leave).await?;
        place.busy();
        let request = match frame::parse(&body) {
            Ok(request) => request,
            Err(error) => {
                doors.figures.unreadable();
                refuse(stream, skew::misunderstood(&hello, &body, &error)).await?;
                place.idle();
                continue;
            }
        };
        drop(body);
        match request {
            Request::Follow { target, out, err } => {
                return follow::lines(stream, doors, target, out, err).await;
            }
            Request::Trigger { target, action, param } => {
                return trigger::run(stream, doors, target, &action, param).await;
            }
            Request::Watch => return follow::notices(stream, doors).await,
            Request::Happenings => return follow::happenings(stream, doors).await,
            Request::Update { binary } => match update::check(binary.clone()).await {
                Ok(open) => answer(stream, doors, Request::Update { binary }, Some(open)).await?,
                Err(fault) => refuse(stream, fault).await?,
            },
            request => answer(stream, doors, request, None).await?,
        }
        // One that has asked may think; it makes room when that is needed.
        patience = None;
        place.idle();
    }
}

async fn answer(
    stream: &mut Stream,
    doors: &Doors,
    request: Request,
    binary: Option<OwnedFd>,
) -> io::Result<()> {
    let busy = doors.busy.upgrade();
    let mut notices = tells_progress(&request).then(|| doors.notices.subscribe());
    let (ask, mut answer) = doors.asking(request, binary);
    if doors.asks.send(ask).await.is_err() {
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
    announce(doors, &reply).await;
    drop(busy);
    result
}

/// Tells PM2's clients what was done by hand. Those that do something tell it themselves.
async fn announce(doors: &Doors, reply: &Reply) {
    let (Reply::Done { affected } | Reply::Failed { affected, .. }) = reply else {
        return;
    };
    for one in affected {
        let Some(event) = bus::done(one.change).filter(|_| doors.bus.is_heard()) else {
            continue;
        };
        let target = Some(Target::id(one.proc));
        if let Some(Reply::Details { details }) = doors.ask(Request::Inspect { target }).await {
            let at = clock::now().wall.0;
            for detail in details {
                doors.bus.publish(bus::process_event(&detail, event, true, at));
            }
        }
    }
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
        Request::Apply { .. }
            | Request::Act { .. }
            | Request::Scale { .. }
            | Request::Resurrect
            | Request::Import { .. }
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
