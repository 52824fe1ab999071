//! Reading what clients send, bounded in size and in time.

use interprocess::local_socket::tokio::Stream;
use rpm_proto::frame::{self, FrameError};
use std::io;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// A client that has connected has so long for the first byte of what it wants.
pub(super) const FIRST_BYTE: Duration = Duration::from_secs(5);
/// A frame that has begun has so long to be whole.
pub(super) const WHOLE_FRAME: Duration = Duration::from_secs(30);
/// A request may be so large: thousands of apps with their environments fit.
pub(super) const REQUEST_MAX: usize = 16 * 1024 * 1024;
/// Requests up to this size need no leave.
pub(super) const SMALL: usize = 64 * 1024;
/// Larger ones share so much memory; the next ones wait.
const LARGE_KIB: usize = 64 * 1024;

/// The memory that large requests share.
#[derive(Debug)]
pub(crate) struct Leave(Semaphore);

impl Default for Leave {
    fn default() -> Self {
        Self(Semaphore::new(LARGE_KIB))
    }
}

impl Leave {
    /// Leave for a request that may be as large as any.
    pub(super) async fn large(&self) -> io::Result<SemaphorePermit<'_>> {
        let share = u32::try_from(REQUEST_MAX / 1024).unwrap_or(u32::MAX);
        self.0.acquire_many(share).await.map_err(io::Error::other)
    }
}

/// What requests take at most, by name, in bytes.
pub(super) fn bounds() -> [(&'static str, u64); 2] {
    [
        ("clients.small_request_bytes", SMALL as u64),
        ("clients.large_requests_bytes", LARGE_KIB as u64 * 1024),
    ]
}

/// Reads the body of one frame. The first byte may take as long as `patience` says, or for ever.
/// Memory is taken as bytes come, not as they are announced.
pub(super) async fn body(
    stream: &mut Stream,
    patience: Option<Duration>,
    leave: &Leave,
) -> io::Result<Vec<u8>> {
    let mut header = [0; 4];
    let first = stream.read_exact(&mut header[..1]);
    match patience {
        Some(patience) => timeout(patience, first).await??,
        None => first.await?,
    };
    timeout(WHOLE_FRAME, rest(stream, header, leave)).await?
}

async fn rest(stream: &mut Stream, mut header: [u8; 4], leave: &Leave) -> io::Result<Vec<u8>> {
    stream.read_exact(&mut header[1..]).await?;
    let length = frame::length(header)?;
    if length > REQUEST_MAX {
        return Err(FrameError::TooLarge(length).into());
    }
    let share = if length > SMALL { length / 1024 } else { 0 };
    let share = u32::try_from(share).unwrap_or(u32::MAX);
    let _leave = leave.0.acquire_many(share).await.map_err(io::Error::other)?;
    let mut body = Vec::new();
    let read = stream.take(length as u64).read_to_end(&mut body).await?;
    if read < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(body) }
}
