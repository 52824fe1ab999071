//! What a witness notes of one run and of one instance.

use rpm_core::spec::ExecMode;
use rpm_core::{
    Action, AppSpec, CommandId, Ending, Event, Generation, InstanceView, ProcId, Signal, Status,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One run.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen")]
#[derive(Debug)]
pub(super) struct RunAccount {
    pub(super) proc: ProcId,
    pub(super) asked_at: u64,
    pub(super) spec: Arc<AppSpec>,
    /// The run that served when this one was started.
    pub(super) serving_before: Option<Generation>,
    pub(super) pid: bool,
    pub(super) pid_at: u64,
    /// When it was last known to live: it came up, or said so since.
    pub(super) lived_at: Option<u64>,
    /// It was silent for too long.
    pub(super) hangs: bool,
    pub(super) listened: bool,
    /// It said `ready` in time.
    pub(super) ready: bool,
    /// It was asked to go as another takes over, or as it is one too many.
    pub(super) replaced: Option<Generation>,
    pub(super) drained: bool,
    pub(super) killed: bool,
    pub(super) exited: bool,
    pub(super) swept: bool,
    pub(super) unspawned: bool,
    pub(super) forgotten: bool,
}

/// One instance.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) wish: Wish,
    /// Unstable runs in a row.
    pub(super) unstable: u32,
    /// Reloads that may have begun a new series, or not: the machine's count has to be believed.
    pub(super) vague: BTreeSet<CommandId>,
    /// It is given up, or stopped by its policy.
    pub(super) spent: bool,
    /// The next start is not before this.
    pub(super) not_before: u64,
    pub(super) backoff_ms: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wish {
    #[default]
    Up,
    Down,
    Gone,
}

impl RunAccount {
    pub(super) fn new(
        proc: ProcId,
        asked_at: u64,
        spec: Arc<AppSpec>,
        serving_before: Option<Generation>,
    ) -> Self {
        Self {
            proc,
            asked_at,
            spec,
            serving_before,
            pid: false,
            pid_at: 0,
            lived_at: None,
            hangs: false,
            listened: false,
            ready: false,
            replaced: None,
            drained: false,
            killed: false,
            exited: false,
            swept: false,
            unspawned: false,
            forgotten: false,
        }
    }

    pub(super) fn hear(&mut self, now: u64, event: &Event) {
        match event {
            Event::Spawned { .. } if !self.pid => {
                self.pid = true;
                self.pid_at = now;
            }
            Event::SpawnFailed { .. } => self.unspawned = true,
            Event::Listening { .. } => self.listened = true,
            Event::Ready { .. } => self.ready |= !self.is_late(now),
            Event::Exited { .. } => self.exited = true,
            Event::Swept { .. } => self.swept |= self.exited,
            Event::Pulse { .. } => self.lived_at = self.lived_at.map(|_| now),
            _ => {}
        }
    }

    pub(super) fn told(&mut self, action: &Action) {
        match action {
            Action::Drain { .. } => self.drained = true,
            Action::Signal { signal: Signal::KILL, .. } => self.killed = true,
            _ => {}
        }
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.spec.mode == ExecMode::Cluster
    }

    pub(super) fn is_over(&self) -> bool {
        self.exited || self.unspawned || self.forgotten
    }

    /// Whether its time to become ready is over.
    pub(super) fn is_late(&self, now: u64) -> bool {
        self.pid && now >= self.pid_at + self.spec.ready.timeout_ms
    }
}

impl Account {
    pub(super) fn wish_up(&mut self) {
        if self.wish != Wish::Gone {
            *self = Self::default();
        }
    }

    /// A new series of runs, that nobody asked for.
    pub(super) fn begin_anew(&mut self) {
        let (wish, vague) = (self.wish, std::mem::take(&mut self.vague));
        *self = Self { wish, vague, ..Self::default() };
    }

    /// It is begun anew some time later, or not at all.
    pub(super) fn wish_reload(&mut self, reload: CommandId) {
        self.wish_up();
        self.vague.insert(reload);
    }

    /// The reload is over.
    pub(super) fn reloaded(&mut self, reload: CommandId, view: &InstanceView<'_>) {
        if self.vague.remove(&reload) {
            self.unstable = view.unstable;
            self.backoff_ms = view.backoff_ms;
        }
    }

    pub(super) fn wish_down(&mut self) {
        if self.wish != Wish::Gone {
            self.wish = Wish::Down;
        }
    }

    pub(super) fn wish_gone(&mut self) {
        self.wish = Wish::Gone;
    }

    /// A run of it is started.
    pub(super) fn started(&mut self, now: u64) {
        assert_eq!(self.wish, Wish::Up, "started against the last wish");
        assert!(!self.spent || self.is_vague(), "started after it was given up");
        let early = self.not_before.saturating_sub(now);
        assert!(early == 0 || self.is_vague(), "started {early} ms too early");
        self.not_before = 0;
        self.spent = false;
    }

    /// Its run ended by itself.
    pub(super) fn ended(
        &mut self,
        now: u64,
        lived: u64,
        how: Ending,
        before: &InstanceView<'_>,
        after: &InstanceView<'_>,
    ) {
        let policy = &before.spec.restart;
        self.count_from(before);
        let stops = match how {
            Ending::Code(code) => policy.stop_exit_codes.contains(&code),
            _ => false,
        };
        if stops || !policy.autorestart {
            assert_eq!(after.status, Status::Stopped, "its policy says so");
            self.spent = true;
            return;
        }
        self.unstable = if lived < policy.min_uptime_ms { self.unstable + 1 } else { 0 };
        self.judge(now, policy.max_restarts, wait(policy.delay_ms, policy.backoff_ms), after);
        if policy.backoff_ms.is_some() && !self.spent {
            let falls = after.backoff_ms < self.backoff_ms;
            assert!(!falls || self.is_vague() || lived >= 30_000, "the back-off falls");
            self.backoff_ms = after.backoff_ms;
            self.not_before = now + after.backoff_ms;
        }
    }

    /// It could not be started.
    pub(super) fn not_spawned(
        &mut self,
        now: u64,
        lasting: bool,
        before: &InstanceView<'_>,
        after: &InstanceView<'_>,
    ) {
        let policy = &before.spec.restart;
        if lasting || !policy.autorestart {
            assert_eq!(after.status, Status::Errored, "another try would be in vain");
            self.spent = true;
            return;
        }
        self.count_from(before);
        self.unstable += 1;
        self.judge(now, policy.max_restarts, 1000, after);
    }

    fn is_vague(&self) -> bool {
        !self.vague.is_empty()
    }

    fn count_from(&mut self, before: &InstanceView<'_>) {
        if self.is_vague() {
            self.unstable = before.unstable;
        }
    }

    fn judge(&mut self, now: u64, max_restarts: u32, delay: u64, after: &InstanceView<'_>) {
        if self.unstable >= max_restarts {
            assert_eq!(after.status, Status::Errored, "{} unstable runs", self.unstable);
            self.spent = true;
            return;
        }
        let goes_on = matches!(after.status, Status::Launching | Status::Waiting);
        assert!(goes_on, "{} after {} unstable runs", after.status, self.unstable);
        assert_eq!(after.unstable, self.unstable, "unstable runs in a row");
        self.not_before = now + delay;
    }
}

/// The least wait that a policy allows.
fn wait(delay_ms: u64, backoff_ms: Option<u64>) -> u64 {
    backoff_ms.unwrap_or(delay_ms)
}
