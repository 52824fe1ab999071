//! Replacing a file at once: whoever reads it sees the old one or the new one.

use super::open;
use rustix::fs::{Mode, OFlags};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Whether what was replaced is to survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk when the call returns.
    Synced,
    /// It comes to the disk when the kernel sees fit. After a power cut the file may be empty.
    Unsynced,
}

/// Writes the file beside its place, with this mode, and renames it. Processes that replace the same
/// file do not disturb each other: the one that is last wins. After an error the file is as it was.
pub fn replace(path: &Path, bytes: &[u8], mode: u32, durability: Durability) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let attempt = || -> io::Result<()> {
        // One that had this pid may have been killed here.
        remove(&aside)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let mut file = File::from(open(&aside, flags, Mode::from_raw_mode(mode))?);
        file.write_all(bytes)?;
        if durability == Durability::Synced {
            file.sync_data()?;
        }
        fs::rename(&aside, path)?;
        if durability == Durability::Synced { sync_folder_of(path) } else { Ok(()) }
    };
    attempt().inspect_err(|_| {
        // What is left of it has no reader.
        drop(fs::remove_file(&aside));
    })
}

/// Removes a file, if there is one; not synced.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes certain that what was made, renamed or removed beside `path` stays so after a power cut.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
