//! Workers, the thread, and a stand-in for the main loop and the keeper.

use rpm_core::spec::{ClusterOptions, ClusterPolicy};
use rpm_core::{Generation, ProcId};
use rpm_daemon::channels::{ChannelEvent, Channels, Inventory, Kind, Runtime, Safe, WorkerSpec};
use rpm_sys::spawn::{Plan, Program, spawn};
use std::collections::BTreeMap;
use std::ffi::CString;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) channels: Channels,
    news: Receiver<ChannelEvent>,
    /// What was told, by its name.
    pub(crate) told: Vec<(Generation, String)>,
    /// What the keeper holds.
    held: BTreeMap<u64, OwnedFd>,
    records: String,
    pub(crate) runs: BTreeMap<Generation, Run>,
    next: u64,
    pub(crate) dir: tempfile::TempDir,
}

pub(crate) struct Run {
    pub(crate) pid: u32,
    slot: u32,
    app: String,
    kind: Kind,
    /// The keeper's copy.
    channel: OwnedFd,
}

pub(crate) struct Start<'a> {
    pub(crate) app: &'a str,
    pub(crate) script: PathBuf,
    pub(crate) slot: u32,
    pub(crate) options: ClusterOptions,
    pub(crate) env: Vec<(&'a str, String)>,
    /// Descriptors that the worker has beside its channel.
    pub(crate) fds: Vec<(OwnedFd, i32)>,
}

/// A script that tests of the whole use too.
pub(crate) fn script(name: &str) -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    [own.join("tests/apps").join(name), own.join("../../tests/apps").join(name)]
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("no script {name}"))
        .canonicalize()
        .unwrap()
}

pub(crate) fn policy(policy: ClusterPolicy) -> ClusterOptions {
    ClusterOptions { policy, ..ClusterOptions::default() }
}

pub(crate) fn start<'a>(name: &str, port: u16) -> Start<'a> {
    Start {
        app: "app",
        script: script(name),
        slot: 0,
        options: ClusterOptions::default(),
        env: vec![("PORT", port.to_string())],
        fds: Vec::new(),
    }
}

/// A port outside the range that the kernel gives to outgoing connections.
pub(crate) fn free_port() -> u16 {
    let seed = std::process::id();
    (0..2000)
        .map(|step| 10_000 + u16::try_from((seed * 37 + step * 101) % 20_000).unwrap())
        .find(|port| TcpListener::bind(("0.0.0.0", *port)).is_ok())
        .unwrap()
}

fn node() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join("node"))
        .find(|path| path.exists())
        .expect("these tests need `node` in the PATH")
}

fn text(text: impl Into<Vec<u8>>) -> CString {
    CString::new(text).unwrap()
}

fn path_text(path: &Path) -> CString {
    use std::os::unix::ffi::OsStrExt;
    text(path.as_os_str().as_bytes())
}

impl World {
    pub(crate) fn new() -> Self {
        let (channels, news) = thread(None);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("drain.cjs"), rpm_node::DRAIN_PRELOAD).unwrap();
        // Node resolves it; a home may be reached in such a way.
        std::os::unix::fs::symlink(dir.path(), dir.path().join("a \"home\"")).unwrap();
        Self {
            channels,
            news,
            told: Vec::new(),
            held: BTreeMap::new(),
            records: String::new(),
            runs: BTreeMap::new(),
            next: 1,
            dir,
        }
    }

    /// Starts `count` workers of a script and waits until all say `ready`.
    pub(crate) fn app(&mut self, count: u32, start: impl Fn(u32) -> Start<'static>) {
        let runs: Vec<Generation> = (0..count).map(|slot| self.spawn(start(slot))).collect();
        for run in runs {
            self.await_told(run, "ready");
        }
    }

    pub(crate) fn spawn(&mut self, start: Start<'_>) -> Generation {
        let interpreter = Runtime::Node;
        let kind = Kind::Cluster { options: start.options.clone(), interpreter };
        self.spawn_as(start, kind)
    }

    pub(crate) fn spawn_as(&mut self, start: Start<'_>, kind: Kind) -> Generation {
        let generation = Generation(self.next);
        self.next += 1;
        let (ours, theirs) = rpm_sys::stream::channel_pair().unwrap();
        let channel = ours.try_clone().unwrap();
        self.channels.add(WorkerSpec {
            generation,
            proc: ProcId(start.slot),
            app: start.app.to_owned(),
            slot: start.slot,
            channel: ours,
            pid: 0,
            kind: kind.clone(),
        });
        let mut envp: Vec<CString> = ["PATH", "HOME"]
            .iter()
            .map(|name| text(format!("{name}={}", std::env::var(name).unwrap_or_default())))
            .collect();
        envp.push(text("NODE_CHANNEL_FD=3"));
        envp.push(text("NODE_CHANNEL_SERIALIZATION_MODE=json"));
        envp.push(text(format!("NODE_APP_INSTANCE={}", start.slot)));
        if let Kind::Cluster { options, .. } = &kind {
            envp.push(text(format!("NODE_UNIQUE_ID={generation}")));
            if options.drain {
                let file = self.dir.path().join("a \\\"home\\\"/drain.cjs");
                envp.push(text(format!("NODE_OPTIONS=--require \"{}\"", file.display())));
            }
        }
        envp.extend(start.env.iter().map(|(name, value)| text(format!("{name}={value}"))));
        let null = rpm_sys::process::open_null().unwrap();
        let log = std::fs::File::create(self.dir.path().join(format!("{generation}.log"))).unwrap();
        let mut fds =
            vec![(null, 0), (log.try_clone().unwrap().into(), 1), (log.into(), 2), (theirs, 3)];
        fds.extend(start.fds);
        let program = Program::Path(path_text(&node()));
        let argv = vec![text("node"), path_text(&start.script)];
        let cwd = path_text(self.dir.path());
        let child = spawn(&Plan { cwd, fds, ..Plan::new(program, argv, envp) }).unwrap();
        child.outcome.wait().unwrap();
        self.channels.spawned(generation, child.pid);
        let run =
            Run { pid: child.pid, slot: start.slot, app: start.app.to_owned(), kind, channel };
        self.runs.insert(generation, run);
        generation
    }

    pub(crate) fn pids(&self) -> Vec<u64> {
        let mut pids: Vec<u64> = self.runs.values().map(|run| u64::from(run.pid)).collect();
        pids.sort_unstable();
        pids
    }

    pub(crate) fn log(&self, run: Generation) -> String {
        std::fs::read_to_string(self.dir.path().join(format!("{run}.log"))).unwrap()
    }

    /// Waits for news of a run: `up`, `listening`, `ready`, `disconnected`, or a message.
    pub(crate) fn await_told(&mut self, run: Generation, what: &str) {
        let begun = Instant::now();
        loop {
            if let Some(place) = self.told.iter().position(|own| own.0 == run && own.1 == what) {
                self.told.remove(place);
                return;
            }
            let heard = self.hear(PATIENCE.saturating_sub(begun.elapsed()));
            assert!(heard, "run {run} never said {what}; {:?}\n{}", self.told, self.log(run));
        }
    }

    /// Waits until something is so.
    pub(crate) fn eventually(&mut self, what: &str, mut check: impl FnMut(&mut Self) -> bool) {
        let begun = Instant::now();
        while !check(self) {
            assert!(begun.elapsed() < PATIENCE, "never: {what}; {:?}", self.told);
            self.hear(Duration::from_millis(10));
        }
    }

    /// Takes one piece of news; `false` when none came in time.
    fn hear(&mut self, patience: Duration) -> bool {
        let event = match self.news.recv_timeout(patience) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => return false,
            Err(RecvTimeoutError::Disconnected) => panic!("the thread is gone"),
        };
        match event {
            ChannelEvent::Up(run) => self.told.push((run, "up".to_owned())),
            ChannelEvent::Listening(run) => self.told.push((run, "listening".to_owned())),
            ChannelEvent::Ready(run) => self.told.push((run, "ready".to_owned())),
            ChannelEvent::Disconnected(run) => self.told.push((run, "disconnected".to_owned())),
            ChannelEvent::Message(run, text) => self.told.push((run, text)),
            ChannelEvent::Hold { key, fd } => {
                assert!(key >= 1 << 32);
                assert!(self.held.insert(key, fd).is_none());
            }
            ChannelEvent::Release { key } => assert!(self.held.remove(&key).is_some()),
            ChannelEvent::AppClosed => {}
            ChannelEvent::Records(records) => self.records = records,
            ChannelEvent::Confirm(done) => done.send(()).unwrap(),
        }
        true
    }

    /// The names of the listening sockets that are held.
    pub(crate) fn held_keys(&self) -> Vec<u64> {
        self.held.keys().copied().collect()
    }

    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    /// Reaps a run that ends or is to be ended, and tells the thread.
    pub(crate) fn end(&mut self, run: Generation, signal: Option<i32>) -> std::process::ExitStatus {
        let pid = self.runs[&run].pid;
        if let Some(signal) = signal {
            kill(pid, signal);
        }
        let status = reap(pid);
        self.runs.remove(&run);
        self.channels.gone(run);
        status
    }

    /// Replaces a run: starts another, waits for it, drains the old one and waits for its end.
    pub(crate) fn replace(&mut self, old: Generation, start: Start<'_>) -> Generation {
        let new = self.spawn(start);
        self.await_told(new, "ready");
        self.channels.drain(old);
        self.await_told(old, "disconnected");
        self.end(old, None);
        new
    }

    /// Another thread takes over, as if the supervisor had died and its keeper had started one.
    pub(crate) fn take_over(&mut self) {
        self.take_over_with(None);
    }

    /// The same, and the predecessor has left something in its safe.
    pub(crate) fn take_over_with(&mut self, safe: Option<Safe>) {
        // The records follow their cause within a moment.
        let settled = Instant::now();
        while settled.elapsed() < Duration::from_millis(100) {
            self.hear(Duration::from_millis(10));
        }
        let (channels, news) = thread(safe);
        (self.channels, self.news) = (channels, news);
        let worker = |(generation, run): (&Generation, &Run)| WorkerSpec {
            generation: *generation,
            proc: ProcId(run.slot),
            app: run.app.clone(),
            slot: run.slot,
            channel: run.channel.try_clone().unwrap(),
            pid: run.pid,
            kind: run.kind.clone(),
        };
        let listeners = self.held.iter().map(|(key, fd)| (*key, fd.try_clone().unwrap()));
        self.channels.restore(Inventory {
            records: self.records.clone(),
            listeners: listeners.collect(),
            workers: self.runs.iter().map(worker).collect(),
        });
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for run in self.runs.values() {
            kill(run.pid, 9);
            reap(run.pid);
        }
    }
}

fn thread(safe: Option<Safe>) -> (Channels, Receiver<ChannelEvent>) {
    let (events, mut inbox) = tokio::sync::mpsc::channel(256);
    let (forward, news) = channel();
    std::thread::spawn(move || {
        while let Some(event) = inbox.blocking_recv() {
            if forward.send(event).is_err() {
                return;
            }
        }
    });
    (Channels::start(events, safe).unwrap(), news)
}

pub(crate) fn kill(pid: u32, signal: i32) {
    let pidfd = rpm_sys::pidfd::open(pid).unwrap();
    rpm_sys::pidfd::send_signal(&pidfd, signal).unwrap();
}

fn reap(pid: u32) -> std::process::ExitStatus {
    use std::os::unix::process::ExitStatusExt;
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap());
    match nix::sys::wait::waitpid(pid, None).unwrap() {
        nix::sys::wait::WaitStatus::Exited(_, code) => {
            std::process::ExitStatus::from_raw(code << 8)
        }
        nix::sys::wait::WaitStatus::Signaled(_, signal, _) => {
            std::process::ExitStatus::from_raw(signal as i32)
        }
        other => panic!("{other:?}"),
    }
}
