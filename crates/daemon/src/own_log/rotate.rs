//! Putting a log aside that others hold open too: it is copied and emptied, so that the keeper goes
//! on writing to the same file.

use camino::Utf8Path;
use rustix::fs::{FileType, Mode, OFlags, fstat, ftruncate};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

/// How often bytes that came meanwhile are looked for, at most.
const ROUNDS: usize = 5;

/// Puts the file at `path` aside as `path.1` when it has more than `max` bytes. `log` is what its
/// writers hold, opened for appending; when that is not this file, nothing is done. What others
/// append meanwhile is copied too, but for a line in the microseconds before the file is emptied.
pub(super) fn rotate(log: &impl AsFd, path: &Utf8Path, max: u64) -> io::Result<bool> {
    let stat = fstat(log)?;
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    if !is_file || stat.st_size.cast_unsigned() <= max {
        return Ok(false);
    }
    let mut source = open(path, OFlags::RDONLY)?;
    let found = fstat(&source)?;
    if (found.st_dev, found.st_ino) != (stat.st_dev, stat.st_ino) {
        return Ok(false);
    }
    let (aside, kept) = (format!("{path}.1.new"), format!("{path}.1"));
    let create = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
    let mut copy = open(Utf8Path::new(&aside), create)?;
    for _ in 0..ROUNDS {
        if io::copy(&mut source.by_ref(), &mut copy)? == 0 {
            break;
        }
    }
    std::fs::rename(&aside, &kept)?;
    ftruncate(log, 0)?;
    Ok(true)
}

fn open(path: &Utf8Path, flags: OFlags) -> io::Result<File> {
    let mode = Mode::from_raw_mode(0o600);
    Ok(rpm_sys::files::open(path.as_std_path(), flags, mode)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;
    use std::fs::{OpenOptions, metadata, read};
    use std::io::Write;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_large_log_is_put_aside_and_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().join("rpm.log")).unwrap();
        let log = || OpenOptions::new().append(true).create(true).open(&path).unwrap();
        let (mut ours, mut keepers) = (log(), log());
        ours.write_all(&[b'a'; 100]).unwrap();
        assert!(!rotate(&ours, &path, 100).unwrap());
        keepers.write_all(b"b").unwrap();
        assert!(rotate(&ours, &path, 100).unwrap());
        keepers.write_all(b"keeper\n").unwrap();
        ours.write_all(b"ours\n").unwrap();
        assert_eq!(read(&path).unwrap(), b"keeper\nours\n");
        let aside = path.with_file_name("rpm.log.1");
        assert_eq!(read(&aside).unwrap().len(), 101);
        assert_eq!(metadata(&aside).unwrap().mode() & 0o777, 0o600);
        ours.write_all(&[b'c'; 200]).unwrap();
        assert!(rotate(&ours, &path, 100).unwrap());
        assert!(read(&aside).unwrap().ends_with(b"c"), "only the last one is kept");
    }

    #[test]
    fn another_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().join("rpm.log")).unwrap();
        let mut other = File::create(dir.path().join("other")).unwrap();
        other.write_all(&[0; 50]).unwrap();
        File::create(&path).unwrap();
        assert!(!rotate(&other, &path, 10).unwrap());
        assert!(!rotate(&io::pipe().unwrap().1, &path, 10).unwrap());
    }
}
