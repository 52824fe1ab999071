//! What may come: apps, how their processes behave, and what is done to them when.

use crate::describe;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rpm_core::spec::{ExecMode, ReadyPolicy, RestartPolicy, Setting, StopPolicy, WatchOptions};
use rpm_core::{AppSpec, Command, Ending, Existing, ScaleTo, Signal, Target};
use std::fmt;

/// All that a world needs to run.
#[derive(Clone)]
pub(crate) struct Plan {
    /// The apps, called `a`, `b`, `c`.
    pub(crate) apps: Vec<AppPlan>,
    /// What is done, each so many ms after the one before.
    pub(crate) deeds: Vec<(u64, Deed)>,
    /// Decides how late news come, and which come twice.
    pub(crate) seed: u64,
    /// It ends with a shutdown rather than a stop of everything.
    pub(crate) shutdown: bool,
}

/// One app.
#[derive(Clone, Debug)]
pub(crate) struct AppPlan {
    pub(crate) spec: AppSpec,
    /// How its runs behave, in the order in which they are started; then from the start again.
    pub(crate) scripts: Vec<Script>,
}

/// How one process behaves. Times are in ms.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// From the spawn to the process.
    pub(crate) spawn: u64,
    /// There is never a process, for this error.
    pub(crate) spawn_error: Option<i32>,
    /// From the process to its signs of life.
    pub(crate) up: Option<u64>,
    pub(crate) listens: Option<u64>,
    pub(crate) ready: Option<u64>,
    /// From the process to its end by itself.
    pub(crate) ends: Option<(u64, Ending)>,
    /// How long it is between two signs that it lives, and how many of them there are; then it hangs.
    pub(crate) pulses: (u64, u64),
    /// From a request to stop to its end; deaf without.
    pub(crate) heeds: Option<u64>,
    /// From SIGKILL to its end.
    pub(crate) dies: u64,
    /// From the request to finish its connections to the end of its channel.
    pub(crate) drains: Option<u64>,
    /// From there to its end by itself.
    pub(crate) leaves: Option<u64>,
    /// How long it takes to end what it leaves behind.
    pub(crate) sweep: u64,
}

/// What is done to the world.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// A client asks.
    Ask(Command),
    /// Somebody kills the process of an instance.
    Kill(u32),
    /// An instance uses so much memory.
    Uses(u32, u64),
    /// Files of an app change.
    Touch(&'static str),
    /// A time of an instance's schedule comes.
    Schedule(u32),
    /// News of runs that are long gone.
    Stale,
    /// Another supervisor takes over; who waited for an answer gets none.
    Takeover,
    /// The supervisor dies at so many steps from here, within one.
    Crash(u64),
    /// The wall clock is set, by so many ms.
    Jump(i64),
}

impl fmt::Debug for Plan {
    /// One line for each app, script and deed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for AppPlan { spec, scripts } in &self.apps {
            let AppSpec { name, mode, instances, autostart, max_memory, .. } = spec;
            write!(f, "\n{name} {mode:?} x{instances} {autostart} {max_memory:?} ")?;
            write!(f, "{:?} {:?} {:?} ", spec.restart, spec.stop, spec.ready)?;
            write!(f, "watch {} reload {} ", spec.watch.on, spec.watch.reload)?;
            write!(f, "cron {}", spec.cron.is_some())?;
            for script in scripts {
                write!(f, "\n    {script:?}")?;
            }
        }
        for (gap, deed) in &self.deeds {
            match deed {
                Deed::Ask(command) => write!(f, "\n+{gap} {}", describe::command(command))?,
                deed => write!(f, "\n+{gap} {deed:?}")?,
            }
        }
        write!(f, "\nseed {} shutdown {}", self.seed, self.shutdown)
    }
}

pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let apps = vec((spec(), vec(script(), 1..6)), 1..4).prop_map(|apps| {
        let named = apps.into_iter().zip(["a", "b", "c"]);
        named
            .map(|((spec, scripts), name)| AppPlan { spec: called(spec, name), scripts })
            .collect::<Vec<_>>()
    });
    apps.prop_flat_map(|apps| {
        let deeds = vec((gap(), deed(apps.clone())), 1..25);
        (Just(apps), deeds, any::<u64>(), any::<bool>())
    })
    .prop_map(|(apps, mut deeds, seed, shutdown)| {
        let all = apps.iter().map(|app| app.spec.clone()).collect();
        let start = Command::Apply { apps: all, existing: Existing::Restart, parallel: None };
        deeds.insert(0, (0, Deed::Ask(start)));
        Plan { apps, deeds, seed, shutdown }
    })
}

/// Apps that serve well, and one reload of all of them: what must never fail.
pub(crate) fn reload_plan() -> impl Strategy<Value = Plan> {
    let app = (spec(), script(), vec(script(), 0..3));
    (vec(app, 1..4), any::<u64>(), option::of(1..4_u32)).prop_map(|(apps, seed, parallel)| {
        let named = apps.into_iter().zip(["a", "b", "c"]);
        let apps: Vec<AppPlan> = named
            .map(|((spec, good, odd), name)| {
                let mut spec = called(spec, name);
                spec.mode = ExecMode::Cluster;
                spec.max_memory = None;
                spec.autostart = true;
                let good = Script {
                    spawn_error: None,
                    up: Some(5),
                    listens: Some(20),
                    ready: Some(20),
                    ends: None,
                    ..good
                };
                let mut scripts = vec![good; spec.instances as usize];
                scripts.extend(odd);
                AppPlan { spec, scripts }
            })
            .collect();
        let specs = apps.iter().map(|app| app.spec.clone()).collect();
        let start = Command::Apply { apps: specs, existing: Existing::Restart, parallel: None };
        let reload = Command::Reload {
            targets: vec!["all".into()],
            env: None,
            settings: Vec::new(),
            parallel,
        };
        let deeds = vec![(0, Deed::Ask(start)), (1000, Deed::Ask(reload))];
        Plan { apps, deeds, seed, shutdown: false }
    })
}

/// Any plan, and deaths of the supervisor.
pub(crate) fn crash_plan() -> impl Strategy<Value = Plan> {
    let crash = (any::<prop::sample::Index>(), gap(), 0..6_u64);
    let plans = prop_oneof![3 => plan().boxed(), 1 => reload_plan().boxed()];
    (plans, vec(crash, 1..5)).prop_map(|(mut plan, crashes)| {
        for (at, gap, steps) in crashes {
            let at = 1 + at.index(plan.deeds.len());
            plan.deeds.insert(at, (gap, Deed::Crash(steps)));
        }
        plan
    })
}

fn called(spec: AppSpec, name: &str) -> AppSpec {
    AppSpec { name: name.to_owned(), script: format!("/srv/{name}").into(), ..spec }
}

fn gap() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..40_u64, 0..700_u64, 2000..4000_u64]
}

prop_compose! {
    fn spec()(
        instances in 1..5_u32,
        cluster in prop::bool::weighted(0.6),
        autostart in prop::bool::weighted(0.9),
        max_memory in option::weighted(0.3, Just(1000)),
        restart in restart(),
        stop in stop(),
        wait in any::<bool>(),
        timeout_ms in 100..500_u64,
        (watchdog_ms, watch, cron) in by_itself(),
    ) -> AppSpec {
        let mode = if cluster { ExecMode::Cluster } else { ExecMode::Fork };
        let ready = ReadyPolicy { wait, timeout_ms, watchdog_ms };
        AppSpec {
            instances, mode, autostart, max_memory, restart, stop, ready, watch, cron,
            ..AppSpec::default()
        }
    }
}

/// What restarts an app though nobody asks and nothing ends: that it hangs, that its files change,
/// and that its time has come.
fn by_itself() -> impl Strategy<Value = (Option<u64>, WatchOptions, Option<String>)> {
    let watch = (any::<bool>(), prop::bool::weighted(0.4));
    let watch =
        watch.prop_map(|(on, reload)| WatchOptions { on, reload, ..WatchOptions::default() });
    let cron = option::weighted(0.4, Just("* * * * *".to_owned()));
    (option::weighted(0.3, 200..1000_u64), watch, cron)
}

prop_compose! {
    fn restart()(
        autorestart in prop::bool::weighted(0.85),
        max_restarts in prop_oneof![1 => Just(0), 4 => 1..5_u32, 2 => Just(100)],
        min_uptime_ms in 50..300_u64,
        delay_ms in prop_oneof![Just(0), Just(50), Just(200)],
        backoff_ms in option::weighted(0.3, 20..100_u64),
        stop_exit_codes in prop_oneof![3 => Just(vec![]), 1 => Just(vec![3])],
    ) -> RestartPolicy {
        RestartPolicy { autorestart, max_restarts, min_uptime_ms, delay_ms, backoff_ms, stop_exit_codes }
    }
}

prop_compose! {
    fn stop()(
        kill_timeout_ms in 100..300_u64,
        treekill in prop::bool::weighted(0.8),
        with_message in prop::bool::weighted(0.2),
        drain_timeout_ms in 100..1500_u64,
    ) -> StopPolicy {
        let signal = Signal::INT;
        StopPolicy { signal, kill_timeout_ms, treekill, with_message, drain_timeout_ms }
    }
}

fn script() -> impl Strategy<Value = Script> {
    let ending = prop_oneof![
        prop_oneof![Just(0), Just(1), Just(3)].prop_map(Ending::Code),
        Just(Ending::Signal(Signal::KILL)),
        Just(Ending::Unknown),
    ];
    let time = || prop_oneof![0..30_u64, 0..600_u64];
    let start = (
        0..20_u64,
        option::weighted(0.1, prop_oneof![Just(2), Just(11)]),
        option::weighted(0.9, 0..60_u64),
        option::weighted(0.7, time()),
        option::weighted(0.7, time()),
        option::weighted(0.3, (time(), ending)),
        (20..400_u64, 0..12_u64),
    );
    let end = (
        option::weighted(0.8, 0..80_u64),
        prop_oneof![12 => 0..10_u64, 1 => Just(3000)],
        option::weighted(0.7, 0..400_u64),
        option::weighted(0.7, 0..300_u64),
        prop_oneof![2 => Just(0), 1 => 0..300_u64],
    );
    (start, end).prop_map(|(start, end)| {
        let (spawn, spawn_error, up, listens, ready, ends, pulses) = start;
        let (heeds, dies, drains, leaves, sweep) = end;
        Script {
            spawn,
            spawn_error,
            up,
            listens,
            ready,
            ends,
            pulses,
            heeds,
            dies,
            drains,
            leaves,
            sweep,
        }
    })
}

fn deed(apps: Vec<AppPlan>) -> impl Strategy<Value = Deed> {
    prop_oneof![
        12 => command(apps).prop_map(Deed::Ask),
        3 => (0..8_u32).prop_map(Deed::Kill),
        2 => (0..8_u32, 500..2000_u64).prop_map(|(proc, memory)| Deed::Uses(proc, memory)),
        2 => prop_oneof![Just("a"), Just("b"), Just("c")].prop_map(Deed::Touch),
        2 => (0..8_u32).prop_map(Deed::Schedule),
        1 => Just(Deed::Stale),
        1 => Just(Deed::Takeover),
        1 => (-100_000_000..100_000_000_i64).prop_map(Deed::Jump),
    ]
}

fn command(apps: Vec<AppPlan>) -> impl Strategy<Value = Command> {
    let specs: Vec<AppSpec> = apps.into_iter().map(|app| app.spec).collect();
    let targets = || {
        let one = prop_oneof![
            4 => prop_oneof![Just("a"), Just("b"), Just("c")].prop_map(Target::from),
            2 => (0..6_u32).prop_map(|proc| Target(proc.to_string())),
            1 => Just(Target::from("all")),
        ];
        vec(one, 1..3)
    };
    let parallel = || option::of(1..4_u32);
    let name = prop_oneof![Just("a"), Just("b"), Just("c")].prop_map(str::to_owned);
    let to = prop_oneof![(0..6_u32).prop_map(ScaleTo::Exactly), (-2..3_i32).prop_map(ScaleTo::By)];
    prop_oneof![
        3 => (apply(specs), parallel()).prop_map(|((apps, existing), parallel)| {
            Command::Apply { apps, existing, parallel }
        }),
        2 => targets().prop_map(|targets| Command::Start { targets, env: None, settings: Vec::new() }),
        3 => targets().prop_map(|targets| Command::Stop { targets, settings: Vec::new() }),
        3 => targets().prop_map(|targets| Command::Restart { targets, env: None, settings: Vec::new() }),
        5 => (targets(), parallel()).prop_map(|(targets, parallel)| {
            Command::Reload { targets, env: None, settings: Vec::new(), parallel }
        }),
        2 => targets().prop_map(|targets| Command::Delete { targets }),
        3 => (name, to).prop_map(|(name, to)| Command::Scale { name, to }),
        1 => targets().prop_map(|targets| Command::Reset { targets }),
        1 => targets().prop_map(|targets| {
            Command::Adjust { targets, settings: vec![Setting::ToggleWatch] }
        }),
        1 => targets().prop_map(|targets| Command::Signal { targets, signal: Signal(10) }),
    ]
}

fn apply(specs: Vec<AppSpec>) -> impl Strategy<Value = (Vec<AppSpec>, Existing)> {
    let existing = prop_oneof![
        3 => Just(Existing::Restart),
        4 => Just(Existing::Reload),
        1 => Just(Existing::Refuse),
        1 => Just(Existing::Duplicate),
    ];
    let flip = prop::bool::weighted(0.1);
    let picked = vec((any::<prop::sample::Index>(), 1..5_u32, flip), 1..3);
    (picked, existing).prop_map(move |(picked, existing)| {
        let app = |(index, instances, flip): (prop::sample::Index, u32, bool)| {
            let spec = index.get(&specs).clone();
            let mode = match (spec.mode, flip) {
                (ExecMode::Fork, true) => ExecMode::Cluster,
                (ExecMode::Cluster, true) => ExecMode::Fork,
                (mode, false) => mode,
            };
            AppSpec { instances, mode, ..spec }
        };
        (picked.into_iter().map(app).collect(), existing)
    })
}
