//! The loop: what happens becomes an event, the core decides, the world is asked to follow.
//!
//! Nothing here decides anything. The order of the inlets is a decision, though: what the keeper
//! tells comes first, so that an exit is acted upon before the next command is looked at.

use crate::channels::ChannelEvent;
use crate::chronicle::By;
use crate::clock::{self, sleep_until};
use crate::cron::Crontab;
use crate::farewell::PING_MS;
use crate::gather::Gathering;
use crate::keeper::KeeperEnd;
use crate::logs::LogEvent;
use crate::notes::Notes;
use crate::notes::users::Said;
use crate::provenance::Answers;
use crate::watching::{Plan, WatchNews, Watching};
use crate::world::{Over, World};
use rpm_core::action::News;
use rpm_core::{Action, Event, Generation, Mono, ProcId, Supervisor};
use rpm_proto::{Reply, Request};
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

/// Trees with a memory limit are looked at this often, in ms: a tree that is too large is noticed
/// within 2 s.
const SAMPLE_MS: u64 = 1500;

/// Who looks at a deadline so much too late, in ms, was stopped meanwhile, or nearly so.
const LATE_MS: u64 = 500;
/// Then deadlines wait so long, in ms, for the news that came in time.
const GRACE_MS: u64 = 250;

/// A client's request, for the owner of the table.
#[derive(Debug)]
pub(crate) struct Ask {
    /// What is asked.
    pub(crate) request: Request,
    /// The program to go on as, for [`Request::Update`]: what was checked is what is used.
    pub(crate) binary: Option<OwnedFd>,
    /// Who asks.
    pub(crate) by: By,
    /// Where the final reply goes.
    pub(crate) reply: oneshot::Sender<Reply>,
}

/// Where news come from.
pub(crate) struct Inlets {
    /// The keeper's socket.
    pub(crate) keeper: KeeperEnd,
    /// The thread that owns channels and connections.
    pub(crate) channels: mpsc::Receiver<ChannelEvent>,
    /// The thread that writes logs.
    pub(crate) logs: mpsc::Receiver<LogEvent>,
    /// The thread that watches files.
    pub(crate) files: mpsc::Receiver<WatchNews>,
    /// Sweeps that took a while.
    pub(crate) swept: mpsc::Receiver<(ProcId, Generation)>,
    /// What was found out of the code of instances.
    pub(crate) answers: mpsc::Receiver<Answers>,
    /// What programs of other users tell of themselves.
    pub(crate) users: mpsc::Receiver<Said>,
    /// What programs tell of themselves.
    pub(crate) notes: Notes,
    /// Clients.
    pub(crate) asks: mpsc::Receiver<Ask>,
    /// Signals to this process.
    pub(crate) signals: Signals,
}

/// Signals that mean something to us.
pub(crate) struct Signals {
    /// SIGTERM: stop everything and end.
    terminate: Signal,
    /// SIGINT: the same.
    interrupt: Signal,
    /// SIGUSR2: open log files anew.
    reopen: Signal,
}

impl Signals {
    /// Watches for them from now on.
    pub(crate) fn watch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            reopen: signal(SignalKind::user_defined2())?,
        })
    }
}

/// The owner of the table and its link to the world.
pub(crate) struct Driver {
    pub(crate) supervisor: Supervisor,
    pub(crate) world: World,
    /// What has happened and is not yet decided upon.
    pub(crate) events: VecDeque<Event>,
    next_sample: Mono,
    next_ping: Mono,
    pub(crate) gathering: Gathering,
    /// Deadlines are not looked at before.
    grace_until: Mono,
    crontab: Crontab,
    pub(crate) watching: Watching,
    /// Schedules and watched files may have come, changed or gone.
    settings_changed: bool,
}

impl Driver {
    /// A driver for `supervisor`. Must be called in a runtime with I/O.
    pub(crate) fn new(
        supervisor: Supervisor,
        world: World,
        watching: Watching,
    ) -> io::Result<Self> {
        Ok(Self {
            gathering: Gathering::begin(&supervisor),
            supervisor,
            world,
            events: VecDeque::new(),
            next_sample: Mono(0),
            next_ping: Mono(0),
            grace_until: Mono(0),
            crontab: Crontab::new()?,
            watching,
            settings_changed: true,
        })
    }

    /// Goes on where a predecessor ended: `actions` is what may have been asked in vain, `events`
    /// what became of its runs meanwhile.
    pub(crate) fn resume(&mut self, actions: Vec<Action>, events: VecDeque<Event>) {
        self.events = events;
        for action in actions {
            self.world.perform(action, &mut self.events);
        }
    }

    /// Runs until there is nothing more to do; gives the world back.
    pub(crate) async fn run(mut self, mut inlets: Inlets) -> World {
        loop {
            self.settle();
            if self.world.over.is_some() {
                self.world.closings.give_up();
                if self.world.over == Some(Over::Replaced) {
                    self.world.keep(&mut self.supervisor);
                }
                return self.world;
            }
            self.say_alive();
            let deadline = self.deadline();
            let sample_at = self.sample_due();
            let reading_at = self.reading_due();
            let files_at = self.watching.due();
            let keep_at = self.world.keep_due();
            let keeper_at = self.world.keeper.due;
            let wants_write = self.world.link.wants_write();
            tokio::select! { biased;
                () = inlets.keeper.ready(wants_write) => self.hear_keeper(&mut inlets.keeper),
                Some((proc, generation)) = inlets.swept.recv() => {
                    self.events.push_back(Event::Swept { proc, generation });
                }
                event = inlets.channels.recv() => match event {
                    Some(event) => self.hear_channel(event),
                    None => self.world.over = Some(Over::Broken("channel")),
                },
                event = inlets.logs.recv() => match event {
                    Some(event) => self.world.hear_logs(event),
                    None => self.world.over = Some(Over::Broken("log")),
                },
                Some(news) = inlets.files.recv() => {
                    self.watching.hear(clock::now().mono, news);
                }
                Some(answers) = inlets.answers.recv() => self.hear_answers(answers),
                Some(said) = inlets.users.recv() => self.hear_user(&said),
                () = inlets.notes.ready() => self.hear_notes(&inlets.notes),
                Some(ask) = inlets.asks.recv() => self.ask(ask),
                Some(()) = inlets.signals.terminate.recv() => self.shut_down(),
                Some(()) = inlets.signals.interrupt.recv() => self.shut_down(),
                Some(()) = inlets.signals.reopen.recv() => self.world.reopen_logs(),
                () = sleep_until(deadline) => self.woke(),
                () = self.crontab.rings() => self.follow_schedules(),
                () = sleep_until(files_at) => self.follow_files(),
                () = sleep_until(sample_at) => self.sample(),
                () = sleep_until(reading_at) => self.gather(),
                () = sleep_until(keeper_at) => self.raise_keeper(&mut inlets.keeper),
                () = sleep_until(keep_at) => self.world.keep(&mut self.supervisor),
                () = sleep_until(Some(self.next_ping)) => {}
            }
        }
    }

    fn deadline(&self) -> Option<Mono> {
        self.supervisor.next_deadline().map(|(at, _)| at.max(self.grace_until))
    }

    /// A deadline has come. When that is noticed much too late, this process was stopped, and what
    /// an app has said in time may still have to be read: that comes first.
    fn woke(&mut self) {
        let now = clock::now().mono;
        let late_ms = self.deadline().map_or(0, |at| now.since(at));
        if late_ms > LATE_MS {
            tracing::warn!(late_ms, "was stopped; hearing first what has happened meanwhile");
            self.grace_until = now.after(GRACE_MS);
            return;
        }
        self.events.push_back(Event::Woke);
    }

    /// Decides upon all that has happened and carries out what follows.
    fn settle(&mut self) {
        let mut actions: Vec<Action> = Vec::new();
        while let Some(event) = self.events.pop_front() {
            // Never the event itself: commands carry environments.
            tracing::debug!(event = crate::news::kind(&event), "happened");
            self.settings_changed |= matches!(event, Event::Command { .. });
            self.supervisor.step(clock::now(), event, &mut actions);
            for action in actions.drain(..) {
                self.settings_changed |= adopts_settings(&action);
                if let Action::Publish(notice) = &action {
                    self.announce(notice);
                    self.chronicle(notice);
                    self.inquire(notice);
                }
                self.world.perform(action, &mut self.events);
            }
        }
        if std::mem::take(&mut self.settings_changed) {
            self.crontab.update(clock::now().wall, self.supervisor.instances());
            let plans = self.plans();
            self.watching.update(plans);
        }
        self.world.finish(&mut self.supervisor);
    }

    /// Tells the keeper that we do not hang.
    fn say_alive(&mut self) {
        let now = clock::now().mono;
        if now < self.next_ping {
            return;
        }
        self.next_ping = now.after(PING_MS);
        // What waits already says as much.
        if !self.world.link.wants_write() {
            self.world.ping(false);
        }
    }

    fn follow_schedules(&mut self) {
        let due = self.crontab.due(clock::now().wall);
        self.events.extend(due.into_iter().map(|(proc, at)| Event::Scheduled { proc, at }));
    }

    fn follow_files(&mut self) {
        let supervisor = &self.supervisor;
        let changed = self.watching.take(clock::now().mono, |app| supervisor.is_reloading(app));
        self.events.extend(changed);
    }

    /// What is to be watched. Instances that differ in nothing of it share a plan.
    fn plans(&self) -> Vec<Plan> {
        let mut plans: Vec<Plan> = Vec::new();
        for instance in self.supervisor.instances().filter(|instance| instance.watches) {
            let paths = self.world.paths(instance.spec, instance.proc);
            let own = [paths.out, paths.err, paths.combined, paths.pid];
            let own = own.into_iter().flatten().map(PathBuf::from);
            let home = self.world.home.root().as_std_path().to_owned();
            let plan = Plan::of(instance.spec, own.chain([home]).collect());
            match plans.iter_mut().find(|known| known.is_like(&plan)) {
                Some(known) => known.own.extend(plan.own),
                None => plans.push(plan),
            }
        }
        plans
    }

    /// When trees with a limit are next looked at; `None` when there are none.
    fn sample_due(&self) -> Option<Mono> {
        let limited = self
            .supervisor
            .instances()
            .any(|instance| instance.spec.max_memory.is_some() && instance.pid.is_some());
        limited.then_some(self.next_sample)
    }

    fn sample(&mut self) {
        let now = clock::now().mono;
        self.next_sample = now.after(SAMPLE_MS);
        self.world.samples.take(now, &self.world.subjects());
        for instance in self.supervisor.instances() {
            let Some(generation) = instance.generation else {
                continue;
            };
            if instance.spec.max_memory.is_some() && instance.pid.is_some() {
                self.events.push_back(Event::Sampled {
                    proc: instance.proc,
                    generation,
                    memory: self.world.samples.of(generation).memory,
                });
            }
        }
    }

    fn hear_channel(&mut self, event: ChannelEvent) {
        let news = match event {
            ChannelEvent::Up(generation) => {
                self.world.place_of(generation).map(|proc| Event::Up { proc, generation })
            }
            ChannelEvent::Listening(generation) => {
                self.world.place_of(generation).map(|proc| Event::Listening { proc, generation })
            }
            ChannelEvent::Ready(generation) => {
                self.hear_app(generation, "\"ready\"");
                self.world.place_of(generation).map(|proc| Event::Ready { proc, generation })
            }
            ChannelEvent::Disconnected(generation) => {
                self.world.place_of(generation).map(|proc| Event::Disconnected { proc, generation })
            }
            ChannelEvent::Message(generation, message) => {
                self.hear_app(generation, &message);
                None
            }
            ChannelEvent::Hold { key, fd } => {
                self.world.hold_listener(key, fd);
                None
            }
            ChannelEvent::Release { key } => {
                self.world.release_listener(key);
                None
            }
            ChannelEvent::AppClosed => {
                self.world.ping(true);
                None
            }
            ChannelEvent::Records(records) => {
                self.world.keep_records(&records);
                None
            }
            ChannelEvent::Confirm(done) => {
                self.world.flush();
                // It may have waited for too long.
                done.try_send(()).ok();
                None
            }
        };
        self.events.extend(news);
    }
}

/// Whether an instance takes over the settings that a reload offered it.
fn adopts_settings(action: &Action) -> bool {
    matches!(action, Action::Publish(notice) if notice.news == News::Reloaded)
}
