//! The git repository of an app, by the user's `git`.

use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::AppSpec;
use rpm_proto::{Code, Fault};
use std::io;
use std::process::{Command, Stdio};

/// As far is looked for the commit after the current one.
const FAR: &str = "100";

/// A work tree.
#[derive(Debug)]
pub(crate) struct Repository {
    folder: Utf8PathBuf,
}

impl Repository {
    /// The repository of an app's code; `None` when that is in none.
    pub(crate) fn of(spec: &AppSpec) -> Result<Option<Self>, Fault> {
        for folder in spec.code_folders() {
            if let Some(repository) = Self::around(folder)? {
                return Ok(Some(repository));
            }
        }
        Ok(None)
    }

    /// The repository that a folder is in.
    fn around(folder: &Utf8Path) -> Result<Option<Self>, Fault> {
        let repository = Self { folder: folder.to_owned() };
        match repository.output(&["rev-parse", "--is-inside-work-tree"]) {
            Ok(Ok(_)) => Ok(Some(repository)),
            Ok(Err(_)) => Ok(None),
            Err(error) => {
                let fault = Fault::new(Code::Io, "`git` cannot be run").because(error.to_string());
                Err(fault.help("install git, or put it into $PATH"))
            }
        }
    }

    /// The current commit.
    pub(crate) fn head(&self) -> Result<String, Fault> {
        self.git(&["rev-parse", "HEAD"])
    }

    /// The commit of this name.
    pub(crate) fn named(&self, name: &str) -> Result<String, Fault> {
        self.git(&["rev-parse", "--verify", "--end-of-options", &format!("{name}^{{commit}}")])
    }

    /// The newest commit of the branch at its origin, which is asked; `None` when there is none newer.
    pub(crate) fn newest(&self) -> Result<Option<String>, Fault> {
        self.git(&["fetch", "--quiet"])?;
        let newest = self.git(&["rev-parse", "@{upstream}"])?;
        let behind = self.git(&["rev-list", "--count", "HEAD..@{upstream}"])?;
        Ok(Some(newest).filter(|_| behind != "0"))
    }

    /// The commit before the current one; `None` when that is the first.
    pub(crate) fn previous(&self) -> Result<Option<String>, Fault> {
        let found = self.git(&["rev-list", "--first-parent", "--max-count=2", "HEAD"])?;
        Ok(found.lines().nth(1).map(str::to_owned))
    }

    /// The commit after the current one, on the branch as its origin has it or as it was before;
    /// `None` when the current one is the newest.
    pub(crate) fn next(&self) -> Result<Option<String>, Fault> {
        let of = |tip: &str| {
            let max = format!("--max-count={FAR}");
            self.git(&["rev-list", "--first-parent", &max, tip]).unwrap_or_default()
        };
        let head = self.head()?;
        let after = |list: String| {
            let commits: Vec<&str> = list.lines().collect();
            let at = commits.iter().position(|commit| *commit == head)?;
            commits.get(at.checked_sub(1)?).map(|commit| (*commit).to_owned())
        };
        Ok(after(of("@{upstream}")).or_else(|| after(of("ORIG_HEAD"))))
    }

    /// Makes a commit the current one, with its files.
    pub(crate) fn reset(&self, commit: &str) -> Result<(), Fault> {
        self.git(&["reset", "--quiet", "--hard", commit]).map(|_| ())
    }

    fn git(&self, words: &[&str]) -> Result<String, Fault> {
        let why = match self.output(words) {
            Ok(Ok(text)) => return Ok(text),
            Ok(Err(text)) => text,
            Err(error) => error.to_string(),
        };
        let what = format!("`git {}` failed in {}", words.join(" "), self.folder);
        Err(Fault::new(Code::Io, what).because(why))
    }

    /// What git prints; what it says when it fails.
    fn output(&self, words: &[&str]) -> io::Result<Result<String, String>> {
        let output = Command::new("git")
            .args(["-C", self.folder.as_str()])
            .args(words)
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null())
            .output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        Ok(if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        })
    }
}
