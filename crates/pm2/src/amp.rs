//! AMP frames, in which PM2's clients and its daemon speak.
//!
//! A frame is a byte, version in its upper half and the number of arguments in its lower, then each
//! argument: its length in 4 bytes, big-endian, and so many bytes. These are `j:` and JSON, `s:` and
//! text, or anything else. Nothing says where a stream of frames that went wrong goes on.

use serde_json::Value;

/// The version that is sent; readers do not look at it.
const VERSION: u8 = 1;
/// More arguments do not fit into the first byte.
const ARGS_MAX: usize = 15;

/// Why a stream of frames cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmpError {
    /// A frame is longer than its reader takes.
    #[error("a frame of {0} bytes or more is larger than is allowed")]
    TooLarge(usize),
    /// A frame without arguments, after which readers lose their place.
    #[error("a frame without arguments")]
    Empty,
}

/// One frame: its arguments as they came.
pub type Frame = Vec<Vec<u8>>;

/// Cuts what is read into frames, however it arrives.
#[derive(Debug)]
pub struct Frames {
    held: Vec<u8>,
    limit: usize,
}

impl Frames {
    /// Frames up to `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self { held: Vec::new(), limit }
    }

    /// Adds what was read.
    pub fn push(&mut self, chunk: &[u8]) {
        self.held.extend_from_slice(chunk);
    }

    /// How many bytes are held that are no whole frame, or have not been taken.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Takes the next whole frame; `None` until more is read. After an error nothing comes any more.
    pub fn take(&mut self) -> Result<Option<Frame>, AmpError> {
        let Some((&meta, _)) = self.held.split_first() else {
            return Ok(None);
        };
        let count = usize::from(meta & 0x0f);
        if count == 0 {
            return Err(AmpError::Empty);
        }
        let mut at = 1;
        let mut places = Vec::with_capacity(count);
        for _ in 0..count {
            let Some(head) = self.held.get(at..at + 4) else {
                return Ok(None);
            };
            let length = head.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            places.push(at + 4..at + 4 + length);
            at += 4 + length;
            if at > self.limit {
                return Err(AmpError::TooLarge(at));
            }
            if at > self.held.len() {
                return Ok(None);
            }
        }
        let frame = places.into_iter().map(|place| self.held[place].to_vec()).collect();
        self.held.drain(..at);
        if self.held.is_empty() {
            // What was large once need not stay so.
            self.held = Vec::new();
        }
        Ok(Some(frame))
    }
}

/// An argument of JSON.
pub fn json(value: &Value) -> Vec<u8> {
    format!("j:{value}").into_bytes()
}

/// An argument of JSON that is text already.
pub fn raw_json(text: &str) -> Vec<u8> {
    [b"j:", text.as_bytes()].concat()
}

/// An argument of text.
pub fn text(text: &str) -> Vec<u8> {
    [b"s:", text.as_bytes()].concat()
}

/// The JSON of an argument; `None` when it is something else, or nested too deeply.
pub fn read_json(arg: &[u8]) -> Option<Value> {
    serde_json::from_slice(arg.strip_prefix(b"j:")?).ok()
}

/// A frame of these arguments, of which there are at most 15 and at least one.
pub fn frame(args: &[&[u8]]) -> Vec<u8> {
    debug_assert!((1..=ARGS_MAX).contains(&args.len()), "a frame has 1 to 15 arguments");
    let length = args.iter().map(|arg| arg.len() + 4).sum::<usize>();
    let mut frame = Vec::with_capacity(length + 1);
    let count = u8::try_from(args.len().min(ARGS_MAX)).unwrap_or(0);
    frame.push(VERSION << 4 | count);
    for arg in args.iter().take(ARGS_MAX) {
        let length = u32::try_from(arg.len()).unwrap_or(u32::MAX);
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(arg);
    }
    frame
}

#[cfg(test)]
mod tests;
