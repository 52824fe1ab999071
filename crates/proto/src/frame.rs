//! Frames: a length of 4 bytes, big-endian, then so many bytes. These are JSON (they begin with
//! `{`), or a log line (they begin with byte 1).
//!
//! A log line after its first byte: stream (0 out, 1 err), instance (4 bytes, big-endian), time in
//! ms since 1970 (8 bytes, big-endian), length of the name (2 bytes, big-endian), the name, and the
//! line to the frame's end.

use crate::reply::{LogLine, Reply, Stream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;

/// The largest frame that is read or sent: a table of thousands of processes with their
/// environments fits.
pub const MAX: usize = 64 * 1024 * 1024;

const LOG: u8 = 1;
const LOG_HEAD: usize = 16;

/// Why a frame is refused.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is longer than [`MAX`].
    #[error("a frame of {0} bytes is larger than the {MAX} that are allowed")]
    TooLarge(usize),
    /// It is not what it should be.
    #[error("a frame cannot be read")]
    Json(#[source] serde_json::Error),
    /// A log line that is cut short.
    #[error("a log frame is cut short")]
    Log,
}

impl From<FrameError> for io::Error {
    fn from(error: FrameError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// Appends `value` as one frame.
pub fn push<T: Serialize>(into: &mut Vec<u8>, value: &T) -> Result<(), FrameError> {
    let start = into.len();
    into.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut *into, value).map_err(FrameError::Json)?;
    seal(into, start)
}

/// Appends a reply as one frame.
pub fn push_reply(into: &mut Vec<u8>, reply: &Reply) -> Result<(), FrameError> {
    let Reply::Log(line) = reply else {
        return push(into, reply);
    };
    let start = into.len();
    let name = &line.name.as_bytes()[..line.name.len().min(usize::from(u16::MAX))];
    into.extend_from_slice(&[0, 0, 0, 0, LOG, u8::from(line.stream == Stream::Err)]);
    into.extend_from_slice(&line.proc.to_be_bytes());
    into.extend_from_slice(&line.at.to_be_bytes());
    into.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
    into.extend_from_slice(name);
    into.extend_from_slice(&line.bytes);
    seal(into, start)
}

fn seal(into: &mut Vec<u8>, start: usize) -> Result<(), FrameError> {
    let length = into.len() - start - 4;
    match u32::try_from(length) {
        Ok(header) if length <= MAX => {
            into[start..start + 4].copy_from_slice(&header.to_be_bytes());
            Ok(())
        }
        _ => {
            into.truncate(start);
            Err(FrameError::TooLarge(length))
        }
    }
}

/// The length that a frame's first four bytes announce.
pub fn length(header: [u8; 4]) -> Result<usize, FrameError> {
    let length = u32::from_be_bytes(header) as usize;
    if length > MAX { Err(FrameError::TooLarge(length)) } else { Ok(length) }
}

/// Reads the body of a JSON frame.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(body).map_err(FrameError::Json)
}

/// Reads the body of a reply's frame.
pub fn parse_reply(body: &[u8]) -> Result<Reply, FrameError> {
    if body.first() != Some(&LOG) {
        return parse(body);
    }
    let head: &[u8; LOG_HEAD] = body.first_chunk().ok_or(FrameError::Log)?;
    let [_, stream, p0, p1, p2, p3, t0, t1, t2, t3, t4, t5, t6, t7, n0, n1] = *head;
    let rest = &body[LOG_HEAD..];
    let name = usize::from(u16::from_be_bytes([n0, n1]));
    let (name, bytes) = rest.split_at_checked(name).ok_or(FrameError::Log)?;
    Ok(Reply::Log(LogLine {
        proc: u32::from_be_bytes([p0, p1, p2, p3]),
        name: String::from_utf8_lossy(name).into_owned(),
        stream: if stream == 0 { Stream::Out } else { Stream::Err },
        at: i64::from_be_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
        bytes: bytes.to_vec(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_keeps_every_byte() {
        let line = LogLine {
            proc: 7,
            name: "api".to_owned(),
            stream: Stream::Err,
            at: -1,
            bytes: vec![0, 255, b'{', 200],
        };
        let mut wire = Vec::new();
        push_reply(&mut wire, &Reply::Log(line.clone())).unwrap();
        let body = length(*wire.first_chunk().unwrap()).unwrap();
        assert_eq!(body, wire.len() - 4);
        assert_eq!(parse_reply(&wire[4..]).unwrap(), Reply::Log(line));
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let line =
            LogLine { proc: 0, name: "n".repeat(9), stream: Stream::Out, at: 0, bytes: vec![] };
        let mut wire = Vec::new();
        push_reply(&mut wire, &Reply::Log(line)).unwrap();
        for end in 5..wire.len() {
            assert!(parse_reply(&wire[4..end]).is_err(), "{end}");
        }
        assert!(parse_reply(b"").is_err());
        assert!(length([255; 4]).is_err());
    }
}
