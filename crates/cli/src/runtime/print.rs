//! What the apps print, on the standard output of the first process.
//!
//! A stream that has a file of its own, with what was written and nothing else, is read from it: each
//! line is there once, however often the supervisor is killed. All others are followed. Of these,
//! what comes between the death of a supervisor and the moment in which the next one is followed is
//! not printed, nor is what the dead one had taken from its pipe and not handed on.

use super::lost;
use super::tail::{Before, Tail};
use crate::connect;
use crate::home::Home;
use crate::logs::line::{Origin, Shaper};
use crate::outcome::Stop;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::AppSpec;
use rpm_core::spec::LogTarget;
use rpm_pm2::names;
use rpm_proto::{Client, ProcessView, Reply, Request, Stream};
use rpm_sys::inotify::Inotify;
use rpm_sys::poll;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What is left of the output is waited for so long.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Logs are looked at as often, in ms, though nothing is heard of them.
const LOOK_MS: u64 = 1000;

/// Prints what the apps print.
pub(crate) struct Print {
    files: Files,
    ended: Receiver<()>,
}

impl Print {
    /// Begins to. `apps` are about to be started.
    pub(crate) fn begin(home: &Home, shaper: &Shaper, apps: &[AppSpec]) -> Result<Self, Stop> {
        let files = Files::of(home, shaper, apps)?;
        let mut client = following(home)?.ok_or_else(lost)?;
        let (home, mut shaper, read) = (home.clone(), shaper.clone(), files.streams.clone());
        let (sender, ended) = channel();
        thread::spawn(move || {
            // Dropped at the end, which is the news.
            let _ended: Sender<()> = sender;
            loop {
                while let Ok(reply) = client.next() {
                    let Reply::Log(line) = reply else {
                        continue;
                    };
                    if !read.contains(&(line.name.clone(), line.stream)) {
                        let origin =
                            Origin { proc: Some(line.proc), name: &line.name, stream: line.stream };
                        print(&mut shaper, origin, Some(line.at), &line.bytes);
                    }
                }
                match following(&home) {
                    Ok(Some(next)) => client = next,
                    Ok(None) | Err(_) => return,
                }
            }
        });
        Ok(Self { files, ended })
    }

    /// There are these instances now.
    pub(crate) fn see(&mut self, views: &[ProcessView]) {
        for view in views {
            self.files.see(view);
        }
    }

    /// Waits until all of it is printed. The daemon has ended, or what it runs is somebody else's.
    pub(crate) fn join(self) {
        // Both answers mean that there is nothing more to wait for.
        self.ended.recv_timeout(LAST_WORDS).ok();
        self.files.end();
    }
}

fn following(home: &Home) -> Result<Option<Client>, Stop> {
    let Some(mut client) = connect::to_running(home)? else {
        return Ok(None);
    };
    client.send(&Request::Follow { target: None, out: true, err: true })?;
    Ok(Some(client))
}

/// The streams that are read from files.
struct Files {
    home: Home,
    shaper: Shaper,
    apps: Vec<AppSpec>,
    streams: BTreeSet<(String, Stream)>,
    before: Before,
    seen: BTreeSet<u32>,
    paths: BTreeSet<Utf8PathBuf>,
    sources: Sources,
    changes: Arc<Inotify>,
}

type Sources = Arc<Mutex<Vec<Source>>>;

struct Source {
    proc: u32,
    name: String,
    stream: Stream,
    tail: Tail,
    shaper: Shaper,
}

impl Files {
    /// Looks at what there is before the apps are started.
    fn of(home: &Home, shaper: &Shaper, apps: &[AppSpec]) -> Result<Self, Stop> {
        let (mut before, mut streams) = (Before::default(), BTreeSet::new());
        for app in apps {
            for (stream, target) in streams_of(app) {
                let path = home.logs().join(target);
                // A pipe or a terminal cannot be read.
                let is_special = path.metadata().is_ok_and(|meta| !meta.is_file());
                if let (Some(folder), Some(stem), false) =
                    (path.parent(), path.file_stem(), is_special)
                {
                    before.look(folder.as_std_path(), stem);
                    streams.insert((app.name.clone(), stream));
                }
            }
        }
        let changes = Arc::new(Inotify::new()?);
        let sources = Sources::default();
        if !streams.is_empty() {
            let (changes, sources) = (Arc::clone(&changes), Arc::clone(&sources));
            thread::spawn(move || read_all(&changes, &sources));
        }
        let (home, shaper, apps) = (home.clone(), shaper.clone(), apps.to_vec());
        let (seen, paths) = (BTreeSet::new(), BTreeSet::new());
        Ok(Self { home, shaper, apps, streams, before, seen, paths, sources, changes })
    }

    /// Reads the files of an instance from now on, unless it does already.
    fn see(&mut self, view: &ProcessView) {
        let Some(app) = self.apps.iter().find(|app| app.name == view.name) else {
            return;
        };
        if !self.seen.insert(view.id) {
            return;
        }
        // Where its number is kept is of no interest.
        let paths = names::paths(app, view.id, &self.home.logs(), self.home.path());
        for (stream, path) in [(Stream::Out, paths.out), (Stream::Err, paths.err)] {
            let is_read = self.streams.contains(&(view.name.clone(), stream));
            let Some(path) = path.filter(|_| is_read) else {
                continue;
            };
            // Those of an app that was scaled may share one after all.
            if !self.paths.insert(path.clone()) {
                continue;
            }
            let tail = self.before.tail(path.as_std_path().to_owned());
            let (name, shaper) = (view.name.clone(), self.shaper.clone());
            let mut source = Source { proc: view.id, name, stream, tail, shaper };
            // First this, so that nothing is missed that is written after the first look.
            if let Some(folder) = path.parent() {
                self.watch(folder);
            }
            source.read();
            lock(&self.sources).push(source);
        }
    }

    fn watch(&self, folder: &Utf8Path) {
        // The daemon makes it too; whoever is first.
        let watched =
            std::fs::create_dir_all(folder).and_then(|()| self.changes.add(folder.as_std_path()));
        if let Err(error) = watched {
            complain(&format!("the logs in {folder} are printed late: {error}"));
        }
    }

    fn end(self) {
        for source in lock(&self.sources).iter_mut() {
            source.read();
            source.end();
        }
    }
}

/// The streams of an app that have files of their own, with what was written and nothing else.
fn streams_of(app: &AppSpec) -> Vec<(Stream, &Utf8Path)> {
    let logs = &app.logs;
    let is_plain = !logs.json && logs.date_format.is_none() && !logs.disabled;
    // One that instances share does not tell whose a line is.
    let is_own = logs.out != logs.err && (!logs.merge || app.instances <= 1);
    let mut streams = Vec::new();
    for (stream, target) in [(Stream::Out, &logs.out), (Stream::Err, &logs.err)] {
        if let LogTarget::File(path) = target
            && is_plain
            && is_own
        {
            streams.push((stream, path.as_path()));
        }
    }
    streams
}

/// The thread that reads; it ends with the process.
fn read_all(changes: &Inotify, sources: &Sources) {
    // Where a folder cannot be watched, a look now and then has to do.
    while poll::wait_for(changes, false, Some(LOOK_MS)).is_ok() {
        if changes.read().is_err() {
            return;
        }
        for source in lock(sources).iter_mut() {
            source.read();
        }
    }
}

impl Source {
    fn read(&mut self) {
        let Self { proc, name, stream, tail, shaper } = self;
        let origin = Origin { proc: Some(*proc), name, stream: *stream };
        let at = rpm_proto::now();
        if let Err(error) = tail.read(&mut |line| print(shaper, origin, Some(at), line)) {
            complain(&format!("reading a log of {name} failed: {error}"));
        }
    }

    fn end(&mut self) {
        let Self { proc, name, stream, tail, shaper } = self;
        let origin = Origin { proc: Some(*proc), name, stream: *stream };
        tail.end(&mut |line| print(shaper, origin, Some(rpm_proto::now()), line));
    }
}

/// Nobody panics while holding it.
fn lock(sources: &Sources) -> MutexGuard<'_, Vec<Source>> {
    sources.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nobody may read it any more: the apps go on all the same.
fn print(shaper: &mut Shaper, origin: Origin<'_>, at: Option<i64>, line: &[u8]) {
    let shown = shaper.shape(origin, at, line);
    if origin.stream == Stream::Err && shaper.is_raw() {
        io::stderr().write_all(&shown).ok();
        return;
    }
    let mut out = io::stdout().lock();
    out.write_all(&shown).and_then(|()| out.flush()).ok();
}

fn complain(what: &str) {
    writeln!(io::stderr(), "[rpm] {what}").ok();
}
