//! The token: 256 random bits, of which only a hash is kept.
//!
//! A plain SHA-256 is enough for it. Slow hashes protect passwords, which can be guessed; of 256
//! random bits no part can be.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io;
use subtle::ConstantTimeEq;

/// What tokens begin with, so that scanners for leaked secrets know them.
const PREFIX: &str = "rpm_";
/// What the kept line begins with.
const KIND: &str = "sha256:";

/// Where the hash is kept; the file is for its owner only.
pub fn file(home: &Utf8Path) -> Utf8PathBuf {
    home.join("web-token")
}

/// A token that nobody knows yet.
///
/// # Errors
///
/// When the system gives no random bytes.
pub fn make() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What is kept of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hash(String);

impl Hash {
    /// The hash of a token.
    pub fn of(token: &str) -> Self {
        let mut text = String::with_capacity(KIND.len() + 64);
        text.push_str(KIND);
        for byte in Sha256::digest(token.as_bytes()) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The one that is kept in a file; `None` where there is none.
    pub fn read(path: &Utf8Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let text = text.trim();
        text.starts_with(KIND).then(|| Self(text.to_owned()))
    }

    /// The line that is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is of this token. How long that takes tells nothing about where they differ.
    pub fn is_of(&self, token: &str) -> bool {
        Self::of(token).0.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_fits_its_hash() {
        let (one, two) = (make().unwrap(), make().unwrap());
        assert!(one != two && one.len() == PREFIX.len() + 43, "{one}");
        let hash = Hash::of(&one);
        assert!(hash.is_of(&one) && !hash.is_of(&two) && !hash.is_of(hash.as_str()));
        assert!(!hash.as_str().contains(&one));
        let folder = tempfile::tempdir().unwrap();
        let path = file(Utf8Path::from_path(folder.path()).unwrap());
        assert_eq!(Hash::read(&path), None);
        std::fs::write(&path, format!("{}\n", hash.as_str())).unwrap();
        assert_eq!(Hash::read(&path), Some(hash));
        // An empty file is no token that an empty one would fit.
        std::fs::write(&path, "").unwrap();
        assert_eq!(Hash::read(&path), None);
    }
}
