//! Files that commands write themselves.

use camino::Utf8Path;
use rpm_proto::{Code, Fault};
use rpm_sys::files::Durability;

/// Replaces a file, so that whoever reads it sees the old one or the new one, also after a power
/// cut.
pub(crate) fn replace(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), Fault> {
    let replaced = rpm_sys::files::replace(path.as_std_path(), bytes, mode, Durability::Synced);
    replaced.map_err(|error| {
        Fault::new(Code::Io, format!("writing {path} failed")).because(error.to_string())
    })
}
