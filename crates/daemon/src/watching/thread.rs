//! The thread that watches files: walking folders can take long where a disk is slow.

use super::glance::Glance;
use super::sight::Sight;
use super::tree::{Overflow, Tree};
use super::{Plan, WatchNews, words};
use crate::clock;
use rpm_core::Mono;
use rpm_sys::poller::{Interest, Poller, Ready, Waker};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

const WAKER: u64 = 0;
const INOTIFY: u64 = 1;

/// What is to be watched, until the thread takes it: a newer wish takes the place of an older one.
type Wish = Arc<Mutex<Option<Vec<Plan>>>>;

/// A handle to the thread, which goes on as long as this process.
#[derive(Debug)]
pub(super) struct Watcher {
    wish: Wish,
    waker: Waker,
}

impl Watcher {
    /// Starts the thread.
    pub(super) fn start(news: mpsc::Sender<WatchNews>) -> io::Result<Self> {
        let (wish, waker) = (Wish::default(), Waker::new()?);
        let thread = Thread::new(wish.clone(), waker.clone(), news)?;
        std::thread::Builder::new().name("watch".to_owned()).spawn(move || thread.run())?;
        Ok(Self { wish, waker })
    }

    /// Watches this from now on, and nothing else.
    pub(super) fn wish(&self, plans: Vec<Plan>) {
        *self.wish.lock().unwrap_or_else(PoisonError::into_inner) = Some(plans);
        self.waker.wake();
    }
}

struct Thread {
    wish: Wish,
    waker: Waker,
    news: mpsc::Sender<WatchNews>,
    poller: Poller,
    tree: Tree,
    sights: BTreeMap<String, Sight>,
    glances: BTreeMap<String, Looking>,
}

/// An app whose files are looked at from time to time.
struct Looking {
    last: Glance,
    next: Mono,
    each_ms: u64,
}

impl Thread {
    fn new(wish: Wish, waker: Waker, news: mpsc::Sender<WatchNews>) -> io::Result<Self> {
        let (poller, tree) = (Poller::new()?, Tree::new()?);
        poller.add(waker.fd(), WAKER, Interest::Read)?;
        poller.add(tree.inotify().as_fd(), INOTIFY, Interest::Read)?;
        let (sights, glances) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { wish, waker, news, poller, tree, sights, glances })
    }

    fn run(mut self) {
        let mut ready: Vec<Ready> = Vec::new();
        while !self.news.is_closed() {
            let due = self.glances.values().map(|looking| looking.next).min();
            let timeout = due.map(|due| Duration::from_millis(due.since(clock::now().mono)));
            if let Err(error) = self.poller.wait(&mut ready, timeout) {
                tracing::error!(%error, "files cannot be watched any more");
                return;
            }
            self.waker.clear();
            let wish = self.wish.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(plans) = wish {
                self.follow_wish(plans);
            }
            if ready.iter().any(|it| it.token == INOTIFY) {
                self.hear();
            }
            self.look();
        }
    }

    fn follow_wish(&mut self, plans: Vec<Plan>) {
        let mut wanted: BTreeMap<String, Plan> =
            plans.into_iter().map(|plan| (plan.key(), plan)).collect();
        let same = |(key, sight): (&String, &Sight)| wanted.get(key) == Some(&sight.plan);
        let gone: Vec<String> =
            self.sights.iter().filter(|it| !same(*it)).map(|(key, _)| key.clone()).collect();
        for key in gone {
            self.tree.uproot(&key);
            self.sights.remove(&key);
            self.glances.remove(&key);
        }
        wanted.retain(|key, _| !self.sights.contains_key(key));
        for (key, plan) in wanted {
            self.begin(key, Sight::of(plan));
        }
    }

    fn begin(&mut self, key: String, sight: Sight) {
        let app = sight.plan.app.clone();
        let news = if let Some(each_ms) = sight.plan.options.poll_ms {
            let (last, next) = (Glance::at(&sight), clock::now().mono.after(each_ms));
            self.glances.insert(key.clone(), Looking { last, next, each_ms });
            WatchNews::Begun { app, folders: 0 }
        } else {
            match self.tree.plant(&sight) {
                Ok(()) => WatchNews::Begun { app, folders: self.tree.size(&key) },
                Err(error) => WatchNews::Trouble { app, why: words(&error) },
            }
        };
        self.sights.insert(key, sight);
        self.tell(news);
    }

    /// What the kernel has to tell. Of each app one file is told on: it is restarted once.
    fn hear(&mut self) {
        let mut changes: BTreeMap<String, String> = BTreeMap::new();
        let mut failures = BTreeMap::new();
        let sights = &self.sights;
        let told = self.tree.changes(
            |key| sights.get(key),
            &mut |key, path| {
                changes.entry(key.to_owned()).or_insert_with(|| shown(path));
            },
            &mut |key, error| {
                failures.insert(key.to_owned(), words(&error));
            },
        );
        if told == Err(Overflow) {
            tracing::warn!(
                "more files changed than the kernel could tell of; looking at all again"
            );
            for (key, sight) in
                self.sights.iter().filter(|(_, it)| it.plan.options.poll_ms.is_none())
            {
                self.tree.uproot(key);
                if let Err(error) = self.tree.plant(sight) {
                    failures.insert(key.clone(), words(&error));
                }
                changes.entry(key.clone()).or_insert_with(|| "more than can be told".to_owned());
            }
        }
        let app = |key: &String| self.sights.get(key).map(|sight| sight.plan.app.clone());
        let changes = changes
            .into_iter()
            .filter_map(|(key, path)| app(&key).map(|app| WatchNews::Changed { app, path }));
        let failures = failures
            .into_iter()
            .filter_map(|(key, why)| app(&key).map(|app| WatchNews::Trouble { app, why }));
        for news in changes.chain(failures).collect::<Vec<_>>() {
            self.tell(news);
        }
    }

    /// Looks at what is to be looked at by now.
    fn look(&mut self) {
        let now = clock::now().mono;
        let mut news = Vec::new();
        for (key, looking) in self.glances.iter_mut().filter(|(_, it)| it.next <= now) {
            let Some(sight) = self.sights.get(key) else {
                continue;
            };
            let this = Glance::at(sight);
            if let Some(path) = looking.last.difference(&this) {
                let app = sight.plan.app.clone();
                news.push(WatchNews::Changed { app, path: shown(&path) });
            }
            looking.last = this;
            looking.next = clock::now().mono.after(looking.each_ms);
        }
        for news in news {
            self.tell(news);
        }
    }

    /// Waits when many wait. Nobody listens any more only when the process ends.
    fn tell(&self, news: WatchNews) {
        self.news.blocking_send(news).ok();
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
