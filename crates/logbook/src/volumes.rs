//! The files of one log: the one that is written to, and those that were put aside beside it.
//!
//! For `NAME.log` those are `NAME__STAMP.log`, with `.gz` or `.zst` behind when they are compressed;
//! a number stands before `.log` where a name was taken.

use crate::{Log, ReadError};
use flate2::read::MultiGzDecoder;
use rpm_pm2::stamp::Stamp;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The format of stamps in names, where none else is set.
const STAMP: &str = "YYYY-MM-DD_HH-mm-ss";

/// One file of a log.
#[derive(Debug)]
pub(crate) struct Volume {
    /// Its name when it was found.
    pub(crate) path: PathBuf,
    /// Open, if it is the one that is written to: it may be put aside at any time.
    file: Option<File>,
    packing: Packing,
    /// Its bytes on the disk when it was found.
    size: u64,
    /// When it was last written to, as far as is known, in ms since 1970.
    pub(crate) until: i64,
    /// Not before that was it last written to, in ms.
    modified: i64,
    number: u32,
    /// So many bytes of it are read, where that is not all.
    end: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// An open volume.
pub(crate) enum Opened {
    /// Its bytes can be reached by their place, up to this size.
    Plain(File, u64),
    /// Its bytes come one after the other.
    Packed(Box<dyn Read + Send>),
}

/// All files of a log, oldest first. A log without files has none.
pub(crate) fn of(log: &Log) -> Result<Vec<Volume>, ReadError> {
    let failed = |source| ReadError { path: log.path.clone(), source };
    // The current file is opened first: one that is put aside meanwhile is then there twice, and is
    // known by its inode, where it could else be missed.
    let current = match File::open(&log.path) {
        Ok(file) => {
            let meta = file.metadata().map_err(failed)?;
            // A pipe or a terminal cannot be read again.
            meta.is_file().then_some((file, meta))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let mut volumes = Vec::new();
    if log.aside {
        volumes = aside(&log.path, current.as_ref().map(|(_, meta)| meta));
    }
    volumes.sort_by(|a, b| (a.until, a.number, &a.path).cmp(&(b.until, b.number, &b.path)));
    // While one is compressed, both may be there.
    volumes.dedup_by(|next, kept| {
        let same = plain_name(&next.path) == plain_name(&kept.path);
        if same && next.packing < kept.packing {
            std::mem::swap(next, kept);
        }
        same
    });
    if let Some((file, meta)) = current {
        let modified = millis(&meta);
        let path = log.path.clone();
        let packing = Packing::Plain;
        let file = Some(file);
        let (size, until, end) = (meta.len(), modified, log.end);
        volumes.push(Volume { path, file, packing, size, until, modified, number: 0, end });
    }
    Ok(volumes)
}

fn aside(path: &Path, current: Option<&Metadata>) -> Vec<Volume> {
    // Where the log is a link, they are beside what it leads to.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(entries) = std::fs::read_dir(folder.unwrap_or(Path::new("."))) else {
        return Vec::new();
    };
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Vec::new();
    };
    let log = match name.rfind('.').filter(|at| *at > 0) {
        Some(at) => name.split_at(at),
        None => (name, ""),
    };
    let stamps = Stamp::new(STAMP);
    let volumes = entries.filter_map(Result::ok).filter_map(|entry| {
        let name = entry.file_name();
        let (stamp, number, packing) = parts(log, name.to_str()?)?;
        let meta = entry.metadata().ok().filter(Metadata::is_file)?;
        if current.is_some_and(|it| (it.dev(), it.ino()) == (meta.dev(), meta.ino())) {
            return None;
        }
        let modified = millis(&meta);
        let stamped = stamps.read(stamp.as_bytes(), modified);
        let until = stamped.filter(|(_, length)| *length == stamp.len());
        let until = until.map_or(modified, |(at, _)| at);
        let (path, file, size, end) = (entry.path(), None, meta.len(), None);
        Some(Volume { path, file, packing, size, until, modified, number, end })
    });
    volumes.collect()
}

/// The stamp, the number and the packing in the name of a file that was put aside; of the log the
/// name and the extension are given.
fn parts<'a>((stem, extension): (&str, &str), name: &'a str) -> Option<(&'a str, u32, Packing)> {
    let (name, packing) = match (name.strip_suffix(".gz"), name.strip_suffix(".zst")) {
        (Some(name), _) => (name, Packing::Gzip),
        (None, Some(name)) => (name, Packing::Zstd),
        (None, None) => (name, Packing::Plain),
    };
    let stamp = name.strip_prefix(stem)?.strip_prefix("__")?;
    let stamp = stamp.strip_suffix(extension)?;
    let numbered =
        stamp.rsplit_once('.').and_then(|(stamp, number)| Some((stamp, number.parse().ok()?)));
    let (stamp, number) = numbered.unwrap_or((stamp, 0));
    stamp.contains(|letter: char| letter.is_ascii_digit()).then_some((stamp, number, packing))
}

fn plain_name(path: &Path) -> PathBuf {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz" | "zst") => path.with_extension(""),
        _ => path.to_owned(),
    }
}

fn millis(meta: &Metadata) -> i64 {
    meta.mtime() * 1000 + meta.mtime_nsec() / 1_000_000
}

impl Volume {
    /// Whether all that is in it was written before `at`.
    pub(crate) fn is_older_than(&self, at: i64) -> bool {
        self.file.is_none() && self.modified < at
    }

    /// Its size on the disk, where it is compressed; else 0.
    pub(crate) fn packed_bytes(&self) -> u64 {
        if self.packing == Packing::Plain { 0 } else { self.size }
    }

    /// Opens it; `None` when it has been removed since it was found. One that has been compressed
    /// since is opened by its new name.
    pub(crate) fn open(mut self) -> Result<Option<Opened>, ReadError> {
        let (file, packing, path) = match self.file.take() {
            Some(file) => (file, self.packing, self.path),
            None => match self.find() {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(None),
                Err(source) => return Err(ReadError { path: self.path, source }),
            },
        };
        let opened = match packing {
            Packing::Plain => file.metadata().map(|meta| {
                let size = self.end.map_or(meta.len(), |end| end.min(meta.len()));
                Opened::Plain(file, size)
            }),
            Packing::Gzip => Ok(Opened::Packed(Box::new(MultiGzDecoder::new(file)))),
            Packing::Zstd => {
                zstd::Decoder::new(file).map(|decoder| Opened::Packed(Box::new(decoder)))
            }
        };
        opened.map(Some).map_err(|source| ReadError { path, source })
    }

    fn find(&self) -> io::Result<Option<(File, Packing, PathBuf)>> {
        let named = |extension: &str| {
            let mut name = plain_name(&self.path).into_os_string();
            name.push(extension);
            PathBuf::from(name)
        };
        let tries = [
            (self.packing, self.path.clone()),
            (Packing::Gzip, named(".gz")),
            (Packing::Zstd, named(".zst")),
        ];
        for (packing, path) in tries {
            match File::open(&path) {
                Ok(file) => return Ok(Some((file, packing, path))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let log = Log::plain(folder.join("api-out.log"));
        let name = |volume: &Volume| volume.path.file_name().unwrap().to_str().unwrap().to_owned();
        of(&log).unwrap().iter().map(name).collect()
    }

    #[test]
    fn files_are_in_the_order_in_which_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let ours = [
            "api-out__2026-11-27_00-00-00.log.gz",
            "api-out__2026-11-28_00-00-00.log.zst",
            "api-out__2026-11-28_00-00-00.1.log",
            "api-out__2026-11-28_00-00-00.2.log.gz",
            "api-out.log",
        ];
        let others = [
            "api-out-1.log",
            "api-out__.log",
            "api-out__x.log",
            "api-out-1__2026-11-28_00-00-00.log",
            "api-out__2026-11-28_00-00-00.log.gz.tmp7",
            "api-error__2026-11-28_00-00-00.log",
        ];
        for name in ours.iter().chain(&others[..2]).chain(&others[3..4]).chain(&others[5..]) {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(names(folder.path()), ours);
    }

    #[test]
    fn one_that_is_being_compressed_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["api-out__2026-11-28_00-00-00.log", "api-out__2026-11-28_00-00-00.log.gz"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(names(folder.path()), ["api-out__2026-11-28_00-00-00.log"]);
    }

    #[test]
    fn a_log_without_files_is_empty() {
        assert!(names(Path::new("/nowhere/at/all")).is_empty());
    }
}
