//! One stream's way into one file.
//!
//! In a file that has no other writer, bytes go straight through. Where several streams share a
//! file, only whole lines do, so that lines never mix; who else writes may change at any time.

use super::file::Writer;
use super::files::{FileId, Files};
use super::render::{Page, Render};
use memchr::{memchr, memrchr};

/// A line without an end is held so long before it is cut in two.
const HELD_MAX: usize = 64 << 10;

/// A file as one stream writes to it.
#[derive(Debug)]
pub(super) struct Target {
    file: FileId,
    writer: Writer,
    /// A line that has begun and is not in the file.
    held: Vec<u8>,
    /// The last bytes taken did not end a line.
    amid_line: bool,
    /// The last bytes written did not all reach the file.
    lost: bool,
}

/// What all streams use to write.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// The open files.
    pub(super) files: Files,
    /// Memory for what is made up before it is written.
    pub(super) scratch: Vec<u8>,
}

impl Target {
    /// The way of `writer` into a file that it acquired.
    pub(super) fn new(file: FileId, writer: Writer) -> Self {
        Self { file, writer, held: Vec::new(), amid_line: false, lost: false }
    }

    /// The file.
    pub(super) fn file(&self) -> FileId {
        self.file
    }

    /// Takes what was read at `at`.
    pub(super) fn take(&mut self, bytes: &[u8], at: i64, render: &mut Render, desk: &mut Desk) {
        let whole = render.needs_whole_lines() || self.is_shared(desk);
        let amid_line = !bytes.ends_with(b"\n");
        let bytes = if whole { bytes } else { self.past_torn_line(bytes, desk) };
        self.amid_line = amid_line;
        if whole {
            self.take_lines(bytes, at, render, desk);
        } else {
            self.let_go(at, render, desk);
            self.write(bytes, at, render, desk);
        }
    }

    /// Writes a line that has begun, so that nothing is in memory alone. Its writer may go on with
    /// it.
    pub(super) fn sync(&mut self, at: i64, render: &mut Render, desk: &mut Desk) {
        if !render.needs_whole_lines() {
            self.let_go(at, render, desk);
        }
    }

    /// The stream has ended. In a shared file, a last line is given its end.
    pub(super) fn end(&mut self, at: i64, render: &mut Render, desk: &mut Desk) {
        if !self.held.is_empty() {
            self.held.push(b'\n');
            self.let_go(at, render, desk);
        }
    }

    fn is_shared(&self, desk: &mut Desk) -> bool {
        desk.files.get(self.file).is_some_and(|file| file.writers > 1)
    }

    /// Writes lines, and holds what is left.
    fn take_lines(&mut self, bytes: &[u8], at: i64, render: &mut Render, desk: &mut Desk) {
        let (lines, rest) = bytes.split_at(memrchr(b'\n', bytes).map_or(0, |end| end + 1));
        let (first, lines) = if self.held.is_empty() {
            (&[][..], lines)
        } else {
            lines.split_at(memchr(b'\n', lines).map_or(0, |end| end + 1))
        };
        if !first.is_empty() {
            self.held.extend_from_slice(first);
            self.let_go(at, render, desk);
        }
        self.write(lines, at, render, desk);
        self.held.extend_from_slice(rest);
        if self.held.len() > HELD_MAX {
            self.held.push(b'\n');
            self.let_go(at, render, desk);
        }
    }

    /// Writes what is held.
    fn let_go(&mut self, at: i64, render: &mut Render, desk: &mut Desk) {
        let mut held = std::mem::take(&mut self.held);
        self.write(&held, at, render, desk);
        held.clear();
        if held.capacity() <= HELD_MAX {
            self.held = held;
        }
    }

    fn write(&mut self, bytes: &[u8], at: i64, render: &mut Render, desk: &mut Desk) {
        if bytes.is_empty() {
            return;
        }
        if let Some(file) = desk.files.get(self.file) {
            let mut page = Page::new(&mut desk.scratch, file, self.writer);
            self.lost = !render.write(bytes, at, &mut page);
        }
        if self.lost {
            desk.files.watch(self.file);
        }
    }

    /// What follows a line whose beginning is lost: while nothing is said of that yet, the rest of
    /// the line is lost too. Output that has no lines is taken up anywhere.
    fn past_torn_line<'a>(&self, bytes: &'a [u8], desk: &mut Desk) -> &'a [u8] {
        let end = memchr(b'\n', bytes).filter(|_| self.lost && self.amid_line);
        let file = desk.files.get(self.file).filter(|file| file.is_troubled());
        let (Some(end), Some(file)) = (end, file) else {
            return bytes;
        };
        file.drop_bytes(end + 1);
        &bytes[end + 1..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;

    /// A way into a file whose folder is a file for now.
    fn blocked() -> (tempfile::TempDir, Utf8PathBuf, Target, Desk) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Utf8PathBuf::from_path_buf(dir.path().join("folder")).unwrap();
        std::fs::write(&folder, "").unwrap();
        let mut desk = Desk::default();
        let target = Target::new(desk.files.acquire(folder.join("log")), 1);
        (dir, folder, target, desk)
    }

    fn after(pieces: &[&str], later: &str) -> String {
        let (_dir, folder, mut target, mut desk) = blocked();
        for piece in pieces {
            target.take(piece.as_bytes(), 0, &mut Render::Raw, &mut desk);
        }
        std::fs::remove_file(&folder).unwrap();
        target.take(later.as_bytes(), 0, &mut Render::Raw, &mut desk);
        let text = std::fs::read_to_string(folder.join("log")).unwrap();
        let (count, rest) = text.strip_prefix("[rpm] ").unwrap().split_once(' ').unwrap();
        let (_, rest) = rest.split_once('\n').unwrap();
        format!("{count}: {rest}")
    }

    #[test]
    fn the_rest_of_a_line_whose_beginning_is_lost_is_lost_and_counted() {
        assert_eq!(after(&["line\nbegun"], ", ended\nnext\n"), "18: next\n");
        assert_eq!(after(&["a\n", "b\n", "c\n"], "next\n"), "6: next\n");
        assert_eq!(after(&["begun"], " and no end"), "5:  and no end");
    }
}
