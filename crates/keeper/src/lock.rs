//! One keeper a home.
//!
//! The lock file is locked by the keeper that lives. It holds that one's number once the
//! supervisor is ready, and nothing while it is not yet, or no more.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// A lock cannot be awaited together with a change of the file, so both are looked at this often.
const LOOK: Duration = Duration::from_millis(5);
/// A keeper that neither becomes ready nor ends is left alone after so many looks: 10 s.
const LOOKS: u32 = 2000;

/// A keeper that dies takes a moment to let go: 500 ms at most.
const DYING_LOOKS: u32 = 100;

/// The lock of a home, ours.
#[derive(Debug)]
pub(crate) struct Lock {
    pub(crate) file: File,
}

impl Lock {
    /// Takes the lock. `None` when another keeper has it and its supervisor is ready; one that is
    /// about to be or about to end is waited for.
    pub(crate) fn take(path: &Path) -> io::Result<Option<Self>> {
        Self::take_from(path, 0)
    }

    /// Takes the lock of a keeper whose end was seen. `None` when it, or another one, has it.
    pub(crate) fn take_over(path: &Path) -> io::Result<Option<Self>> {
        Self::take_from(path, DYING_LOOKS)
    }

    fn take_from(path: &Path, dying_looks: u32) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path)?;
        for look in 0..LOOKS {
            match file.try_lock() {
                Ok(()) => {
                    let mut lock = Self { file };
                    // A keeper that adopts does not wait for a disk.
                    if dying_looks == 0 {
                        lock.write("")?;
                    }
                    return Ok(Some(lock));
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            let mut owner = String::new();
            file.rewind()?;
            file.read_to_string(&mut owner)?;
            if !owner.is_empty() && look >= dying_looks {
                return Ok(None);
            }
            sleep(LOOK);
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Who has the lock, and a ready supervisor; `None` when that is nobody.
    pub(crate) fn owner(path: &Path) -> Option<u32> {
        std::fs::read_to_string(path).ok()?.trim().parse().ok()
    }

    /// The same lock, for a thread that may wait for the disk.
    pub(crate) fn aside(&self) -> io::Result<Self> {
        Ok(Self { file: self.file.try_clone()? })
    }

    /// From now on others need not wait.
    pub(crate) fn ready(&mut self) -> io::Result<()> {
        self.write(&format!("{}\n", std::process::id()))
    }

    /// From now on others wait for our end.
    pub(crate) fn ending(&mut self) -> io::Result<()> {
        self.write("")
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn another_is_told_when_we_are_ready_and_succeeds_us_when_we_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let mut ours = Lock::take(&path).unwrap().unwrap();
        let waiting = {
            let path = path.clone();
            thread::spawn(move || Lock::take(&path).unwrap().is_none())
        };
        ours.ready().unwrap();
        assert!(waiting.join().unwrap());

        ours.ending().unwrap();
        let waiting = thread::spawn(move || Lock::take(&path).unwrap().is_some());
        drop(ours);
        assert!(waiting.join().unwrap());
    }
}
