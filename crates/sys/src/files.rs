//! Opening files whose place other users may have prepared, so that they cannot choose what is
//! written.
//!
//! The path is walked component by component. Links are followed when they belong to us or to root
//! and nobody else could have put them there: logs are pointed at `/dev/stdout` and at other disks.
//! A link of another user is refused wherever it is; the kernel's `fs.protected_symlinks` does so
//! only in folders such as `/tmp`. A file that has another name too is refused where somebody else
//! may have given it that name.

mod replace;
mod walk;

use rustix::fs::{FileType, Mode, OFlags, fstat, ftruncate, openat};
use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub use replace::{Durability, remove, replace, sync_folder_of};
pub use walk::{check_folder, make_folders};

/// Why a path is not used.
#[derive(Debug, thiserror::Error)]
pub enum Untrusted {
    /// A link that is another user's.
    #[error("the link {path} belongs to user {owner}")]
    Link {
        /// The link.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// A link that anybody could have put there.
    #[error("the link {path} is in a folder that everybody may change")]
    LinkInOpenFolder {
        /// The link.
        path: PathBuf,
    },
    /// A folder in which others could exchange what is ours.
    #[error("the folder {path} belongs to user {owner}, who could exchange what is in it")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// A folder in which everybody could.
    #[error("everybody may exchange what is in the folder {path}; `chmod +t` forbids it")]
    OpenFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A second name of a file that may be somebody else's.
    #[error("{path} is a hard link to a file of user {owner}")]
    HardLink {
        /// The name.
        path: PathBuf,
        /// Whose file it is.
        owner: u32,
    },
}

impl From<Untrusted> for io::Error {
    fn from(error: Untrusted) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, error)
    }
}

/// Opens a file as `open(2)` does, unless another user could have chosen which. Closes on exec.
pub fn open(path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    let place = walk::find(path)?;
    let cut = flags.contains(OFlags::TRUNC);
    let flags = flags.difference(OFlags::TRUNC) | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match place.target {
        walk::Target::Missing => openat(&place.folder, &place.name, flags, mode)?,
        // Without `CREATE`: the kernel refuses that for files of others in folders such as /tmp.
        walk::Target::There => {
            let flags = flags.difference(OFlags::CREATE);
            openat(&place.folder, &place.name, flags, mode)?
        }
        walk::Target::Magic => {
            let flags = flags.difference(OFlags::NOFOLLOW | OFlags::CREATE);
            openat(&place.folder, &place.name, flags, mode)?
        }
    };
    let stat = fstat(&file)?;
    let is_regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    if is_regular && stat.st_nlink > 1 && !(walk::is_ours(stat.st_uid) && place.is_private()?) {
        return Err(Untrusted::HardLink { path: path.to_owned(), owner: stat.st_uid }.into());
    }
    if cut && is_regular {
        ftruncate(&file, 0)?;
    }
    Ok(file)
}

/// Makes a folder, and those it is in, for us only, and takes the permissions of others away where
/// it is ours already. Refuses one that is another user's, or on the way to which another user
/// could put something else in its place.
pub fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let meta = std::fs::metadata(path)?;
    if meta.uid() != crate::process::effective_uid() {
        return Err(Untrusted::Folder { path: path.to_owned(), owner: meta.uid() }.into());
    }
    if meta.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    check_folder(path)
}

#[cfg(test)]
mod tests;
