//! Files of the home that commands write themselves.

use camino::Utf8Path;
use rpm_proto::{Code, Fault};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

/// Replaces a file, so that whoever reads it sees the old one or the new one, also after a power
/// cut.
pub(crate) fn replace(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), Fault> {
    let name = path.file_name().unwrap_or("file");
    let aside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let attempt = || -> io::Result<()> {
        remove(&aside)?;
        let mut options = OpenOptions::new();
        let mut to = options.write(true).create_new(true).mode(mode).open(&aside)?;
        to.write_all(bytes)?;
        to.sync_all()?;
        fs::rename(&aside, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    attempt().map_err(|error| {
        // What is left of it has no reader.
        drop(fs::remove_file(&aside));
        Fault::new(Code::Io, format!("writing {path} failed")).because(error.to_string())
    })
}

/// Removes a file, if there is one.
fn remove(path: &Utf8Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
