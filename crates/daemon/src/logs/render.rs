//! From what an app wrote to what stands in its file.

use super::file::{LogFile, Writer};
use super::{Format, Source};
use memchr::memchr;
use rpm_pm2::stamp::Stamp;
use rpm_proto::Stream;

/// Bytes made up before they are written; a stamp before each of many short lines is many bytes.
const PAGE: usize = 256 << 10;

/// How one stream is written.
#[derive(Debug)]
pub(super) enum Render {
    /// As it comes.
    Raw,
    /// A stamp before each line.
    Dated(Stamp),
    /// An object a line.
    Json {
        /// For its time.
        stamp: Stamp,
        /// What follows the time, the same for all lines.
        rest: String,
    },
}

impl Render {
    /// The way to write a stream in `format`.
    pub(super) fn new(format: &Format, source: &Source, stream: Stream) -> Self {
        match format {
            Format::Raw => Self::Raw,
            Format::Dated(date) => Self::Dated(Stamp::new(date)),
            Format::Json { date } => {
                let stream = match stream {
                    Stream::Out => "out",
                    Stream::Err => "err",
                };
                Self::Json {
                    stamp: date.as_deref().map_or_else(Stamp::iso, Stamp::new),
                    rest: format!(
                        ",\"type\":\"{stream}\",\"process_id\":{},\"app_name\":{}}}\n",
                        source.proc,
                        serde_json::Value::from(&*source.name),
                    ),
                }
            }
        }
    }

    /// Whether it can only write lines that are whole.
    pub(super) fn needs_whole_lines(&self) -> bool {
        matches!(self, Self::Json { .. })
    }

    /// Writes what was read at `at`. Returns whether all of it is in the file.
    pub(super) fn write(&mut self, bytes: &[u8], at: i64, page: &mut Page<'_>) -> bool {
        match self {
            Self::Raw => page.file.write(page.writer, bytes),
            Self::Dated(stamp) => {
                let stamp = stamp.at(at);
                let mut begun = page.file.is_amid_line_of(page.writer);
                for line in lines(bytes) {
                    if !begun {
                        page.bytes.extend_from_slice(stamp.as_bytes());
                        page.bytes.extend_from_slice(b": ");
                    }
                    begun = false;
                    page.bytes.extend_from_slice(line);
                    page.turn(PAGE);
                }
                page.end()
            }
            Self::Json { stamp, rest } => {
                let stamp = stamp.at(at);
                for line in lines(bytes) {
                    let line = line.strip_suffix(b"\n").unwrap_or(line);
                    page.bytes.extend_from_slice(b"{\"message\":");
                    quote(&String::from_utf8_lossy(line), page.bytes);
                    page.bytes.extend_from_slice(b",\"timestamp\":");
                    quote(stamp, page.bytes);
                    page.bytes.extend_from_slice(rest.as_bytes());
                    page.turn(PAGE);
                }
                page.end()
            }
        }
    }
}

/// Bytes on their way to a file.
#[derive(Debug)]
pub(super) struct Page<'a> {
    bytes: &'a mut Vec<u8>,
    file: &'a mut LogFile,
    writer: Writer,
    kept: bool,
}

impl<'a> Page<'a> {
    /// An empty page for one writer of a file; `bytes` is memory to use.
    pub(super) fn new(bytes: &'a mut Vec<u8>, file: &'a mut LogFile, writer: Writer) -> Self {
        bytes.clear();
        Self { bytes, file, writer, kept: true }
    }

    /// Writes it when it holds so much.
    fn turn(&mut self, size: usize) {
        if self.bytes.len() >= size {
            self.kept &= self.file.write(self.writer, self.bytes);
            self.bytes.clear();
        }
    }

    fn end(&mut self) -> bool {
        self.turn(0);
        self.bytes.shrink_to(PAGE);
        self.kept
    }
}

/// Lines with their newlines; the last may have none.
fn lines(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let end = memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
        let (line, rest) = bytes.split_at(end);
        bytes = rest;
        Some(line)
    })
}

fn quote(text: &str, into: &mut Vec<u8>) {
    // Strings are always JSON, and a vector takes all.
    drop(serde_json::to_writer(into, text));
}
