//! A process becomes the keeper of a home.

use crate::adopt::{self, ORPHAN_VARIABLE};
use crate::aside;
use crate::childrens::{CHILDRENS_VARIABLE, Childrens, protect};
use crate::keeper::{Keeper, Over};
use crate::life::{Life, Orphan, Recipe};
use crate::lock::Lock;
use crate::notify::{self, Notify};
use crate::outbox::Outbox;
use crate::renew;
use crate::say::say;
use crate::start::{READY_VARIABLE, entries};
use crate::wire::PACKET_MAX;
use rpm_sys::signals::{Signals, ignore_broken_pipe};
use rpm_sys::{clock, limits, process};
use std::ffi::{CString, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// So long the last words may wait for a disk.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The name of the process.
const NAME: &str = "rpm keeper";
/// The file in the home that is locked.
const LOCK_FILE: &str = "keeper.lock";
/// The file in the home that takes what the keeper and the supervisor say.
const LOG_FILE: &str = "rpm.log";

/// What a keeper is to be told.
#[derive(Debug)]
pub struct Options {
    /// The folder of the home.
    pub home: PathBuf,
    /// The supervisor's arguments, the first being its name. It is the binary that runs here.
    pub supervisor: Vec<OsString>,
    /// Gets one byte when the first supervisor is ready, and is closed at the end.
    pub ready: Option<OwnedFd>,
    /// There is a supervisor already, which has started this keeper.
    orphan: Option<Orphan>,
}

/// How a keeper ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to.
    Stopped,
    /// Another keeper has this home, and its supervisor is ready.
    AlreadyRunning,
    /// No supervisor ever became ready; nothing runs.
    NeverReady,
}

/// Why a process cannot become a keeper.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file of the home.
    #[error("{} cannot be used", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A step of the set-up.
    #[error("{step} failed")]
    Step {
        /// Which.
        step: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Options {
    /// A keeper of `home` as [`start`](crate::start()) starts it: its supervisor is
    /// `rpm daemon --home HOME`.
    pub fn new(home: &Path) -> Self {
        let supervisor = ["rpm".into(), "daemon".into(), "--home".into(), home.into()];
        let ready = std::env::var(READY_VARIABLE).ok().and_then(|fd| fd.parse().ok());
        let ready = ready.and_then(|fd| process::inherited(fd).ok());
        let orphan = adopt::inherited();
        Self { home: home.to_owned(), supervisor: supervisor.into(), ready, orphan }
    }
}

impl End {
    /// The status for the process to exit with.
    pub fn code(self) -> u8 {
        match self {
            Self::Stopped => 0,
            Self::NeverReady => 1,
            // EEXIST.
            Self::AlreadyRunning => 17,
        }
    }

    pub(crate) fn from_code(code: i32) -> Option<Self> {
        let all = [Self::Stopped, Self::NeverReady, Self::AlreadyRunning];
        all.into_iter().find(|end| i32::from(end.code()) == code)
    }
}

/// Is the keeper of a home until that is asked to stop. To be called before anything else: there
/// must be no other thread.
pub fn run(options: Options) -> Result<End, RunError> {
    limits::spare_memory();
    let step = |step| move |source| RunError::Step { step, source };
    if let Some(legacy) = renew::legacy().map_err(step("reading the state of a keeper"))? {
        let signals = Signals::all().map_err(step("blocking signals"))?;
        process::set_name(NAME).ok();
        let cut = || step("taking over as another version")(io::ErrorKind::InvalidData.into());
        return Ok(be(Keeper::inherit(&legacy, signals).ok_or_else(cut)?));
    }
    let home = &options.home;
    let path = home.join(LOCK_FILE);
    let take = if options.orphan.is_some() { Lock::take_over } else { Lock::take };
    let lock = take(&path).map_err(|source| RunError::File { path, source })?;
    let Some(lock) = lock else {
        // A service manager that started us watches over that one.
        if let Some((notify, keeper)) = Notify::inherited().zip(Lock::owner(&home.join(LOCK_FILE)))
        {
            notify.ready_is(keeper);
        }
        return Ok(End::AlreadyRunning);
    };
    let log = if options.orphan.is_some() {
        // A disk that hangs keeps nobody from being adopted.
        io::stderr().as_fd().try_clone_to_owned()
    } else {
        open_log(&home.join(LOG_FILE))
    };
    let path = home.join(LOG_FILE);
    let log = log.map_err(|source| RunError::File { path, source })?;
    Ok(be(set_up(options, lock, log)?))
}

fn be(mut keeper: Keeper) -> End {
    // Refused, it only costs memory.
    rpm_sys::text::give_back().ok();
    aside::begin();
    let end = match keeper.run() {
        Over::Stopped => {
            keeper.end_all();
            End::Stopped
        }
        Over::NeverReady => {
            say(format_args!("no supervisor became ready; giving up"));
            End::NeverReady
        }
    };
    aside::finish(LAST_WORDS);
    end
}

fn open_log(path: &Path) -> io::Result<OwnedFd> {
    Ok(OpenOptions::new().append(true).create(true).mode(0o600).open(path)?.into())
}

fn set_up(options: Options, lock: Lock, log: OwnedFd) -> Result<Keeper, RunError> {
    let step = |step| move |source| RunError::Step { step, source };
    process::start_session().map_err(step("starting a session"))?;
    process::leave_directory().map_err(step("leaving the directory"))?;
    process::become_subreaper().map_err(step("becoming the parent of orphans"))?;
    ignore_broken_pipe().map_err(step("ignoring a signal"))?;
    let signals = Signals::all().map_err(step("blocking signals"))?;
    let childrens = Childrens::of_us().map_err(step("raising the limit of descriptors"))?;
    let recipe = recipe(&options, log, childrens).map_err(step("preparing the supervisor"))?;
    process::redirect(&recipe.null, &recipe.log).map_err(step("redirecting output"))?;
    protect();
    // A name is for people.
    process::set_name(NAME).ok();
    let life = match options.orphan {
        Some(orphan) => Life::adopted(recipe, orphan, clock::monotonic_ms()),
        None => Life::new(recipe),
    };
    Ok(Keeper {
        bag: crate::bag::Bag::default(),
        life,
        outbox: Outbox::default(),
        signals,
        lock,
        ready: options.ready.map(File::from),
        childrens,
        buffer: vec![0; PACKET_MAX + 1],
        bad_frames: 0,
        is_stopping: false,
        is_over: false,
        renewal: None,
        notify: Notify::inherited(),
        short_until_ms: None,
    })
}

fn recipe(options: &Options, log: OwnedFd, childrens: Childrens) -> io::Result<Recipe> {
    let argv = options.supervisor.iter().map(|arg| CString::new(arg.as_bytes()));
    let ours = [READY_VARIABLE, ORPHAN_VARIABLE, CHILDRENS_VARIABLE];
    let environment =
        std::env::vars_os().filter(|(name, _)| !ours.iter().any(|variable| name == variable));
    let environment = notify::for_supervisor(environment);
    let told = (CHILDRENS_VARIABLE.into(), childrens.to_string().into());
    Ok(Recipe {
        binary: process::open_self()?,
        argv: argv.collect::<Result<_, _>>()?,
        envp: entries(environment.chain([told]))?,
        null: process::open_null()?,
        log,
    })
}
