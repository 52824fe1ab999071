//! The bytes of a log as they are, file after file.

use crate::volumes::{self, Opened, Volume};
use crate::{Log, ReadError};
use std::collections::VecDeque;
use std::io::{self, Read};

/// All that a log holds, oldest first: what is compressed is unpacked on the way. The file that is
/// written to is read to where it ends when its turn comes, and under whatever name it has by then.
pub struct Content {
    volumes: VecDeque<Volume>,
    open: Option<Box<dyn Read + Send>>,
}

impl Content {
    /// Opens a log; `None` when it has no files.
    pub fn open(log: &Log) -> Result<Option<Self>, ReadError> {
        let volumes = VecDeque::from(volumes::of(log)?);
        Ok((!volumes.is_empty()).then_some(Self { volumes, open: None }))
    }
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(volume) = self.volumes.pop_front() else {
                    return Ok(0);
                };
                // One that has been removed meanwhile has nothing more to say.
                self.open = volume.open().map_err(io::Error::other)?.map(|opened| match opened {
                    Opened::Plain(file, size) => Box::new(file.take(size)) as Box<dyn Read + Send>,
                    Opened::Packed(input) => input,
                });
                continue;
            };
            match open.read(into) {
                Ok(0) if !into.is_empty() => self.open = None,
                read => return read,
            }
        }
    }
}
