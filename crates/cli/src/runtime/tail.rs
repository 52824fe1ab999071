//! A log as it grows: each line of it once, however often it is put aside or its writer is replaced.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Read at a time.
const CHUNK: usize = 64 << 10;

/// Logs that were there before, and how long they were.
#[derive(Debug, Default)]
pub(super) struct Before(HashMap<PathBuf, (File, u64)>);

impl Before {
    /// Looks at the files of this folder whose names begin so.
    pub(super) fn look(&mut self, folder: &Path, begin: &str) {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let begins = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(begin.as_bytes());
        for entry in entries.filter(|entry| begins(&entry.file_name())) {
            if let Some((file, meta)) = open(&entry.path()) {
                self.0.insert(entry.path(), (file, meta.len()));
            }
        }
    }

    /// What comes to this log from then on.
    pub(super) fn tail(&mut self, path: PathBuf) -> Tail {
        let (file, at) = self.0.remove(&path).map_or((None, 0), |(file, at)| (Some(file), at));
        Tail { path, file, at, line: Vec::new() }
    }
}

/// How far a log has been read.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    /// What is read; it may have another name by now.
    file: Option<File>,
    at: u64,
    /// The begin of a line that has no end yet.
    line: Vec<u8>,
}

impl Tail {
    /// Calls `each` with the lines that have come.
    pub(super) fn read(&mut self, each: &mut impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            self.drain(each)?;
            // While there is none of this name, one is about to be begun.
            let Some((next, meta)) = open(&self.path) else {
                return Ok(());
            };
            if let Some(file) = &self.file {
                let known = file.metadata()?;
                if (known.dev(), known.ino()) == (meta.dev(), meta.ino()) {
                    if meta.len() >= self.at {
                        return Ok(());
                    }
                    // It has been emptied.
                    self.at = 0;
                    self.line.clear();
                    continue;
                }
                // It was put aside, so what it has now is all that comes to it.
                self.drain(each)?;
                for path in put_aside_after(&self.path, &known)? {
                    (self.file, self.at) = (open(&path).map(|(file, _)| file), 0);
                    self.drain(each)?;
                }
            }
            (self.file, self.at) = (Some(next), 0);
        }
    }

    /// The last line is one without an end, too.
    pub(super) fn end(&mut self, each: &mut impl FnMut(&[u8])) {
        if !self.line.is_empty() {
            each(&std::mem::take(&mut self.line));
        }
    }

    fn drain(&mut self, each: &mut impl FnMut(&[u8])) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.seek(SeekFrom::Start(self.at))?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = file.read(&mut chunk)?;
            if count == 0 {
                return Ok(());
            }
            self.at += count as u64;
            for part in chunk[..count].split_inclusive(|byte| *byte == b'\n') {
                self.line.extend_from_slice(part);
                if self.line.last() == Some(&b'\n') {
                    self.line.pop();
                    each(&self.line);
                    self.line.clear();
                }
            }
        }
    }
}

/// Opens what keeps bytes; a pipe or a terminal does not.
fn open(path: &Path) -> Option<(File, Metadata)> {
    let is_file = fs::metadata(path).is_ok_and(|meta| meta.is_file());
    let file = is_file.then(|| File::open(path).ok()).flatten()?;
    let meta = file.metadata().ok()?;
    Some((file, meta))
}

/// What was put aside of `log` after `known` was, the oldest first, as far as it is not compressed.
fn put_aside_after(log: &Path, known: &Metadata) -> io::Result<Vec<PathBuf>> {
    let (Some(folder), Some(stem)) = (log.parent(), log.file_stem()) else {
        return Ok(Vec::new());
    };
    let begin = [stem.as_encoded_bytes(), b"__"].concat();
    let changed = |meta: &Metadata| (meta.mtime(), meta.mtime_nsec());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)?.filter_map(Result::ok) {
        let (path, name) = (entry.path(), entry.file_name());
        let is_of_log =
            name.as_encoded_bytes().starts_with(&begin) && path.extension() == log.extension();
        let Some(meta) = entry.metadata().ok().filter(|meta| is_of_log && meta.is_file()) else {
            continue;
        };
        if meta.ino() != known.ino() && changed(&meta) > changed(known) {
            found.push((changed(&meta), path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

#[cfg(test)]
mod tests;
