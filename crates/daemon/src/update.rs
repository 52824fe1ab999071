//! Whether a program can go on where this daemon ends.
//!
//! It is opened once and asked what it understands; the very file that answered is what the keeper
//! starts, whatever becomes of its path meanwhile.

use crate::{clock, inquiry};
use rpm_journal::LAYOUT;
use rpm_keeper::link::Link;
use rpm_keeper::wire::{self, ToKeeper};
use rpm_proto::hello::PROTOCOL;
use rpm_proto::{Code, Fault};
use rpm_sys::process;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::process::Command;

/// The word that a program of ours answers with its [`Abilities`].
pub const QUESTION: &str = "selfcheck";

/// A program that has not answered by then will not.
const ANSWER_MS: u64 = 5000;
/// An answer is a line; what is longer comes from something else.
const ANSWER_MAX: usize = 4096;

/// What a version of this program understands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// Its version.
    pub version: String,
    /// The wire that it speaks with clients.
    pub protocol: u32,
    /// The wire that it speaks with a keeper.
    pub keeper: u16,
    /// The layouts of the kept table that it reads.
    pub layouts: Vec<u32>,
}

impl Abilities {
    /// This program's own.
    pub fn ours() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            keeper: wire::VERSION,
            layouts: vec![LAYOUT],
        }
    }

    /// Why it cannot take over from this program; `None` when it can.
    fn lacks(&self) -> Option<String> {
        if self.keeper != wire::VERSION {
            let (theirs, ours) = (self.keeper, wire::VERSION);
            return Some(format!("it speaks version {theirs} of the keeper's wire, not {ours}"));
        }
        if !self.layouts.contains(&LAYOUT) {
            return Some(format!("it cannot read a table of layout {LAYOUT}"));
        }
        None
    }
}

/// Lets the keeper become this program where it is another. To be called when this one is ready, so
/// that a version that is taken back leaves the keeper as it was.
pub(crate) fn lead_keeper(link: &mut Link) {
    let file = |path: &str| std::fs::metadata(path).map(|meta| (meta.dev(), meta.ino()));
    let keeper = file(&format!("/proc/{}/exe", process::parent()));
    match (file("/proc/self/exe"), keeper, process::open_self()) {
        (Ok(ours), Ok(theirs), Ok(binary)) if ours != theirs => {
            link.send(ToKeeper::UpgradeKeeper { binary });
        }
        (Ok(_), Ok(_), Ok(_)) => {}
        _ => tracing::warn!("could not see which version the keeper is; it stays"),
    }
}

/// Opens the program at `path` and asks whether it can take over.
pub(crate) async fn check(path: String) -> Result<OwnedFd, Fault> {
    let asked = tokio::task::spawn_blocking(move || {
        try_check(&path).map_err(|why| {
            Fault::new(Code::UpdateFailed, format!("`{path}` cannot take over"))
                .because(why)
                .help("the daemon goes on as it is; name a working version with `--to`")
        })
    });
    asked.await.unwrap_or_else(|error| {
        Err(Fault::new(Code::UpdateFailed, "the check did not come to its end")
            .because(error.to_string()))
    })
}

fn try_check(path: &str) -> Result<OwnedFd, String> {
    let file = File::open(path).map_err(|error| format!("it cannot be opened: {error}"))?;
    let is_file = file.metadata().is_ok_and(|meta| meta.is_file());
    if !is_file {
        return Err("it is no file".to_owned());
    }
    let answer = ask(&file).map_err(|error| format!("it cannot be run: {error}"))?;
    let answer = answer.ok_or_else(|| format!("it does not answer within {ANSWER_MS} ms"))?;
    let abilities: Abilities = serde_json::from_slice(&answer)
        .map_err(|_| "it does not answer as a version of this program".to_owned())?;
    match abilities.lacks() {
        None => Ok(file.into()),
        Some(lack) => Err(lack),
    }
}

/// What the program answers; `None` when it does not in time.
fn ask(file: &File) -> io::Result<Option<Vec<u8>>> {
    let mut program = Command::new(format!("/proc/self/fd/{}", file.as_raw_fd()));
    program.arg(QUESTION).current_dir("/");
    let deadline = clock::now().mono.after(ANSWER_MS);
    let answer = inquiry::ask(&mut program, inquiry::Patience::until(deadline), ANSWER_MAX)?;
    Ok(answer.map(|answer| answer.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_reads_what_we_write_takes_over() {
        let ours = Abilities::ours();
        assert_eq!(ours.lacks(), None);
        let newer = Abilities { layouts: vec![LAYOUT, LAYOUT + 1], ..ours.clone() };
        assert_eq!(newer.lacks(), None);
        let stranger = Abilities { layouts: vec![LAYOUT + 1], ..ours.clone() };
        assert!(stranger.lacks().is_some_and(|why| why.contains("table")));
        let stranger = Abilities { keeper: ours.keeper + 1, ..ours };
        assert!(stranger.lacks().is_some_and(|why| why.contains("keeper")));
    }

    #[test]
    fn other_programs_are_refused_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &str| try_check(path).unwrap_err();
        assert!(refused("/bin/false").contains("does not answer as"));
        assert!(refused("/nowhere").contains("opened"));
        assert!(refused(folder.path().to_str().unwrap()).contains("no file"));
        let text = folder.path().join("text");
        std::fs::write(&text, "no program").unwrap();
        assert!(refused(text.to_str().unwrap()).contains("run"));
    }
}
