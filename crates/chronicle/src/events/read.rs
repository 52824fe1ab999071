//! Reading events, the newest first or from one on.

use super::{FILES, path};
use camino::Utf8Path;
use rpm_proto::{Happening, Level};
use std::io;

/// Which events are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// About these apps or instance ids; all when empty.
    pub about: Vec<String>,
    /// Of these kinds; all when empty.
    pub kinds: Vec<String>,
    /// At least so grave.
    pub level: Option<Level>,
    /// Not before, in ms since 1970.
    pub since: Option<i64>,
    /// Before, in ms since 1970.
    pub until: Option<i64>,
}

impl Wanted {
    /// Whether an event is one of them.
    pub fn has(&self, event: &Happening) -> bool {
        let about = |name: &String| {
            event.concerns(name) || event.id.is_some_and(|id| name.parse() == Ok(id))
        };
        (self.about.is_empty() || self.about.iter().any(about))
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && self.level.is_none_or(|level| event.level >= level)
            && self.since.is_none_or(|since| event.at >= since)
            && self.until.is_none_or(|until| event.at < until)
    }
}

/// The last `count` of the events that are wanted, oldest first. No file is no event. Lines that are
/// none, such as one torn by a crash, are passed over.
pub fn latest(folder: &Utf8Path, wanted: &Wanted, count: usize) -> io::Result<Vec<Happening>> {
    let mut found = Vec::new();
    for age in 0..FILES {
        let bytes = content(folder, age)?;
        // Only as many lines are parsed as it takes: the daemon asks for the last one at its start.
        let events = bytes.rsplit(|byte| *byte == b'\n').filter_map(parse);
        found.extend(events.filter(|event| wanted.has(event)).take(count - found.len()));
        if found.len() == count {
            break;
        }
    }
    found.reverse();
    Ok(found)
}

/// All events that are kept and come after that of number `seq`, oldest first.
pub fn after(folder: &Utf8Path, seq: u64) -> io::Result<Vec<Happening>> {
    let mut files = Vec::new();
    for age in 0..FILES {
        let bytes = content(folder, age)?;
        let lines = bytes.split(|byte| *byte == b'\n');
        let events: Vec<Happening> = lines.filter_map(parse).collect();
        let reaches = events.first().is_some_and(|first| first.seq <= seq);
        files.push(events);
        if reaches {
            break;
        }
    }
    let events = files.into_iter().rev().flatten();
    Ok(events.filter(|event| event.seq > seq).collect())
}

/// The bytes of a file; none where there is none.
fn content(folder: &Utf8Path, age: u32) -> io::Result<Vec<u8>> {
    match std::fs::read(path(folder, age)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

fn parse(line: &[u8]) -> Option<Happening> {
    serde_json::from_slice(line).ok()
}
