//! Compressing one file: under another name, written to the disk, and only then in the place of the
//! original. Whoever dies on the way leaves the original, or both, or the compressed one alone.

use super::names::{compressed, unfinished};
use camino::Utf8Path;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use rpm_core::spec::Compression;
use rustix::fs::{Mode, OFlags, fsync};
use std::fs::{File, FileTimes, Metadata};
use std::io::{self, BufReader, BufWriter, Read};
use std::os::unix::fs::MetadataExt;

/// Half the time of the usual level, for files that are a seventh larger.
const GZIP_LEVEL: u32 = 3;
/// The quickest of the usual levels; the next ones give no more for lines of logs.
const ZSTD_LEVEL: i32 = 1;
/// Read at a time.
const CHUNK: usize = 64 << 10;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Archived {
    /// It is compressed and the original is gone.
    Done,
    /// Somebody still wrote to it. It is as it was.
    Busy,
}

/// Compresses the file `name` in `folder`.
pub(super) fn archive(folder: &Utf8Path, name: &str, way: Compression) -> io::Result<Archived> {
    let source = open(&folder.join(name), OFlags::RDONLY, Mode::empty())?;
    let before = source.metadata()?;
    if !before.is_file() {
        return Ok(Archived::Busy);
    }
    let target = folder.join(compressed(name, way));
    let draft = folder.join(unfinished(&compressed(name, way)));
    let done = write(&source, &before, &draft, way).and_then(|()| {
        if is_changed(&before, &source.metadata()?) {
            return Ok(Archived::Busy);
        }
        std::fs::rename(&draft, &target)?;
        sync_folder(folder)?;
        std::fs::remove_file(folder.join(name))?;
        Ok(Archived::Done)
    });
    if !matches!(done, Ok(Archived::Done)) {
        // What is left is found when this is tried again.
        drop(std::fs::remove_file(&draft));
    }
    done
}

/// Finishes what was begun by somebody who died: `name` and its compressed form are both there.
/// Removes the original if it is in the other as a whole, and else the other.
pub(super) fn settle(folder: &Utf8Path, name: &str, way: Compression) -> io::Result<()> {
    let (source, target) = (folder.join(name), folder.join(compressed(name, way)));
    let plain = open(&source, OFlags::RDONLY, Mode::empty())?;
    let packed = open(&target, OFlags::RDONLY, Mode::empty())?;
    if is_same(BufReader::with_capacity(CHUNK, plain), reader(packed, way)?) {
        std::fs::remove_file(source)
    } else {
        tracing::warn!(path = %target, "it is not what it should be; compressing anew");
        std::fs::remove_file(target)
    }
}

fn write(source: &File, meta: &Metadata, draft: &Utf8Path, way: Compression) -> io::Result<()> {
    // Nobody else may read it before its mode is that of the original.
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
    let file = open(draft, flags, Mode::RUSR | Mode::WUSR)?;
    let mut reader = BufReader::with_capacity(CHUNK, source);
    let buffered = BufWriter::with_capacity(CHUNK, file);
    let buffered = match way {
        Compression::Gzip => {
            let mut encoder = GzEncoder::new(buffered, flate2::Compression::new(GZIP_LEVEL));
            io::copy(&mut reader, &mut encoder)?;
            encoder.finish()?
        }
        Compression::Zstd => {
            let mut encoder = zstd::stream::write::Encoder::new(buffered, ZSTD_LEVEL)?;
            encoder.include_checksum(true)?;
            io::copy(&mut reader, &mut encoder)?;
            encoder.finish()?
        }
    };
    let file = buffered.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.set_permissions(meta.permissions())?;
    // Its age is that of its lines.
    file.set_times(FileTimes::new().set_modified(meta.modified()?))?;
    file.sync_all()
}

fn is_changed(before: &Metadata, after: &Metadata) -> bool {
    let of = |meta: &Metadata| (meta.len(), meta.mtime(), meta.mtime_nsec());
    of(before) != of(after)
}

fn reader(file: File, way: Compression) -> io::Result<Box<dyn Read>> {
    Ok(match way {
        Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(CHUNK, file))),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(file)?),
    })
}

/// Whether two give the same bytes. One that cannot be read to its end does not.
fn is_same(mut one: impl Read, mut other: impl Read) -> bool {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    loop {
        first.clear();
        second.clear();
        let read =
            |from: &mut dyn Read, into: &mut Vec<u8>| from.take(CHUNK as u64).read_to_end(into);
        let (Ok(count), Ok(_)) = (read(&mut one, &mut first), read(&mut other, &mut second)) else {
            return false;
        };
        if first != second {
            return false;
        }
        if count == 0 {
            return true;
        }
    }
}

fn sync_folder(folder: &Utf8Path) -> io::Result<()> {
    Ok(fsync(open(folder, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?)?)
}

fn open(path: &Utf8Path, flags: OFlags, mode: Mode) -> io::Result<File> {
    Ok(rpm_sys::files::open(path.as_std_path(), flags | OFlags::NONBLOCK, mode)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, SystemTime};

    const WAYS: [Compression; 2] = [Compression::Gzip, Compression::Zstd];

    fn folder() -> (tempfile::TempDir, camino::Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        (dir, path)
    }

    fn unpacked(path: &Utf8Path, way: Compression) -> Vec<u8> {
        let mut bytes = Vec::new();
        reader(File::open(path).unwrap(), way).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn text() -> Vec<u8> {
        (0..20_000).flat_map(|number| format!("line {number}\n").into_bytes()).collect()
    }

    #[test]
    fn the_compressed_file_has_all_and_the_original_is_gone() {
        for way in WAYS {
            let (_dir, folder) = folder();
            let path = folder.join("a.log");
            std::fs::write(&path, text()).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o604)).unwrap();
            let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
            File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
            assert_eq!(archive(&folder, "a.log", way).unwrap(), Archived::Done);
            assert!(!path.exists());
            let packed = folder.join(compressed("a.log", way));
            assert!(unpacked(&packed, way) == text());
            let meta = std::fs::metadata(&packed).unwrap();
            assert!(meta.len() < text().len() as u64 / 2);
            assert_eq!(meta.permissions().mode() & 0o777, 0o604);
            assert_eq!(meta.modified().unwrap(), long_ago);
            assert_eq!(folder.read_dir_utf8().unwrap().count(), 1, "something is left");
        }
    }

    #[test]
    fn what_a_dead_one_left_is_finished_or_begun_anew() {
        for way in WAYS {
            let (_dir, folder) = folder();
            std::fs::write(folder.join("a.log"), text()).unwrap();
            archive(&folder, "a.log", way).unwrap();
            let packed = folder.join(compressed("a.log", way));
            // Killed before the original was removed.
            std::fs::write(folder.join("a.log"), text()).unwrap();
            settle(&folder, "a.log", way).unwrap();
            assert!(!folder.join("a.log").exists() && packed.exists());
            // Somebody has spoiled the compressed one.
            let whole = std::fs::read(&packed).unwrap();
            for spoiled in [&whole[..whole.len() / 2], b"nonsense", b""] {
                std::fs::write(folder.join("a.log"), text()).unwrap();
                std::fs::write(&packed, spoiled).unwrap();
                settle(&folder, "a.log", way).unwrap();
                assert!(folder.join("a.log").exists() && !packed.exists());
            }
        }
    }

    #[test]
    fn a_full_disk_leaves_the_original_alone() {
        let (_dir, folder) = folder();
        std::fs::write(folder.join("a.log"), text()).unwrap();
        // Something is where the new file should be.
        let way = Compression::Gzip;
        std::fs::create_dir(folder.join(unfinished(&compressed("a.log", way)))).unwrap();
        archive(&folder, "a.log", way).unwrap_err();
        assert!(std::fs::read(folder.join("a.log")).unwrap() == text());
        assert!(!folder.join(compressed("a.log", way)).exists());
    }
}
