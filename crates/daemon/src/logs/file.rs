//! One log file: appends, and counts what it could not.

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{CWD, Mode, OFlags};
use std::fs::File;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Log files are for their owner and its group, less what the umask takes away.
const MODE: Mode = Mode::from_raw_mode(0o640);
/// A file that failed is left alone for so long; what comes meanwhile is dropped. It bounds how
/// often a nearly full disk makes a gap.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 0 } else { 200 });

/// Names a stream as the writer of a line.
pub(super) type Writer = u64;

/// A log file that is written to.
#[derive(Debug)]
pub(super) struct LogFile {
    path: Utf8PathBuf,
    file: Option<File>,
    end: End,
    trouble: Option<Trouble>,
    /// How many streams write to it.
    pub(super) writers: usize,
}

/// What the file ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
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
    why: String,
    dropped: u64,
    retry_at: Instant,
    told: bool,
}

impl LogFile {
    /// Opens the file and makes it, and the folders it is in, where there is none. A file that
    /// cannot be opened is tried again later.
    pub(super) fn open(path: Utf8PathBuf) -> Self {
        let mut log = Self { path, file: None, end: End::Line, trouble: None, writers: 0 };
        match open(&log.path) {
            Ok(file) => log.file = Some(file),
            Err(error) => log.fail(&error, 0),
        }
        log
    }

    /// Appends. Returns whether all of it is in the file; the rest is dropped and counted.
    pub(super) fn write(&mut self, writer: Writer, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return true;
        }
        if self.trouble.is_some() && !self.recover() {
            self.drop_bytes(bytes.len());
            return false;
        }
        if self.is_open_for_others(writer)
            && let Err((_, error)) = self.append(b"\n")
        {
            self.fail(&error, bytes.len());
            return false;
        }
        match self.append(bytes) {
            Ok(()) => {
                self.end = if bytes.ends_with(b"\n") { End::Line } else { End::Begun(writer) };
                true
            }
            Err((written, error)) => {
                if written > 0 {
                    self.end = if bytes[written - 1] == b'\n' { End::Line } else { End::Torn };
                }
                self.fail(&error, bytes.len() - written);
                false
            }
        }
    }

    /// Whether the next bytes of `writer` go on with a line that is in the file.
    pub(super) fn is_amid_line_of(&self, writer: Writer) -> bool {
        self.end == End::Begun(writer)
    }

    /// Counts bytes that are not written.
    pub(super) fn drop_bytes(&mut self, count: usize) {
        if let Some(trouble) = &mut self.trouble {
            trouble.dropped += count as u64;
        }
    }

    /// Tries again what failed. Returns whether the file takes bytes.
    pub(super) fn recover(&mut self) -> bool {
        let Some(trouble) = &self.trouble else {
            return true;
        };
        if Instant::now() < trouble.retry_at {
            return false;
        }
        if self.file.is_none() {
            match open(&self.path) {
                Ok(file) => self.file = Some(file),
                Err(error) => {
                    self.fail(&error, 0);
                    return false;
                }
            }
        }
        self.own_up()
    }

    /// Whether it does not take bytes.
    pub(super) fn is_troubled(&self) -> bool {
        self.trouble.is_some()
    }

    /// What to tell of a trouble that is new: the file and why.
    pub(super) fn news(&mut self) -> Option<(Utf8PathBuf, String)> {
        let trouble = self.trouble.as_mut().filter(|trouble| !trouble.told)?;
        trouble.told = true;
        Some((self.path.clone(), trouble.why.clone()))
    }

    /// Opens it anew by its name. When that fails the old one is kept: its bytes are somewhere.
    pub(super) fn reopen(&mut self) {
        match open(&self.path) {
            Ok(file) => {
                self.file = Some(file);
                self.end = End::Line;
            }
            Err(error) => self.fail(&error, 0),
        }
    }

    /// It has been emptied.
    pub(super) fn emptied(&mut self) {
        self.end = End::Line;
    }

    fn is_open_for_others(&self, writer: Writer) -> bool {
        match self.end {
            End::Line => false,
            End::Begun(by) => by != writer,
            End::Torn => true,
        }
    }

    /// Says in the file how much is missing there.
    fn own_up(&mut self) -> bool {
        let Some(trouble) = self.trouble.take() else {
            return true;
        };
        if trouble.dropped == 0 {
            return true;
        }
        let newline = if self.end == End::Line { "" } else { "\n" };
        let words = format!(
            "{newline}[rpm] {} bytes of output dropped ({})\n",
            trouble.dropped, trouble.why
        );
        match self.append(words.as_bytes()) {
            Ok(()) => {
                self.end = End::Line;
                true
            }
            Err((written, error)) => {
                if written > 0 {
                    self.end = End::Torn;
                }
                self.trouble = Some(trouble);
                self.fail(&error, 0);
                false
            }
        }
    }

    /// Writes all, or says how much was written before it failed.
    fn append(&mut self, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let Some(file) = &mut self.file else {
            return Err((0, io::ErrorKind::NotFound.into()));
        };
        let mut written = 0;
        while written < bytes.len() {
            match file.write(&bytes[written..]) {
                Ok(0) => return Err((written, io::ErrorKind::WriteZero.into())),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((written, error)),
            }
        }
        Ok(())
    }

    fn fail(&mut self, error: &io::Error, dropped: usize) {
        let trouble = self.trouble.get_or_insert_with(|| Trouble {
            why: String::new(),
            dropped: 0,
            retry_at: Instant::now(),
            told: false,
        });
        trouble.why = reason(error);
        trouble.dropped += dropped as u64;
        trouble.retry_at = Instant::now() + PAUSE;
    }
}

/// Opens for appending, so that a file that others cut short has no hole. Symbolic links are
/// followed: people point logs at `/dev/stdout`. Such a pipe or terminal must not block, and a named
/// pipe without a reader not even the opening, `open(2)`.
fn open(path: &Utf8Path) -> io::Result<File> {
    let flags =
        OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let attempt = || rustix::fs::openat(CWD, path.as_str(), flags | OFlags::NOCTTY, MODE);
    match attempt() {
        Err(rustix::io::Errno::NOENT) => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            Ok(attempt()?.into())
        }
        result => Ok(result?.into()),
    }
}

/// Why, for the line in the file.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "disk full".to_owned(),
        io::ErrorKind::WouldBlock => "its reader is slow".to_owned(),
        _ => error.to_string(),
    }
}
