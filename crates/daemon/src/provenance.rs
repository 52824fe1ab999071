//! What code instances run: found out beside their starts, and kept for a successor.
//!
//! A thread that lives as long as there is something to ask runs `git` and `node --version`; no
//! start waits for it. One thread at a time: what is to be asked meanwhile waits, at most once for
//! each instance.

mod git;

use crate::clock;
use crate::driver::Driver;
use crate::inquiry::{self, Patience};
use crate::launch;
use crate::perform::other_user;
use crate::start;
use camino::Utf8PathBuf;
use rpm_core::action::News;
use rpm_core::{AppSpec, Notice, ProcId};
use rpm_journal::Delta;
use rpm_proto::{Provenance, Versioning};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread::JoinHandle;
use std::time::SystemTime;
use tokio::sync::mpsc;

/// Where it is kept for each instance; its id follows.
const KEY: &str = "provenance/";
/// A Node that has not told its version by then, in ms, will not.
const NODE_MS: u64 = 5000;
/// No version is longer, in bytes.
const VERSION_MAX: usize = 64;
/// So many are asked for at once: one that takes long holds up no more.
const BATCH: usize = 8;

/// What is known, and what of it has yet to be kept.
#[derive(Debug, Default)]
pub(crate) struct Register {
    known: BTreeMap<ProcId, Provenance>,
    anew: BTreeSet<ProcId>,
}

impl Register {
    /// What is known of one instance.
    pub(crate) fn of(&self, proc: ProcId) -> Provenance {
        self.known.get(&proc).cloned().unwrap_or_default()
    }

    /// Adds to `delta` what has changed since the last time; forgets instances that are no more.
    pub(crate) fn note(&mut self, exists: impl Fn(ProcId) -> bool, delta: &mut Delta) {
        let key = |proc: &ProcId| format!("{KEY}{}", proc.0);
        self.known.retain(|proc, _| {
            let stays = exists(*proc);
            if !stays {
                delta.insert(key(proc), None);
            }
            stays
        });
        for proc in std::mem::take(&mut self.anew) {
            match self.known.get(&proc).map(serde_json::to_vec) {
                Some(Ok(bytes)) => drop(delta.insert(key(&proc), Some(bytes))),
                Some(Err(error)) => tracing::warn!(%error, "a commit cannot be kept"),
                None => {}
            }
        }
    }

    /// Reads one that was kept; `false` when the key is not of one.
    pub(crate) fn read(&mut self, key: &str, bytes: &[u8]) -> bool {
        let Some(proc) = key.strip_prefix(KEY) else {
            return false;
        };
        // One that cannot be read is only not shown.
        if let (Ok(proc), Ok(provenance)) = (proc.parse(), serde_json::from_slice(bytes)) {
            self.known.insert(ProcId(proc), provenance);
        }
        true
    }

    /// Takes note; whether it is new.
    fn learn(&mut self, proc: ProcId, provenance: Provenance) -> bool {
        if self.of(proc) == provenance {
            return false;
        }
        self.known.insert(proc, provenance);
        self.anew.insert(proc);
        true
    }
}

/// Who the app runs as: what belongs to its user is looked at as that user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Account {
    uid: Option<u32>,
    gid: Option<u32>,
    home: Option<String>,
}

impl Account {
    fn of(spec: &AppSpec) -> Self {
        let uid = other_user(spec);
        let gid = spec.gid.filter(|_| uid.is_some());
        Self { uid, gid, home: variable(spec, "HOME").cloned() }
    }

    fn take_on(&self, command: &mut Command) {
        if let Some(gid) = self.gid {
            command.gid(gid);
        }
        if let Some(uid) = self.uid {
            command.uid(uid);
        }
        if let Some(home) = &self.home {
            command.env("HOME", home);
        }
    }
}

/// What is to be found out of one instance.
#[derive(Debug)]
struct Question {
    /// Where the code may be; none when git is not to be asked.
    folders: Vec<Utf8PathBuf>,
    /// Its Node.
    node: Option<String>,
    account: Account,
}

impl Question {
    fn of(spec: &AppSpec) -> Self {
        let folders = spec.code_folders().filter(|_| spec.is_versioned()).map(Utf8PathBuf::from);
        let node = spec.interpreter.as_ref().filter(|_| launch::is_node(spec));
        Self {
            folders: folders.collect(),
            node: node.map(|node| start::found(node.to_string(), variable(spec, "PATH"))),
            account: Account::of(spec),
        }
    }
}

/// A variable of the app's environment.
fn variable<'a>(spec: &'a AppSpec, name: &str) -> Option<&'a String> {
    spec.env.get(name).or_else(|| spec.base_env.get(name))
}

/// The versions of programs, each as long as its file stays as it was.
type Versions = HashMap<(String, Option<SystemTime>), Option<String>>;

/// What came of a batch, with what need not be asked again.
#[derive(Debug)]
pub(crate) struct Answers {
    found: Vec<(ProcId, Provenance)>,
    versions: Versions,
}

/// What has yet to be asked.
#[derive(Debug)]
pub(crate) struct Inquiries {
    waiting: BTreeMap<ProcId, Question>,
    /// `None` while a thread has them.
    versions: Option<Versions>,
    answers: mpsc::Sender<Answers>,
    /// The thread that asks, and what it watches: closed, it ends whom it asks.
    thread: Option<JoinHandle<()>>,
    cancel: (PipeReader, PipeWriter),
}

impl Inquiries {
    /// None yet; answers come from the receiver.
    pub(crate) fn new() -> io::Result<(Self, mpsc::Receiver<Answers>)> {
        let (answers, told) = mpsc::channel(1);
        let (waiting, versions) = (BTreeMap::new(), Some(Versions::new()));
        Ok((Self { waiting, versions, answers, thread: None, cancel: io::pipe()? }, told))
    }

    /// Ends whoever is asked, so that nobody outlives us.
    pub(crate) fn close(self) {
        drop(self.cancel);
        if let Some(thread) = self.thread {
            // It has nothing to tell.
            thread.join().ok();
        }
    }

    /// Starts a thread for what waits, where none is at it.
    fn begin(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Some(versions) = self.versions.take() else {
            return;
        };
        let rest = self.waiting.keys().nth(BATCH).copied();
        let rest = rest.map(|first| self.waiting.split_off(&first)).unwrap_or_default();
        let batch = std::mem::replace(&mut self.waiting, rest);
        let answers = self.answers.clone();
        let begun = self.cancel.0.try_clone().and_then(|cancel| {
            let thread = std::thread::Builder::new().name("provenance".to_owned());
            thread.spawn(move || {
                // Nobody hears it when the supervisor has ended meanwhile.
                answers.blocking_send(answer(batch, versions, cancel.as_fd())).ok();
            })
        });
        match begun {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => {
                tracing::warn!(%error, "commits and versions of apps cannot be asked for");
                self.versions = Some(Versions::new());
            }
        }
    }
}

/// Finds out. What several instances share is asked once.
fn answer(
    batch: BTreeMap<ProcId, Question>,
    mut versions: Versions,
    cancel: BorrowedFd<'_>,
) -> Answers {
    let mut commits: HashMap<(Vec<Utf8PathBuf>, Account), Option<Versioning>> = HashMap::new();
    let mut found = Vec::new();
    for (proc, question) in batch {
        let Question { folders, node, account } = question;
        let node_version = node.and_then(|node| version(&node, &account, &mut versions, cancel));
        let commit = commits.entry((folders, account));
        let commit = commit
            .or_insert_with_key(|(folders, account)| git::versioning(folders, account, cancel));
        found.push((proc, Provenance { versioning: commit.clone(), node_version }));
    }
    Answers { found, versions }
}

/// The version of a Node, without its `v`.
fn version(
    node: &str,
    account: &Account,
    versions: &mut Versions,
    cancel: BorrowedFd<'_>,
) -> Option<String> {
    let changed = std::fs::metadata(node).and_then(|file| file.modified()).ok();
    let ask = || {
        let mut command = Command::new(node);
        // The app's own options may be none that it understands here.
        command.arg("--version").env_remove("NODE_OPTIONS");
        account.take_on(&mut command);
        let deadline = clock::now().mono.after(NODE_MS);
        let patience = Patience { deadline, cancel: Some(cancel) };
        let answer = inquiry::ask(&mut command, patience, VERSION_MAX).ok()??;
        let text = String::from_utf8(answer.text).ok().filter(|_| answer.is_good)?;
        Some(text.trim().strip_prefix('v')?.to_owned())
    };
    versions.entry((node.to_owned(), changed)).or_insert_with(ask).clone()
}

impl Driver {
    /// A run is up: asks what code it runs.
    pub(crate) fn inquire(&mut self, notice: &Notice) {
        if notice.news != News::Online {
            return;
        }
        if let Some(instance) = self.supervisor.instance(notice.proc) {
            let question = Question::of(instance.spec);
            self.world.inquiries.waiting.insert(notice.proc, question);
            self.world.inquiries.begin();
        }
    }

    /// Takes note of what was found out.
    pub(crate) fn hear_answers(&mut self, answers: Answers) {
        let Answers { found, versions } = answers;
        for (proc, provenance) in found {
            let exists = self.supervisor.instance(proc).is_some();
            if exists && self.world.provenance.learn(proc, provenance) {
                self.world.touch();
            }
        }
        self.world.inquiries.versions = Some(versions);
        self.world.inquiries.begin();
    }
}
