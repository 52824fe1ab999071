//! A home with a keeper, whose supervisor is the test.
//!
//! The process in the supervisor's role hands its end of the link to the test, and then waits to be
//! ended. It leaves at once while there is a file `broken` in the home.

use rpm_keeper::launch::LaunchSpec;
use rpm_keeper::link::Link;
use rpm_keeper::wire::{FromKeeper, LINK_FD, ToKeeper};
use rpm_keeper::{StartError, Started, start, start_adopting};
use rpm_sys::{pidfd, poll, process, seqpacket, tree};
use std::io::{self, IoSlice, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything takes.
const PATIENCE_MS: u64 = 20_000;
const SIGKILL: i32 = 9;
/// `signal(7)`.
pub(crate) const SIGABRT: i32 = 6;

pub(crate) struct Home {
    dir: TempDir,
    listener: UnixListener,
    keeper: Option<(u32, OwnedFd)>,
}

/// The process in the supervisor's role, and its link.
pub(crate) struct Supervisor {
    pub(crate) link: Link,
    /// Of its binary.
    pub(crate) inode: u64,
    pub(crate) pid: u32,
    pidfd: OwnedFd,
    leash: UnixStream,
}

/// What a supervisor is greeted with.
#[derive(Default)]
pub(crate) struct Inventory {
    pub(crate) restarts: u64,
    pub(crate) died_at_ms: u64,
    pub(crate) slots: Vec<Held>,
    /// Key, process, status.
    pub(crate) exits: Vec<(u64, u32, i32)>,
}

/// One slot of an inventory.
pub(crate) struct Held {
    pub(crate) key: u64,
    pub(crate) aux: u64,
    pub(crate) pid: u32,
    /// There is a descriptor of the process.
    pub(crate) is_alive: bool,
    pub(crate) fds: Vec<(OwnedFd, u32)>,
}

/// The role of the supervisor.
pub(crate) fn play_supervisor(home: &Path) -> ExitCode {
    let link = process::inherited(LINK_FD).unwrap();
    if home.join("broken").exists() {
        let mut starts = std::fs::OpenOptions::new();
        let mut starts = starts.append(true).create(true).open(home.join("starts")).unwrap();
        starts.write_all(b".").unwrap();
        return ExitCode::from(9);
    }
    // The test may be over.
    let Ok(mut leash) = UnixStream::connect(home.join("test.sock")) else {
        return ExitCode::FAILURE;
    };
    let mut words = Vec::new();
    words.extend(std::process::id().to_le_bytes());
    words.extend(process::parent().to_le_bytes());
    words.extend(std::fs::metadata("/proc/self/exe").unwrap().ino().to_le_bytes());
    seqpacket::send(&leash, &[IoSlice::new(&words)], &[link.as_fd()]).unwrap();
    let mut link = Some(link);
    let mut adoption = None;
    let mut order = [0];
    loop {
        match leash.read(&mut order) {
            Ok(1) if order == *b"c" => drop(link.take()),
            Ok(1) if order == *b"a" => {
                let begun = start_adopting(home, process::open_self().unwrap()).unwrap();
                let pid = begun.pid().to_le_bytes();
                seqpacket::send(&leash, &[IoSlice::new(&pid)], &[begun.link.as_fd()]).unwrap();
                adoption = Some(begun);
            }
            Ok(1) if order == *b"e" => {
                let end = adoption.take().unwrap().ended().unwrap();
                let code = [end.map_or(255, rpm_keeper::End::code)];
                seqpacket::send(&leash, &[IoSlice::new(&code)], &[]).unwrap();
            }
            Ok(1) => return ExitCode::from(order[0]),
            _ => return ExitCode::FAILURE,
        }
    }
}

impl Home {
    /// A home without a keeper.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("test.sock")).unwrap();
        Self { dir, listener, keeper: None }
    }

    /// A home with a keeper whose supervisor is ready.
    pub(crate) fn started() -> (Self, Supervisor) {
        let mut home = Self::new();
        let path = home.dir.path().to_owned();
        let starting = thread::spawn(move || start_in(&path));
        let mut supervisor = home.next();
        let inventory = supervisor.greeting();
        assert_eq!((inventory.restarts, inventory.died_at_ms), (0, 0));
        assert!(inventory.slots.is_empty() && inventory.exits.is_empty());
        supervisor.link.send(ToKeeper::Ready);
        assert_eq!(starting.join().unwrap().unwrap(), Started::Ready);
        (home, supervisor)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn start(&self) -> Result<Started, StartError> {
        start_in(self.dir.path())
    }

    pub(crate) fn keeper(&self) -> (u32, &OwnedFd) {
        let (pid, pidfd) = self.keeper.as_ref().unwrap();
        (*pid, pidfd)
    }

    /// Kills the keeper.
    pub(crate) fn kill_keeper(&mut self) {
        self.end_keeper(SIGKILL);
    }

    /// Ends the keeper by a signal.
    pub(crate) fn end_keeper(&mut self, signal: i32) {
        let (pid, pidfd) = self.keeper.take().unwrap();
        pidfd::send_signal(&pidfd, signal).unwrap();
        // A later one is not a child of ours.
        if process::reap(pid).is_err() {
            wait(&pidfd);
        }
    }

    /// Lets the supervisor start a keeper.
    pub(crate) fn adopt(&mut self, supervisor: &mut Supervisor) {
        supervisor.leash.write_all(b"a").unwrap();
        let (words, fd) = supervisor.answer();
        let pid = u32::from_le_bytes(words.try_into().unwrap());
        self.keeper = Some((pid, pidfd::open(pid).unwrap()));
        supervisor.link = Link::from_fd(fd.unwrap());
    }

    /// The next process in the supervisor's role.
    pub(crate) fn next(&mut self) -> Supervisor {
        assert!(poll::wait_for(&self.listener, false, Some(PATIENCE_MS)).unwrap(), "no supervisor");
        let (leash, _) = self.listener.accept().unwrap();
        assert!(poll::wait_for(&leash, false, Some(PATIENCE_MS)).unwrap());
        let mut words = [0; 16];
        let mut received = seqpacket::recv(&leash, &mut words).unwrap();
        assert_eq!(received.len, 16);
        let number = |at: usize| u32::from_le_bytes(words[at..at + 4].try_into().unwrap());
        let (pid, keeper) = (number(0), number(4));
        if self.keeper.is_none() {
            self.keeper = Some((keeper, pidfd::open(keeper).unwrap()));
        }
        assert_eq!(self.keeper().0, keeper, "there is one keeper");
        Supervisor {
            link: Link::from_fd(received.fds.remove(0)),
            inode: u64::from_le_bytes(words[8..].try_into().unwrap()),
            pid,
            pidfd: pidfd::open(pid).unwrap(),
            leash,
        }
    }

    /// Kills the supervisor. Returns the next one and what it is greeted with.
    pub(crate) fn after_a_kill(&mut self, supervisor: Supervisor) -> (Supervisor, Inventory) {
        supervisor.kill();
        let mut next = self.next();
        let inventory = next.greeting();
        (next, inventory)
    }

    /// Stops the keeper in the right way.
    pub(crate) fn stop(mut self, mut supervisor: Supervisor) {
        supervisor.link.send(ToKeeper::Stop);
        supervisor.leave(0);
        let (pid, pidfd) = self.keeper.take().unwrap();
        assert!(poll::wait_for(&pidfd, false, Some(PATIENCE_MS)).unwrap(), "it does not end");
        // One that was started by a supervisor is not ours to reap.
        if let Ok(status) = process::reap(pid) {
            let status = process::wait_status(status);
            assert_eq!(status, process::WaitStatus::Exited(0), "{}", self.log());
        }
    }

    /// How many supervisors found the home broken.
    pub(crate) fn starts(&self) -> usize {
        std::fs::read(self.path("starts")).map_or(0, |starts| starts.len())
    }

    pub(crate) fn await_starts(&self, count: usize) {
        let begun = Instant::now();
        while self.starts() < count {
            assert!(begun.elapsed() < Duration::from_millis(PATIENCE_MS));
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// How many descriptors the keeper has, but for those of its lock, which is written aside.
    pub(crate) fn descriptors(&self) -> usize {
        let dir = std::fs::read_dir(format!("/proc/{}/fd", self.keeper().0)).unwrap();
        let targets = dir.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
        targets.filter(|target| !target.ends_with("keeper.lock")).count()
    }

    /// Waits for a line with these words; lines are written aside.
    pub(crate) fn await_log(&self, words: &str) {
        let begun = Instant::now();
        while !self.log().contains(words) {
            assert!(begun.elapsed() < Duration::from_millis(PATIENCE_MS), "{}", self.log());
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("rpm.log")).unwrap()
    }
}

impl Drop for Home {
    /// After a failure.
    fn drop(&mut self) {
        if let Some((pid, pidfd)) = self.keeper.take() {
            pidfd::send_signal(&pidfd, 19).ok();
            tree::kill_tree(pid, &pidfd, SIGKILL).ok();
            process::reap(pid).ok();
        }
    }
}

impl Supervisor {
    pub(crate) fn kill(self) {
        pidfd::send_signal(&self.pidfd, SIGKILL).unwrap();
        drop(self.link);
    }

    pub(crate) fn pidfd(&self) -> &OwnedFd {
        &self.pidfd
    }

    /// Lets it exit with this code.
    pub(crate) fn leave(mut self, code: u8) {
        self.leash.write_all(&[code]).unwrap();
        wait(&self.pidfd);
    }

    /// Lets it close its end of the link.
    pub(crate) fn close_link(mut self) -> OwnedFd {
        drop(self.link);
        self.leash.write_all(b"c").unwrap();
        self.pidfd
    }

    /// Lets it start a keeper though there is one. Returns the link to that.
    pub(crate) fn start_another(&mut self) -> Option<OwnedFd> {
        self.leash.write_all(b"a").unwrap();
        self.answer().1
    }

    /// How the keeper ended that this supervisor had started.
    pub(crate) fn end_of_its_keeper(&mut self) -> u8 {
        self.leash.write_all(b"e").unwrap();
        self.answer().0[0]
    }

    fn answer(&mut self) -> (Vec<u8>, Option<OwnedFd>) {
        assert!(poll::wait_for(&self.leash, false, Some(PATIENCE_MS)).unwrap(), "no answer");
        let mut words = [0; 16];
        let mut received = seqpacket::recv(&self.leash, &mut words).unwrap();
        (words[..received.len].to_vec(), received.fds.pop())
    }

    pub(crate) fn greeting(&mut self) -> Inventory {
        let mut inventory = Inventory::default();
        let Some(FromKeeper::Welcome { restarts, died_at_ms }) = self.hear() else {
            panic!("no welcome");
        };
        (inventory.restarts, inventory.died_at_ms) = (restarts, died_at_ms);
        loop {
            match self.hear().unwrap() {
                FromKeeper::Slot { key, aux, pid, pidfd, fds } => {
                    let is_alive = pidfd.is_some();
                    inventory.slots.push(Held { key, aux, pid, is_alive, fds });
                }
                FromKeeper::Exit { key, pid, status, at_ms } => {
                    assert!(at_ms > 0);
                    inventory.exits.push((key, pid, status));
                }
                FromKeeper::End => return inventory,
                other => panic!("{other:?} in the inventory"),
            }
        }
    }

    /// What the keeper says next; `None` when the keeper is gone.
    pub(crate) fn hear(&mut self) -> Option<FromKeeper> {
        loop {
            match self.link.recv() {
                Ok(Some(news)) => return Some(news),
                Ok(None) => {
                    self.link.flush().unwrap();
                    let came =
                        poll::wait_for(&self.link, self.link.wants_write(), Some(PATIENCE_MS))
                            .unwrap();
                    assert!(came, "the keeper is silent");
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// All that the keeper has said up to now.
    pub(crate) fn hear_all(&mut self) -> Vec<FromKeeper> {
        self.link.send(ToKeeper::Ping);
        let mut news = Vec::new();
        loop {
            match self.hear().unwrap() {
                FromKeeper::Pong => return news,
                other => news.push(other),
            }
        }
    }

    /// Asks for a shell that runs `script`.
    pub(crate) fn spawn(&mut self, key: u64, script: &str) -> Pipes {
        let (out, out_theirs) = io::pipe().unwrap();
        let (in_theirs, input) = io::pipe().unwrap();
        self.link.send(ToKeeper::Spawn {
            seq: key + 1000,
            key,
            aux: key + 2000,
            spec: shell(script).to_memfd().unwrap(),
            child_fds: vec![
                (in_theirs.into(), 0),
                (out_theirs.try_clone().unwrap().into(), 1),
                (out_theirs.into(), 2),
            ],
            hold: vec![
                (out.try_clone().unwrap().into(), 1),
                (input.try_clone().unwrap().into(), 5),
            ],
        });
        Pipes { out, input }
    }

    pub(crate) fn spawned(&mut self) -> (u64, u32, OwnedFd) {
        match self.hear() {
            Some(FromKeeper::Spawned { seq, key, pid, pidfd }) => {
                assert_eq!(seq, key + 1000);
                (key, pid, pidfd)
            }
            other => panic!("{other:?} instead of a process"),
        }
    }

    pub(crate) fn exit(&mut self) -> (u64, u32, i32) {
        match self.hear() {
            Some(FromKeeper::Exit { key, pid, status, .. }) => (key, pid, status),
            other => panic!("{other:?} instead of an exit"),
        }
    }
}

pub(crate) struct Pipes {
    pub(crate) out: PipeReader,
    pub(crate) input: PipeWriter,
}

pub(crate) fn shell(script: &str) -> LaunchSpec {
    LaunchSpec {
        program: "/bin/sh".to_owned(),
        argv: ["sh", "-c", script].map(str::to_owned).into(),
        env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        cwd: "/".to_owned(),
        ..LaunchSpec::default()
    }
}

pub(crate) fn wait(pidfd: &OwnedFd) {
    assert!(poll::wait_for(pidfd, false, Some(PATIENCE_MS)).unwrap(), "it does not end");
}

fn start_in(home: &Path) -> Result<Started, StartError> {
    start(home, &std::env::current_exe().unwrap())
}
