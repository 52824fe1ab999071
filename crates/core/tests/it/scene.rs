//! A stage for hand-written scenes: says what happens, and writes down what the machine does.

use crate::describe;
use rpm_core::event::SpawnError;
use rpm_core::{
    Action, AppSpec, Command, CommandId, Ending, Event, Existing, Generation, Mono, Now, ProcId,
    Signal, Status, Supervisor, Wall,
};
use std::collections::BTreeMap;
use std::fmt::Write;

/// One scene.
#[derive(Default)]
pub(crate) struct Scene {
    pub(crate) table: Supervisor,
    now: u64,
    commands: u64,
    procs: BTreeMap<Generation, ProcId>,
    written: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What has happened since the last call.
    pub(crate) fn transcript(&mut self) -> String {
        std::mem::take(&mut self.written)
    }

    /// Drops what has happened so far from the transcript.
    pub(crate) fn skip(&mut self) -> &mut Self {
        self.written.clear();
        self
    }

    /// Lets one event happen now.
    pub(crate) fn event(&mut self, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        let now = Now { mono: Mono(self.now), wall: Wall(self.now.cast_signed()) };
        let words = describe::event(&event);
        writeln!(self.written, "{:?} {words}", now.mono).unwrap();
        self.table.step(now, event, &mut actions);
        for action in &actions {
            if let Action::Spawn { proc, generation, .. } = action {
                self.procs.insert(*generation, *proc);
            }
            if let Some(words) = describe::action(action) {
                writeln!(self.written, "    {words}").unwrap();
            }
        }
        actions
    }

    pub(crate) fn command(&mut self, command: Command) -> Vec<Action> {
        self.commands += 1;
        self.event(Event::Command { id: CommandId(self.commands), command })
    }

    pub(crate) fn apply(&mut self, spec: &AppSpec) -> Vec<Action> {
        self.apply_all(vec![spec.clone()], Existing::Restart)
    }

    pub(crate) fn apply_all(&mut self, apps: Vec<AppSpec>, existing: Existing) -> Vec<Action> {
        self.command(Command::Apply { apps, existing, parallel: None })
    }

    pub(crate) fn start(&mut self, target: &str) -> Vec<Action> {
        self.command(Command::Start {
            targets: vec![target.into()],
            env: None,
            settings: Vec::new(),
        })
    }

    pub(crate) fn stop(&mut self, target: &str) -> Vec<Action> {
        self.command(Command::Stop { targets: vec![target.into()], settings: Vec::new() })
    }

    pub(crate) fn restart(&mut self, target: &str) -> Vec<Action> {
        self.command(Command::Restart {
            targets: vec![target.into()],
            env: None,
            settings: Vec::new(),
        })
    }

    pub(crate) fn delete(&mut self, target: &str) -> Vec<Action> {
        self.command(Command::Delete { targets: vec![target.into()] })
    }

    pub(crate) fn reload(&mut self, target: &str) -> Vec<Action> {
        let targets = vec![target.into()];
        self.command(Command::Reload { targets, env: None, settings: Vec::new(), parallel: None })
    }

    pub(crate) fn spawned(&mut self, generation: u64) {
        let (proc, generation) = self.run(generation);
        let pid = 100 + u32::try_from(generation.0).unwrap();
        self.event(Event::Spawned { proc, generation, pid });
    }

    pub(crate) fn spawn_failed(&mut self, generation: u64, errno: i32, why: &str) {
        let (proc, generation) = self.run(generation);
        let error = SpawnError { what: "running it".to_owned(), errno, why: why.to_owned() };
        self.event(Event::SpawnFailed { proc, generation, error });
    }

    pub(crate) fn up(&mut self, generation: u64) {
        let (proc, generation) = self.run(generation);
        self.event(Event::Up { proc, generation });
    }

    pub(crate) fn listening(&mut self, generation: u64) {
        let (proc, generation) = self.run(generation);
        self.event(Event::Listening { proc, generation });
    }

    pub(crate) fn ready(&mut self, generation: u64) {
        let (proc, generation) = self.run(generation);
        self.event(Event::Ready { proc, generation });
    }

    pub(crate) fn disconnected(&mut self, generation: u64) {
        let (proc, generation) = self.run(generation);
        self.event(Event::Disconnected { proc, generation });
    }

    pub(crate) fn lives(&mut self, generation: u64) {
        let (proc, generation) = self.run(generation);
        self.event(Event::Pulse { proc, generation });
    }

    pub(crate) fn sampled(&mut self, generation: u64, memory: u64) {
        let (proc, generation) = self.run(generation);
        self.event(Event::Sampled { proc, generation, memory });
    }

    pub(crate) fn exited(&mut self, generation: u64, code: i32) {
        self.ended(generation, Ending::Code(code));
    }

    pub(crate) fn killed(&mut self, generation: u64) {
        self.ended(generation, Ending::Signal(Signal::KILL));
    }

    pub(crate) fn swept(&mut self, generation: u64) {
        let (proc, generation) = self.run(generation);
        self.event(Event::Swept { proc, generation });
    }

    /// It exits and leaves nothing behind.
    pub(crate) fn gone(&mut self, generation: u64) {
        self.exited(generation, 0);
        self.swept(generation);
    }

    /// A cluster worker comes up and listens.
    pub(crate) fn serves(&mut self, generation: u64) {
        self.spawned(generation);
        self.up(generation);
        self.listening(generation);
    }

    /// Time passes; what falls due is handled then.
    pub(crate) fn wait(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some((at, why)) = self.table.next_deadline()
            && at.0 <= end
        {
            assert!(!why.is_empty(), "each deadline has a reason");
            self.now = self.now.max(at.0);
            self.event(Event::Woke);
        }
        self.now = end;
    }

    pub(crate) fn status(&self, proc: u32) -> Status {
        self.table.instance(ProcId(proc)).unwrap().status
    }

    /// The slots of the instances that are there, by id.
    pub(crate) fn slots(&self) -> Vec<(u32, u32)> {
        self.table.instances().map(|instance| (instance.proc.0, instance.slot)).collect()
    }

    fn ended(&mut self, generation: u64, how: Ending) {
        let (proc, generation) = self.run(generation);
        self.event(Event::Exited { proc, generation, how });
    }

    fn run(&self, generation: u64) -> (ProcId, Generation) {
        (self.procs[&Generation(generation)], Generation(generation))
    }
}

/// A plain app.
pub(crate) fn fork(name: &str) -> AppSpec {
    let script = format!("/srv/{name}.js").into();
    AppSpec { name: name.to_owned(), script, ..AppSpec::default() }
}

/// A cluster app.
pub(crate) fn cluster(name: &str, instances: u32) -> AppSpec {
    AppSpec { mode: rpm_core::spec::ExecMode::Cluster, instances, ..fork(name) }
}
