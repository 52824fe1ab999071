//! From what an app wrote to what stands in its file.

use super::page::Page;
use super::{Format, Source};
use memchr::memchr;
use rpm_pm2::stamp::Stamp;
use rpm_proto::Stream;

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

    /// Whether what it writes depends on the time.
    pub(super) fn is_stamped(&self) -> bool {
        !matches!(self, Self::Raw)
    }

    /// Adds what was captured at `at` to a page. With `goes_on`, it begins amid a line.
    pub(super) fn write(&mut self, bytes: &[u8], at: i64, goes_on: bool, page: &mut Page<'_>) {
        match self {
            Self::Raw => page.straight(bytes),
            Self::Dated(stamp) => {
                let stamp = stamp.at(at);
                let mut begun = goes_on;
                for line in lines(bytes) {
                    page.add(|bytes| {
                        if !begun {
                            bytes.extend_from_slice(stamp.as_bytes());
                            bytes.extend_from_slice(b": ");
                        }
                        bytes.extend_from_slice(line);
                    });
                    begun = false;
                }
            }
            Self::Json { stamp, rest } => {
                let stamp = stamp.at(at);
                for line in lines(bytes) {
                    let line = line.strip_suffix(b"\n").unwrap_or(line);
                    page.add(|bytes| {
                        bytes.extend_from_slice(b"{\"message\":");
                        quote(&String::from_utf8_lossy(line), bytes);
                        bytes.extend_from_slice(b",\"timestamp\":");
                        quote(stamp, bytes);
                        bytes.extend_from_slice(rest.as_bytes());
                    });
                }
            }
        }
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
