//! The files: one for each hour and each life of the supervisor, named by its first minute.

use crate::KEPT_MINUTES;
use crate::minute::Record;
use crate::record::{MAGIC, Names, decode, encode};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file holds so many minutes at most.
const FILE_MINUTES: i64 = 60;
/// All files together are no larger: with very many processes older hours are given up sooner.
const BYTES_MAX: u64 = 64 << 20;
/// A file ends with the record that makes it so large, and no record is larger.
const FILE_BYTES: u64 = 2 << 20;
/// Files of one minute that are told apart; there are more only when supervisors die all the time.
const TWINS_MAX: u32 = 16;
const ENDING: &str = ".figures";

/// The folder and the file that is written.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    first: i64,
    size: u64,
    names: Names,
}

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    /// Appends a record. After an error the next one begins a new file, as this one may end with a
    /// part of a record.
    pub(crate) fn append(&mut self, record: &Record) -> io::Result<()> {
        let fits = |open: &Open| {
            let minutes = open.first..open.first + FILE_MINUTES;
            minutes.contains(&record.minute) && open.size < FILE_BYTES
        };
        let mut open = match self.open.take().filter(fits) {
            Some(open) => open,
            None => self.begin(record.minute)?,
        };
        let bytes = encode(record, &mut open.names);
        let size = bytes.len() as u64;
        if size > FILE_BYTES {
            let count = record.entries.len();
            let why = format!("a minute of {count} processes and apps is too much to be kept");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
        }
        open.file.write_all(&bytes)?;
        open.size += size;
        self.open = Some(open);
        Ok(())
    }

    /// Calls `each` with all records of a time, in minutes, of which `until` is the first that is not
    /// wanted. A file that cannot be read is as good as none.
    pub(crate) fn read(&self, from: i64, until: i64, mut each: impl FnMut(&Record)) {
        for (first, path) in self.files() {
            if first >= until || first + FILE_MINUTES <= from {
                continue;
            }
            let bytes = fs::read(path).unwrap_or_default();
            decode(&bytes, |record| {
                if (from..until).contains(&record.minute) {
                    each(&record);
                }
            });
        }
    }

    fn begin(&self, minute: i64) -> io::Result<Open> {
        self.make()?;
        self.prune(minute);
        let mut options = OpenOptions::new();
        options.append(true).create_new(true).mode(0o600);
        let mut twin = 0;
        let mut file = loop {
            let name = format!("{minute:010}-{twin:02}{ENDING}");
            match options.open(self.path.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && twin < TWINS_MAX => {
                    twin += 1;
                }
                opened => break opened?,
            }
        };
        file.write_all(MAGIC)?;
        Ok(Open { file, first: minute, size: MAGIC.len() as u64, names: Names::default() })
    }

    fn make(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    /// Removes what is too old, of a far future, or too much for another file to be begun.
    fn prune(&self, now: i64) {
        // It ends with a record that may be as large as all before it.
        let mut room = BYTES_MAX - 2 * FILE_BYTES;
        for (first, path) in self.files().into_iter().rev() {
            let size = fs::metadata(&path).map_or(0, |file| file.len());
            let is_old = first + FILE_MINUTES + KEPT_MINUTES < now;
            match room.checked_sub(size).filter(|_| !is_old && first < now + KEPT_MINUTES) {
                Some(left) => room = left,
                // One that stays is tried again in an hour.
                None => drop(fs::remove_file(path)),
            }
        }
    }

    /// Our files with their first minutes, oldest first.
    fn files(&self) -> Vec<(i64, PathBuf)> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().filter_map(Result::ok);
        let mut files: Vec<(i64, PathBuf)> = entries
            .filter_map(|entry| Some((first_minute(&entry.path())?, entry.path())))
            .collect();
        files.sort();
        files
    }
}

fn first_minute(path: &Path) -> Option<i64> {
    let name = path.file_name()?.to_str()?.strip_suffix(ENDING)?;
    name.split_once('-')?.0.parse().ok()
}
