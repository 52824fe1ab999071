//! The supervisor's shell: one loop that joins the core with the world.
//!
//! [`run`] is the table of contents. The core decides ([`rpm_core::Supervisor`]), the
//! `driver` feeds it, and `perform` carries out what it asks for. Log files and Node channels
//! belong to threads of their own, so that neither a slow disk nor a million connections delay a
//! decision.
//!
//! This crate does not know what a user typed, and prints nothing.

mod alerts;
mod allowance;
mod answer;
mod bus;
pub mod channels;
mod chronicle;
mod clock;
mod closing;
mod confine;
mod cron;
mod driver;
mod dump;
mod farewell;
mod gather;
mod happenings;
mod held;
mod history;
pub mod home;
mod inquiry;
mod keeper;
mod launch;
mod log_bytes;
pub mod logs;
mod machine;
mod news;
mod notes;
mod observe;
mod own_log;
pub mod past;
mod perform;
mod provenance;
mod rebirth;
mod recover;
mod report;
mod requests;
mod rotation;
mod sample;
mod server;
mod start;
mod store;
mod survivors;
mod sweep;
mod table;
mod talk;
mod told;
mod unended;
mod update;
mod view;
mod watching;
mod world;

pub use update::{Abilities, QUESTION};

use crate::channels::Safe;
use crate::chronicle::{By, Chronicle};
use crate::driver::{Ask, Driver, Inlets, Signals};
use crate::history::History;
use crate::home::{Home, HomeError};
use crate::keeper::KeeperEnd;
use crate::notes::Notes;
use crate::notes::users::Users;
use crate::past::{Past, PastError};
use crate::provenance::Inquiries;
use crate::rebirth::Keeper;
use crate::server::pm2::Sockets;
use crate::server::{Doors, Entrances, ListenError};
use crate::store::Store;
use crate::watching::Watching;
use crate::world::{CLIENTS_KEY, OurSockets, Over, World, tag};
use camino::{Utf8Path, Utf8PathBuf};
use interprocess::local_socket::tokio::Listener;
use rpm_keeper::link::Link;
use rpm_keeper::wire::ToKeeper;
use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use tokio::sync::{broadcast, mpsc};

/// Requests of clients that wait for the owner of the table; more wait in their sessions.
const ASKS: usize = 256;
/// News of the threads that wait for the owner of the table; the threads wait when it is full.
const NEWS: usize = 4096;
/// Happenings that a slow listener may be behind; then it is told what it missed.
const NOTICES: usize = 1024;

/// Why the supervisor cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its home cannot be used.
    #[error("the home cannot be used")]
    Home(#[from] HomeError),
    /// The keeper did not hand over what it holds.
    #[error("the keeper cannot be heard")]
    Keeper(#[source] io::Error),
    /// What the last life left cannot be gone on with.
    #[error("the last life cannot be taken up")]
    Past(#[from] PastError),
    /// Clients cannot connect.
    #[error("clients cannot connect")]
    Listen(#[from] ListenError),
    /// A thread has ended by itself; the keeper starts a successor, which has it again.
    #[error("the {thread} thread has ended")]
    Thread {
        /// Which.
        thread: &'static str,
    },
    /// Something that every program needs was refused.
    #[error("{what} failed")]
    System {
        /// What.
        what: &'static str,
        /// The system's word.
        #[source]
        source: io::Error,
    },
}

/// Runs the supervisor of `home` until it is told to end. To be called by a process that a keeper has
/// started, before anything else opens descriptors.
pub fn run(home: &Utf8Path) -> Result<(), RunError> {
    rpm_sys::limits::spare_memory();
    let link = Link::inherited().map_err(RunError::Keeper)?;
    let home = Home::prepare(home)?;
    let _log = own_log::begin(home.log()).map_err(system("starting the thread that logs"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(system("starting the runtime"))?;
    tokio::task::LocalSet::new().block_on(&runtime, supervise(home, link))
}

async fn supervise(home: Home, mut link: Link) -> Result<(), RunError> {
    let mut estate = recover::greet(&mut link).map_err(RunError::Keeper)?;
    let (notices, _) = broadcast::channel(NOTICES);
    let (asks, asked) = mpsc::channel(ASKS);
    let (channel_news, channels_told) = mpsc::channel(NEWS);
    let (log_news, logs_told) = mpsc::channel(NEWS);
    let (watching, files_told) = Watching::new(NEWS);
    let (inquiries, answers) = Inquiries::new().map_err(system("making a pipe"))?;
    let (users, users_said) = Users::new();
    let (swept, swept_told) = mpsc::channel(NEWS);
    let (busy, mut all_told) = mpsc::channel(1);

    // Before there are threads: it makes a process that has what we have now.
    let (channels, mut held) = start_channels(channel_news, estate.safe.take())?;
    let logs = start_logs(&home, log_news)?;
    write_assets(&home)?;
    let (entrances, notes, duplicates) = open_entrances(&home, &mut estate)?;
    held.extend(duplicates);
    let inlets = Inlets {
        keeper: watch(&link).map_err(system("watching the keeper"))?,
        channels: channels_told,
        logs: logs_told,
        files: files_told,
        swept: swept_told,
        answers,
        users: users_said,
        notes,
        asks: asked,
        signals: Signals::watch().map_err(system("watching signals"))?,
    };
    let mark = mark(&home);
    let (Past { table, journal, .. }, taken_up) =
        survivors::past(&home, &mark, &mut estate).await?;
    let store = Store::start(journal).map_err(system("starting the writing thread"))?;
    let (mut supervisor, mut asked_again) = (table.supervisor, Vec::new());
    let (newest, runs) = (estate.newest(), estate.held(supervisor.next_generation()));
    supervisor.after_restore(clock::now(), newest, &runs, &mut asked_again);
    let ends = (link, Keeper::of_process().map_err(system("opening this program"))?);
    let history = History::start(&home).map_err(system("starting the history"))?;
    let threads = (logs.clone(), channels, store.clone(), history);
    let kept = (table.ledger, table.births, table.provenance);
    let later = (swept, inquiries, users);
    let chronicle =
        Chronicle::open(&home).map_err(system("starting the thread that writes events"))?;
    let told = (notices, chronicle);
    let mut world = World::new(home.clone(), mark, ends, threads, told, later, kept);
    let (for_pm2, notes) = (entrances.for_pm2.is_some(), inlets.notes.is_open());
    world.sockets = OurSockets { notes, for_pm2 };
    world.hold(CLIENTS_KEY, held);
    world.predecessors = estate.predecessors;
    let events = world.take_over(&supervisor, estate);
    world.take_up(taken_up);
    world.link.send(ToKeeper::Ready);
    update::lead_keeper(&mut world.link);
    store.pid_file(home.pid_file(), Some(std::process::id()));
    world.say_begun();
    rpm_sys::text::give_back().ok(); // Refused, it only costs memory.
    let succeeded = Rc::new(Cell::new(false));
    let doors = doors(&world, asks, Rc::clone(&succeeded), busy.downgrade());
    let serving = tokio::task::spawn_local(server::serve(entrances, doors));
    let mut driver = Driver::new(supervisor, world, watching).map_err(system("making an alarm"))?;
    driver.resume(asked_again, events);
    let mut world = driver.run(inlets).await;
    succeeded.set(matches!(world.over, Some(Over::Replaced | Over::Broken(_))));
    serving.abort();
    farewell::settle(&mut world, busy, &mut all_told).await;
    world.say_ended();
    leave(&home, world)
}

/// What sessions need of this daemon.
fn doors(
    world: &World,
    asks: mpsc::Sender<Ask>,
    succeeded: Rc<Cell<bool>>,
    busy: mpsc::WeakSender<Infallible>,
) -> Doors {
    Doors {
        asks,
        notices: world.notices.clone(),
        bus: world.bus.clone(),
        by: By::default(),
        chronicle: world.chronicle.clone(),
        logs: world.logs.clone(),
        succeeded,
        leave: Rc::default(),
        figures: world.clients.clone(),
        busy,
    }
}

/// Ends as the reason for it asks. Only a meant end takes away what a successor would need.
fn leave(home: &Home, mut world: World) -> Result<(), RunError> {
    tracing::debug!(journal = ?world.store.figures(), "ending");
    world.history.close();
    match world.over {
        Some(Over::Broken(thread)) => return Err(RunError::Thread { thread }),
        // Everything belongs to others by now.
        Some(Over::Superseded) => {}
        // It is not told of a clean end, so it starts the next one.
        Some(Over::Replaced) => {
            farewell::say_all(&mut world.link).map_err(RunError::Keeper)?;
            tracing::info!("handing over to another version");
        }
        Some(Over::Stopped) | None => {
            remove(&[home.socket(), home.pid_file(), home.journal(), home.unended()]);
            remove(&[home.rotation(), home.no_history()]);
            // Those of another daemon stay.
            if world.sockets.for_pm2 {
                remove(&[home.rpc_socket(), home.pub_socket()]);
            }
            remove(&world.users.files());
            world.channels.dismiss_guard();
            world.inquiries.close();
            world.link.send(ToKeeper::Stop);
            farewell::say_all(&mut world.link).map_err(RunError::Keeper)?;
            tracing::info!("all is stopped; ending");
        }
    }
    Ok(())
}

fn remove(paths: &[Utf8PathBuf]) {
    for path in paths {
        if let Err(error) = rpm_sys::files::remove(path.as_std_path()) {
            tracing::warn!(%path, %error, "could not remove it");
        }
    }
}

/// Descriptors for the keeper, with their tags.
type Tagged = Vec<(OwnedFd, u32)>;

/// The sockets of clients and of programs, and duplicates for the keeper to hold.
fn open_entrances(
    home: &Home,
    estate: &mut recover::Estate,
) -> Result<(Entrances, Notes, Tagged), RunError> {
    let listener = match estate.clients.take() {
        Some(fd) => server::inherit(fd).map_err(system("taking over the clients' socket"))?,
        None => server::listen(home)?,
    };
    let held = match &listener {
        Listener::UdSocket(socket) => socket.as_fd().try_clone_to_owned(),
    };
    let held = held.map_err(system("keeping the clients' socket"))?;
    let for_pm2 = Sockets::open(home, (estate.rpc.take(), estate.bus.take()));
    let mut duplicates = duplicates(for_pm2.as_ref());
    duplicates.push((held, tag::LISTENER));
    let (notes, held) = Notes::open(home, estate.notify.take());
    duplicates.extend(held.map(|held| (held, tag::NOTIFY)));
    Ok((Entrances { listener, for_pm2 }, notes, duplicates))
}

/// The sockets of PM2's clients, for the keeper to hold.
fn duplicates(sockets: Option<&Sockets>) -> Vec<(OwnedFd, u32)> {
    match sockets.map(Sockets::duplicates).transpose() {
        Ok(Some((rpc, news))) => vec![(rpc, tag::RPC_LISTENER), (news, tag::PUB_LISTENER)],
        Ok(None) => Vec::new(),
        Err(error) => {
            tracing::warn!(%error, "PM2's clients would not find a successor");
            Vec::new()
        }
    }
}

fn start_logs(home: &Home, news: mpsc::Sender<logs::LogEvent>) -> Result<logs::Logs, RunError> {
    let logs = logs::Logs::start(news).map_err(system("starting the log thread"))?;
    logs.rotate(rotation::load(home));
    Ok(logs)
}

fn start_channels(
    news: mpsc::Sender<channels::ChannelEvent>,
    inherited: Option<Safe>,
) -> Result<(channels::Channels, Vec<(OwnedFd, u32)>), RunError> {
    let (safe, held) = open_safe(inherited);
    let channels =
        channels::Channels::start(news, safe).map_err(system("starting the channel thread"))?;
    Ok((channels, held))
}

/// Where connections wait that we do not live to hand on, with a duplicate for the keeper to hold.
/// Without it they would be lost.
fn open_safe(inherited: Option<Safe>) -> (Option<Safe>, Vec<(OwnedFd, u32)>) {
    let safe = inherited.map_or_else(Safe::new, Ok);
    match safe.and_then(|safe| Ok((safe.try_clone()?, safe))) {
        Ok((held, safe)) => {
            let held = vec![(held.inlet, tag::SAFE_INLET), (held.outlet, tag::SAFE_OUTLET)];
            (Some(safe), held)
        }
        Err(error) => {
            tracing::warn!(%error, "connections cannot be saved for a successor");
            (None, Vec::new())
        }
    }
}

fn watch(link: &Link) -> io::Result<KeeperEnd> {
    link.as_fd().try_clone_to_owned().and_then(KeeperEnd::new)
}

/// Writes what apps load at their start.
fn write_assets(home: &Home) -> Result<(), RunError> {
    let preloads = [
        (home.drain_preload(), rpm_node::DRAIN_PRELOAD),
        (home.metrics_preload(), rpm_node::METRICS_PRELOAD),
    ];
    for (path, wanted) in preloads {
        if std::fs::read(&path).is_ok_and(|found| found == wanted.as_bytes()) {
            continue;
        }
        store::replace(&path, wanted.as_bytes()).map_err(system("writing what apps load"))?;
    }
    Ok(())
}

/// Tells processes of this home from those of another: a hash of its path (FNV-1a).
fn mark(home: &Home) -> String {
    let hash = home.root().as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn system(what: &'static str) -> impl Fn(io::Error) -> RunError {
    move |source| RunError::System { what, source }
}
