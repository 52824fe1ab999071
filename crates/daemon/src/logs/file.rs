//! One log file: appends, and knows what it ends with and whether it takes bytes.

use super::aside::Limit;
use super::record::{FileMark, Left, Why};
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::time::{Duration, Instant};

/// Log files are for their owner and its group, less what the umask takes away.
const MODE: Mode = Mode::from_raw_mode(0o640);
/// A file that failed is left alone for so long; what comes meanwhile is dropped. It bounds how
/// often a nearly full disk makes a gap.
const PAUSE: Duration = Duration::from_millis(200);

/// Names a stream as the writer of a line.
pub(super) type Writer = u64;

/// A log file that is written to. Whoever calls it may have to wait for the disk.
#[derive(Debug)]
pub(super) struct LogFile {
    path: Utf8PathBuf,
    file: Option<File>,
    end: End,
    /// When it is put aside.
    pub(super) limit: Limit,
    trouble: Option<Trouble>,
    /// Counts writes; see [`Place::order`](super::record::Place::order).
    pub(super) order: u64,
}

/// What the file ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A whole line, as far as we know.
    Line,
    /// A line that its writer may go on with.
    Begun(Writer),
    /// A line that nobody goes on with.
    Torn,
}

/// It does not take bytes.
#[derive(Debug)]
struct Trouble {
    why: Why,
    retry_at: Instant,
    told: bool,
}

impl LogFile {
    /// A file that is opened when it is first asked for.
    pub(super) fn new(path: Utf8PathBuf) -> Self {
        let limit = Limit::default();
        Self { path, file: None, end: End::Line, limit, trouble: None, order: 0 }
    }

    /// Its name.
    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Opens the file, where that is due, and makes it and the folders it is in where there is
    /// none. Returns why not when it is left alone because it failed.
    pub(super) fn ready(&mut self) -> Result<(), Why> {
        if let Some(trouble) = &self.trouble
            && Instant::now() < trouble.retry_at
        {
            return Err(trouble.why);
        }
        if self.file.is_some() {
            return Ok(());
        }
        match open(&self.path) {
            Ok(file) => {
                self.set(file);
                if self.is_empty() {
                    self.end = End::Line;
                }
                Ok(())
            }
            Err(error) => Err(self.fail(&error)),
        }
    }

    /// What to note of it before a write; `None` when it keeps no bytes.
    pub(super) fn mark(&mut self) -> Option<FileMark> {
        let found = self.file.as_ref()?.metadata().ok()?;
        let mark = FileMark { device: found.dev(), inode: found.ino(), size: found.len() };
        self.limit.size = mark.size;
        found.is_file().then_some(mark)
    }

    /// Writes all, or says how much was written before it failed.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let Some(file) = &mut self.file else {
            return Err((0, io::ErrorKind::NotFound.into()));
        };
        let mut written = 0;
        while written < bytes.len() {
            match file.write(&bytes[written..]) {
                Ok(0) => return Err((written, io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    written += count;
                    self.limit.size += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((written, error)),
            }
        }
        Ok(())
    }

    /// What it ends with.
    pub(super) fn end(&self) -> End {
        self.end
    }

    /// It ends as `writer` left it. An empty file ends no line of anybody.
    pub(super) fn ends(&mut self, writer: Writer, left: Left) {
        self.end = match left {
            Left::Line => End::Line,
            Left::Begun => End::Begun(writer),
            Left::Torn => End::Torn,
        };
    }

    /// It ends as it did.
    pub(super) fn restore(&mut self, end: End) {
        self.end = end;
    }

    /// It is empty.
    pub(super) fn is_empty(&mut self) -> bool {
        self.mark().is_some_and(|mark| mark.size == 0)
    }

    /// It has been emptied.
    pub(super) fn emptied(&mut self) {
        self.end = End::Line;
        self.limit.emptied();
    }

    /// Opens it anew by its name. When that fails the old one is kept: its bytes are somewhere.
    pub(super) fn reopen(&mut self) {
        match open(&self.path) {
            Ok(file) => {
                self.set(file);
                self.end = End::Line;
            }
            Err(error) => {
                self.fail(&error);
            }
        }
    }

    /// Takes another file for this one; `None` to open it by its name when it is next needed.
    pub(super) fn exchange(&mut self, file: Option<File>) {
        self.file = None;
        self.end = End::Line;
        if let Some(file) = file {
            self.set(file);
        }
    }

    fn set(&mut self, file: File) {
        self.limit.begin(&file);
        self.file = Some(file);
    }

    /// The file that was written to before a rename, when it is still in the folder.
    pub(super) fn renamed(&self, mark: FileMark) -> Option<Self> {
        let entries = std::fs::read_dir(self.path.parent()?).ok()?;
        let is_it = |entry: &std::fs::DirEntry| {
            entry.ino() == mark.inode
                && entry.metadata().is_ok_and(|found| found.is_file() && found.dev() == mark.device)
        };
        let found = entries.filter_map(Result::ok).find(is_it)?;
        let mut file = Self::new(Utf8PathBuf::from_path_buf(found.path()).ok()?);
        file.file = Some(open(&file.path).ok()?);
        file.mark().is_some_and(|now| now.inode == mark.inode).then_some(file)
    }

    /// What is open.
    pub(super) fn handle(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// It failed, and is left alone for a while. Returns why.
    pub(super) fn fail(&mut self, error: &io::Error) -> Why {
        let why = Why::from_error(error);
        let retry_at = Instant::now() + PAUSE;
        match &mut self.trouble {
            Some(trouble) => (trouble.why, trouble.retry_at) = (why, retry_at),
            None => self.trouble = Some(Trouble { why, retry_at, told: false }),
        }
        why
    }

    /// It takes bytes. Returns whether that is new.
    pub(super) fn recovered(&mut self) -> bool {
        self.trouble.take().is_some()
    }

    /// Whether it did not take bytes when last tried.
    pub(super) fn is_troubled(&self) -> bool {
        self.trouble.is_some()
    }

    /// What to tell of a trouble that is new.
    pub(super) fn news(&mut self) -> Option<String> {
        let trouble = self.trouble.as_mut().filter(|trouble| !trouble.told)?;
        trouble.told = true;
        Some(trouble.why.words())
    }
}

/// Empties the file of that name, open here or not.
pub(super) fn empty(path: &Utf8Path) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NONBLOCK;
    rpm_sys::files::open(path.as_std_path(), flags | OFlags::NOCTTY, Mode::empty())?;
    Ok(())
}

/// Opens for appending, so that a file that others cut short has no hole. Links are followed where
/// no other user could have made them: people point logs at `/dev/stdout`. Such a pipe or terminal
/// must not block, and a named pipe without a reader not even the opening, `open(2)`.
pub(super) fn open(path: &Utf8Path) -> io::Result<File> {
    let flags =
        OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let attempt = || rpm_sys::files::open(path.as_std_path(), flags | OFlags::NOCTTY, MODE);
    match attempt() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                rpm_sys::files::make_folders(folder.as_std_path())?;
            }
            Ok(attempt()?.into())
        }
        result => Ok(result?.into()),
    }
}
