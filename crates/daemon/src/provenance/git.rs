//! The commit that a folder is at, asked of the user's `git`.

use super::Account;
use crate::clock;
use crate::inquiry::{self, Patience};
use camino::{Utf8Path, Utf8PathBuf};
use rpm_proto::Versioning;
use std::os::fd::BorrowedFd;
use std::process::Command;

/// All questions about one repository take at most so long, in ms; else nothing is known of it.
const LIMIT_MS: u64 = 5000;
/// Nothing that is asked needs a longer answer, in bytes.
const ANSWER_MAX: usize = 64 * 1024;
/// Commits before and after are looked for among so many.
const COMMITS: &str = "--max-count=100";
/// So many tags are told.
const TAGS: usize = 10;
/// A longer message is cut.
const COMMENT_MAX: usize = 4096;

/// A folder in a work tree.
struct Tree<'a> {
    folder: &'a Utf8Path,
    account: &'a Account,
    patience: Patience<'a>,
}

/// What git says of the commit that the first of the folders is at which is in a work tree.
pub(super) fn versioning(
    folders: &[Utf8PathBuf],
    account: &Account,
    cancel: BorrowedFd<'_>,
) -> Option<Versioning> {
    let folder = folders.iter().find(|folder| is_in_work_tree(folder))?;
    let deadline = clock::now().mono.after(LIMIT_MS);
    Tree { folder, account, patience: Patience { deadline, cancel: Some(cancel) } }.versioning()
}

/// Most apps are in none: then git need not be started to say so.
fn is_in_work_tree(folder: &Utf8Path) -> bool {
    folder.ancestors().any(|folder| folder.join(".git").exists())
}

impl Tree<'_> {
    fn versioning(&self) -> Option<Versioning> {
        let place = self.git(&["rev-parse", "--show-toplevel", "HEAD", "--abbrev-ref", "HEAD"])?;
        let mut place = place.lines().map(str::to_owned);
        let (repo_path, revision, branch) = (place.next()?, place.next()?, place.next()?);
        let date = "--date=format-local:%Y-%m-%dT%H:%M:%SZ";
        let commit = ["log", "-1", "--no-show-signature", date, "--format=%cd%n%B", &revision];
        let commit = self.git(&commit)?;
        let (update_time, comment) = commit.split_once('\n')?;
        let remotes =
            remotes(&self.git(&["config", "-z", "--get-regexp", REMOTES]).unwrap_or_default());
        let remote = remotes.iter().find(|it| it.0 == "origin").or(remotes.first()).cloned();
        let known = remote.as_ref().map(|(name, _)| format!("refs/remotes/{name}/{branch}"));
        let known =
            known.filter(|known| self.git(&["rev-parse", "-q", "--verify", known]).is_some());
        let line = known.as_deref().unwrap_or(&revision);
        let commits = self.git(&["rev-list", "--first-parent", COMMITS, line])?;
        let around = around(&commits, &revision);
        let tags = self.git(&["tag", "--list"]).unwrap_or_default();
        Some(Versioning {
            system: "git".to_owned(),
            url: remote.as_ref().map(|(_, url)| without_user(url)),
            comment: message(comment),
            unstaged: !self.git(&["status", "--porcelain"])?.is_empty(),
            remotes: remotes.into_iter().map(|(name, _)| name).collect(),
            remote: remote.map(|(name, _)| name),
            branch_exists_on_remote: known.is_some(),
            ahead: known.is_some() && around.is_none(),
            next_rev: around.clone().and_then(|(next, _)| next),
            prev_rev: around.and_then(|(_, previous)| previous),
            update_time: update_time.to_owned(),
            tags: tags.lines().take(TAGS).map(str::to_owned).collect(),
            revision,
            branch,
            repo_path,
        })
    }

    /// What git prints; `None` when it fails. It writes nothing, asks nobody, and runs as the app's
    /// user: what a repository's configuration makes it start is not for us to start.
    fn git(&self, words: &[&str]) -> Option<String> {
        let mut git = Command::new("git");
        git.args(["-C", self.folder.as_str(), "-c", "core.fsmonitor=false"]).args(words);
        git.envs([("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("TZ", "UTC0")]);
        git.env("LC_ALL", "C");
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG", "GIT_PREFIX"] {
            git.env_remove(name);
        }
        self.account.take_on(&mut git);
        let answer = inquiry::ask(&mut git, self.patience, ANSWER_MAX).ok()??;
        let text = String::from_utf8_lossy(&answer.text).trim_end_matches('\n').to_owned();
        answer.is_good.then_some(text)
    }
}

/// The addresses of remotes, among the settings of a repository.
const REMOTES: &str = r"^remote\..*\.url$";

/// Names and addresses of remotes, by name: of `config -z`, a setting is its name, a line break, its
/// value and a zero byte.
fn remotes(settings: &str) -> Vec<(String, String)> {
    let setting = |setting: &str| {
        let (key, url) = setting.split_once('\n')?;
        let name = key.strip_prefix("remote.")?.strip_suffix(".url")?;
        Some((name.to_owned(), url.to_owned()))
    };
    let mut remotes: Vec<_> = settings.split('\0').filter_map(setting).collect();
    remotes.sort();
    remotes.dedup_by(|next, kept| next.0 == kept.0);
    remotes
}

/// The commits after and before one in a list from the newest on; `None` when it is not in it.
fn around(commits: &str, commit: &str) -> Option<(Option<String>, Option<String>)> {
    let commits: Vec<&str> = commits.lines().collect();
    let at = commits.iter().position(|it| *it == commit)?;
    let one = |at: Option<usize>| Some((*commits.get(at?)?).to_owned());
    Some((one(at.checked_sub(1)), one(at.checked_add(1))))
}

/// An address for others to see: names and passwords of web addresses are tokens as often as not.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) =
        url.split_once("://").filter(|(scheme, _)| scheme.starts_with("http"))
    else {
        return url.to_owned();
    };
    let host = rest.find('/').unwrap_or(rest.len());
    let start = rest.get(..host).and_then(|host| host.rfind('@')).map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[start..])
}

/// A message with one line break at its end.
fn message(text: &str) -> String {
    let mut text = text.trim_end().to_owned();
    if text.len() > COMMENT_MAX {
        text.truncate(text.floor_char_boundary(COMMENT_MAX));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_are_read_whatever_they_are_called() {
        let found =
            remotes("remote.z.url\n/z\0remote.a.b.url\nhttps://x/y z\0remote.z.url\n/other\0");
        let found: Vec<_> = found.iter().map(|(name, url)| (&**name, &**url)).collect();
        assert_eq!(found, [("a.b", "https://x/y z"), ("z", "/other")]);
        assert_eq!(remotes(""), []);
    }

    #[test]
    fn neighbours_are_found() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(around("c\nb\na", "b"), Some((some("c"), some("a"))));
        assert_eq!(around("c\nb\na", "c"), Some((None, some("b"))));
        assert_eq!(around("c\nb\na", "a"), Some((some("b"), None)));
        assert_eq!(around("c\nb\na", "x"), None);
    }

    #[test]
    fn addresses_are_shown_without_their_tokens() {
        for (given, shown) in [
            ("https://me:tok@example.com/a@b.git", "https://example.com/a@b.git"),
            ("https://ghp_x@example.com", "https://example.com"),
            ("https://example.com/a", "https://example.com/a"),
            ("git@example.com:a.git", "git@example.com:a.git"),
            ("../origin.git", "../origin.git"),
        ] {
            assert_eq!(without_user(given), shown);
        }
    }

    #[test]
    fn long_messages_are_cut() {
        assert_eq!(message("a\n\nb\n\n"), "a\n\nb\n");
        assert!(message(&"ü".repeat(5000)).len() <= COMMENT_MAX + 1);
    }
}
