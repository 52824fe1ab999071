//! What the journal asks of the system.

use std::io;

/// A folder with files that are appended to.
pub trait Disk {
    /// An open file.
    type File;

    /// Makes an empty file; one that has the name is taken away first.
    fn create(&mut self, name: &str) -> io::Result<Self::File>;

    /// Opens a file to be appended to, and reads it; `None` when there is none.
    fn open(&mut self, name: &str) -> io::Result<Option<(Self::File, Vec<u8>)>>;

    /// Appends all of `bytes`. After an error some of them may be there.
    fn append(&mut self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file to `len` bytes.
    fn cut(&mut self, file: &mut Self::File, len: u64) -> io::Result<()>;

    /// Returns when the file's bytes and its length are on the disk (`fdatasync(2)`).
    fn sync(&mut self, file: &mut Self::File) -> io::Result<()>;

    /// Gives a file another name; a file that had that one is replaced at once.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Takes a file away; that there is none is no error.
    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// Returns when the names are on the disk.
    fn sync_folder(&mut self) -> io::Result<()>;
}
