//! The events file: `events/events.jsonl` in the home, one [`Happening`] a line, the newest at the
//! end. When it is large it becomes `events.1.jsonl`, that one `events.2.jsonl`, and so on.

mod read;
#[cfg(test)]
mod tests;

pub use read::{Wanted, after, latest};

use camino::{Utf8Path, Utf8PathBuf};
use rpm_proto::Happening;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// The folder within a home.
pub const FOLDER: &str = "events";
/// Above this size, in bytes, a new file is begun.
pub const FILE_BYTES: u64 = 4 * 1024 * 1024;
/// So many files are kept, the one that is written included.
pub const FILES: u32 = 5;

/// The events of a home, to be added to. There is one writer at a time: the supervisor.
#[derive(Debug)]
pub struct Log {
    folder: Utf8PathBuf,
    file: Option<File>,
    size: u64,
    file_bytes: u64,
}

impl Log {
    /// Those in `folder`, which is made for its owner only when it is first needed.
    pub fn new(folder: Utf8PathBuf) -> Self {
        Self { folder, file: None, size: 0, file_bytes: FILE_BYTES }
    }

    /// The same with smaller files.
    #[cfg(test)]
    fn with_file_bytes(folder: Utf8PathBuf, file_bytes: u64) -> Self {
        Self { file_bytes, ..Self::new(folder) }
    }

    /// Adds events. After an error it may be called again; what failed is not there, or torn.
    pub fn append(&mut self, events: &[Happening]) -> io::Result<()> {
        let mut lines = Vec::new();
        for event in events {
            serde_json::to_writer(&mut lines, event)?;
            lines.push(b'\n');
        }
        let written = self.write(&lines);
        if written.is_err() {
            self.file = None;
        }
        written
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.size >= self.file_bytes {
            self.file = None;
            shift(&self.folder)?;
        }
        let file = if let Some(file) = &mut self.file {
            file
        } else {
            let (file, size) = open(&self.folder)?;
            self.size = size;
            self.file.insert(file)
        };
        file.write_all(lines)?;
        self.size += lines.len() as u64;
        Ok(())
    }
}

/// Opens the newest file for appending; a line that was torn by a crash is ended first.
fn open(folder: &Utf8Path) -> io::Result<(File, u64)> {
    rpm_sys::files::private_folder(folder.as_std_path())?;
    let path = path(folder, 0);
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE;
    let mode = Mode::from_raw_mode(0o600);
    let mut file = File::from(rpm_sys::files::open(path.as_std_path(), flags, mode)?);
    let size = file.metadata()?.len();
    let mut last = [b'\n'];
    if size > 0 {
        file.read_exact_at(&mut last, size - 1)?;
    }
    if last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    Ok((file, size))
}

/// Makes room for a new file: each one is one older, and the oldest goes.
fn shift(folder: &Utf8Path) -> io::Result<()> {
    for age in (0..FILES - 1).rev() {
        match std::fs::rename(path(folder, age), path(folder, age + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The file of an age: 0 is the one that is written.
fn path(folder: &Utf8Path, age: u32) -> Utf8PathBuf {
    match age {
        0 => folder.join("events.jsonl"),
        age => folder.join(format!("events.{age}.jsonl")),
    }
}
