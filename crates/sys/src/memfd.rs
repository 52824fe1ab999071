//! Bytes in a file without a name, that can be handed to another process.

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, memfd_create};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;

/// All that would change the bytes.
const SEALS: SealFlags =
    SealFlags::WRITE.union(SealFlags::GROW).union(SealFlags::SHRINK).union(SealFlags::SEAL);

/// The bytes in a file that nobody can change any more, `memfd_create(2)`. Closes on exec.
pub fn sealed(name: &str, bytes: &[u8]) -> io::Result<OwnedFd> {
    let fd = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut file = File::from(fd);
    file.write_all(bytes)?;
    let fd = OwnedFd::from(file);
    fcntl_add_seals(&fd, SEALS)?;
    Ok(fd)
}

/// All bytes of a file made by [`sealed`]. Refuses one that may still change, and one that is
/// larger than `limit` bytes.
pub fn read(fd: OwnedFd, limit: usize) -> io::Result<Vec<u8>> {
    if !fcntl_get_seals(fd.as_fd())?.contains(SEALS) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let file = File::from(fd);
    let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    if size > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_read_and_cannot_change() {
        let fd = sealed("test", b"some bytes").unwrap();
        let again = File::from(fd.try_clone().unwrap());
        assert!(again.write_at(b"other", 0).is_err());
        assert_eq!(read(fd, 100).unwrap(), b"some bytes");
    }

    #[test]
    fn what_is_too_large_or_not_sealed_is_refused() {
        let large = sealed("test", &[0; 101]).unwrap();
        assert_eq!(read(large, 100).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        let null = crate::process::open_null().unwrap();
        assert!(read(null, 100).is_err());
        let open = memfd_create("test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        assert_eq!(read(open, 100).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
}
