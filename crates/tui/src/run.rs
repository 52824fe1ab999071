//! The loop that joins the model with the terminal and the daemon.

use crate::client::Daemon;
use crate::model::{Effect, Event, Model};
use crate::terminal::Taken;
use crate::view::{self, Theme};
use camino::Utf8PathBuf;
use crossterm::event as input;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::{self, BufWriter, Stdout, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Between two drawings of what comes by itself: slow links and tired eyes.
const FRAME: Duration = Duration::from_millis(100);
/// Between two drawings of what a key does.
const QUICK: Duration = Duration::from_millis(15);
/// Times on the page grow older.
const TICK: Duration = Duration::from_secs(1);
/// Events that wait. Whoever has more waits.
const WAITING: usize = 256;
/// A terminal's cells are written together.
const BUFFER: usize = 64 * 1024;

/// How the page is shown.
#[derive(Clone, Debug)]
pub struct Options {
    /// The daemon's home.
    pub home: Utf8PathBuf,
    /// Whether there may be colours.
    pub colours: bool,
    /// Whether letters beyond ASCII can be shown.
    pub unicode: bool,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The terminal does not do what it is told.
    #[error("the terminal cannot be used")]
    Terminal(#[from] io::Error),
}

type Screen = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Shows the page until the user leaves it, or a signal ends it.
pub fn run(options: &Options) -> Result<(), Error> {
    let (news, events) = sync_channel(WAITING);
    let ended = listen(&news)?;
    let taken = Taken::take()?;
    let outcome = show(options, news, &events, &ended);
    drop(taken);
    Ok(outcome?)
}

fn show(
    options: &Options,
    news: SyncSender<Event>,
    events: &Receiver<Event>,
    ended: &AtomicBool,
) -> io::Result<()> {
    let theme = Theme { colours: options.colours, unicode: options.unicode };
    let writer = BufWriter::with_capacity(BUFFER, stdout());
    let mut screen = Terminal::new(CrosstermBackend::new(writer))?;
    let mut model = Model::new(screen.size()?, rpm_proto::now());
    model.zone = Some(TimeZone::system());
    read_keys(news.clone());
    let daemon = Daemon::watch(&options.home, news);
    draw(&mut screen, &model, theme)?;
    let mut drawn = Instant::now();
    let mut due = None;
    loop {
        let next = due.map_or(TICK, |due: Instant| due.saturating_duration_since(Instant::now()));
        let event = match events.recv_timeout(next) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => (due.is_none()).then_some(Event::Tick),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        if ended.load(Ordering::Relaxed) {
            return Ok(());
        }
        if let Some(event) = event {
            let is_resize = matches!(event, Event::Resize(_));
            let by_user = matches!(event, Event::Key(_) | Event::Mouse(_) | Event::Resize(_));
            if is_resize {
                screen.autoresize()?;
            }
            for effect in model.update(event, rpm_proto::now()) {
                match effect {
                    Effect::Quit => return Ok(()),
                    Effect::Refresh => daemon.refresh(),
                    Effect::Look(selection, name, ids) => daemon.look(selection, name, ids),
                    Effect::Know(selection, name, ids) => daemon.know(selection, name, ids),
                    Effect::Act(action) => daemon.act(action),
                }
            }
            let soon = drawn + if by_user { QUICK } else { FRAME };
            due = Some(due.map_or(soon, |due: Instant| due.min(soon)));
        }
        if due.is_some_and(|due| due <= Instant::now()) {
            draw(&mut screen, &model, theme)?;
            drawn = Instant::now();
            due = None;
        }
    }
}

fn draw(screen: &mut Screen, model: &Model, theme: Theme) -> io::Result<()> {
    screen.draw(|frame| view::draw(model, theme, frame)).map(drop)
}

/// Reads keys, the mouse and changes of size.
fn read_keys(news: SyncSender<Event>) {
    thread::spawn(move || {
        while let Ok(event) = input::read() {
            let event = match event {
                input::Event::Key(key) if key.kind != input::KeyEventKind::Release => {
                    Event::Key(key)
                }
                input::Event::Mouse(mouse) if mouse.kind != input::MouseEventKind::Moved => {
                    Event::Mouse(mouse)
                }
                input::Event::Resize(width, height) => Event::Resize(Size { width, height }),
                _ => continue,
            };
            if news.send(event).is_err() {
                return;
            }
        }
    });
}

/// A signal that ends the process ends the page first.
fn listen(news: &SyncSender<Event>) -> io::Result<Arc<AtomicBool>> {
    let ended = Arc::new(AtomicBool::new(false));
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT])?;
    let (flag, news) = (Arc::clone(&ended), news.clone());
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            flag.store(true, Ordering::Relaxed);
            // Wakes the loop; where it has ended, or has events enough, it needs no waking.
            drop(news.try_send(Event::Tick));
        }
    });
    Ok(ended)
}
