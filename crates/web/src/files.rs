//! Log files, read from their ends.

use camino::Utf8Path;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// So much is read in one go.
const BLOCK: usize = 64 * 1024;
/// A line is shown no longer than this.
const LINE_BYTES: usize = 16 * 1024;

/// The lines of a file, the last one first.
#[derive(Debug)]
pub(crate) struct Backwards {
    file: File,
    /// Where what is held begins.
    at: u64,
    /// What was read and not handed out, in the file's order.
    held: Vec<u8>,
    /// So many bytes may still be read.
    left: u64,
}

impl Backwards {
    /// The lines of the last `bytes` bytes of a file.
    pub(crate) fn open(path: &Utf8Path, bytes: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let at = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, at, held: Vec::new(), left: bytes })
    }

    /// The line before; `None` at the beginning, or where no more may be read.
    pub(crate) fn before(&mut self) -> io::Result<Option<String>> {
        loop {
            // The newline at the end ends this line.
            let end = self.held.len() - usize::from(self.held.ends_with(b"\n"));
            if let Some(newline) = self.held[..end].iter().rposition(|byte| *byte == b'\n') {
                let line = text(&self.held[newline + 1..end]);
                self.held.truncate(newline + 1);
                return Ok(Some(line));
            }
            if self.at == 0 {
                let line = (!self.held.is_empty()).then(|| text(&self.held[..end]));
                self.held.clear();
                return Ok(line);
            }
            if self.left == 0 {
                return Ok(None);
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let size = (BLOCK as u64).min(self.at).min(self.left);
        self.at -= size;
        self.left -= size;
        let mut block = vec![0; usize::try_from(size).unwrap_or(BLOCK)];
        self.file.seek(SeekFrom::Start(self.at))?;
        self.file.read_exact(&mut block)?;
        block.append(&mut self.held);
        self.held = block;
        Ok(())
    }
}

/// A line as text, cut where it is too long to be shown.
pub(crate) fn text(bytes: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(LINE_BYTES)]).into_owned();
    if bytes.len() > LINE_BYTES { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;

    fn lines(content: &[u8], bytes: u64) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("log")).unwrap();
        std::fs::write(&path, content).unwrap();
        let mut reader = Backwards::open(&path, bytes).unwrap();
        std::iter::from_fn(|| reader.before().unwrap()).collect()
    }

    #[test]
    fn lines_come_from_the_end() {
        assert_eq!(lines(b"", 100), [""; 0]);
        assert_eq!(lines(b"a\nb\n", 100), ["b", "a"]);
        assert_eq!(lines(b"a\n\nb", 100), ["b", "", "a"]);
        assert_eq!(lines(b"\n", 100), [""]);
        // Of what is cut off the first part is no line.
        assert_eq!(lines(b"aaaa\nbb\ncc\n", 5), ["cc"]);
        let long = "x".repeat(BLOCK) + "\n" + &"y".repeat(9) + "\n";
        let found = lines(long.as_bytes(), u64::MAX);
        assert_eq!(found[0], "y".repeat(9));
        assert!(found[1].starts_with("xxx") && found[1].len() < LINE_BYTES + 9);
        assert_eq!(found.len(), 2);
    }
}
