//! Starting a run: its pipes and channel, its program, and the request to the keeper.

use crate::channels::{Kind, Runtime, WorkerSpec};
use crate::clock;
use crate::confine::confine;
use crate::launch::{CHANNEL_FD, Launch};
use crate::logs::{self, Format, Sink};
use crate::perform::other_user;
use crate::world::{Run, World, tag};
use rpm_core::event::SpawnError;
use rpm_core::spec::{AppSpec, ExecMode};
use rpm_core::{Generation, ProcId};
use rpm_keeper::launch::LaunchSpec;
use rpm_keeper::wire::ToKeeper;
use rpm_pm2::names::Paths;
use rpm_proto::Stream;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// A run to be started.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) proc: ProcId,
    pub(crate) generation: Generation,
    pub(crate) slot: u32,
    pub(crate) restarts: u32,
    pub(crate) spec: Arc<AppSpec>,
}

/// The descriptors of a run, as the process gets them and as the keeper holds them.
#[derive(Default)]
struct Ends {
    theirs: Vec<(OwnedFd, i32)>,
    held: Vec<(OwnedFd, u32)>,
}

impl World {
    /// Asks the keeper for a run. What it prints and says is listened to from now on.
    ///
    /// Without a keeper it waits for one.
    pub(crate) fn start(&mut self, start: Start) -> Result<(), SpawnError> {
        if !self.keeper.listens {
            self.delayed.push(start);
            return Ok(());
        }
        if let Some(uid) = other_user(&start.spec) {
            self.open_notes_of(uid);
        }
        let paths = self.paths(&start.spec, start.proc);
        let run = (start.proc, start.generation);
        let launch = self.launch_of(&start.spec, &paths, run, (start.slot, start.restarts));
        let cgroups = self.confinement.enter(start.generation, &start.spec);
        let spec =
            program(launch, &start.spec, cgroups).map_err(during("handing the program over"))?;
        let mut ends = Ends::default();
        let null = rpm_sys::process::open_null().map_err(during("opening /dev/null"))?;
        let outputs = outputs(&start, &null, &mut ends).map_err(during("making pipes"))?;
        let channel = channel(&mut ends).map_err(during("making a channel"))?;
        let input = input(&start.spec, &null).map_err(during("making a pipe"))?;
        ends.theirs.push((input, 0));

        for (stream, pipe, spool) in outputs {
            let taken = self.log_bytes.counter(start.generation);
            self.logs.open(sink(&start.spec, run, &paths, stream, (pipe, Some(spool)), taken));
            self.logging.insert(start.generation);
        }
        self.channels.add(worker(&start.spec, run, start.slot, channel, 0));
        let known = Run {
            proc: start.proc,
            pid: None,
            pidfd: None,
            birth: None,
            started: Some(clock::now().mono),
            pid_file: paths.pid,
        };
        self.runs.insert(start.generation, known);
        let (key, aux) = (start.generation.0, u64::from(start.proc.0));
        self.held.put(key, aux, &ends.held);
        self.link.send(ToKeeper::Spawn {
            seq: key,
            key,
            aux,
            spec,
            child_fds: ends.theirs,
            hold: ends.held,
        });
        Ok(())
    }
}

fn program(launch: Launch, spec: &AppSpec, cgroups: Vec<String>) -> io::Result<OwnedFd> {
    let launch = LaunchSpec {
        program: found(launch.program, launch.env.get("PATH")),
        argv: launch.argv,
        env: launch.env.into_iter().collect(),
        cwd: spec.cwd.to_string(),
        ..LaunchSpec::default()
    };
    confine(launch, spec, cgroups).to_memfd()
}

/// Where a program is that is called by its bare name, as PM2's clients and its saved list call
/// interpreters: in the app's `PATH`. One that is not there fails to be executed, and that is said.
pub(crate) fn found(program: String, path: Option<&String>) -> String {
    if program.contains('/') {
        return program;
    }
    let folders = path.into_iter().flat_map(|path| path.split(':'));
    let mut candidates = folders
        .filter(|folder| folder.starts_with('/'))
        .map(|folder| format!("{folder}/{program}"))
        .filter(|path| is_executable(path));
    candidates.next().unwrap_or(program)
}

fn is_executable(path: &str) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Pipes for what the run prints, each with its spool; none when nobody is to see it.
fn outputs(
    start: &Start,
    null: &OwnedFd,
    ends: &mut Ends,
) -> io::Result<Vec<(Stream, OwnedFd, OwnedFd)>> {
    let mut outputs = Vec::new();
    for (stream, number) in [(Stream::Out, 1), (Stream::Err, 2)] {
        if start.spec.logs.disabled {
            ends.theirs.push((null.try_clone()?, number));
            continue;
        }
        let (ours, theirs) = rpm_sys::pipe::for_output()?;
        let spool = logs::new_spool()?;
        ends.theirs.push((theirs, number));
        let (pipe_tag, spool_tag) = tag::of_output(stream);
        ends.held.push((ours.try_clone()?, pipe_tag));
        ends.held.push((spool.try_clone()?, spool_tag));
        outputs.push((stream, ours, spool));
    }
    Ok(outputs)
}

/// As in PM2, a plain process can be written to, and a cluster worker cannot.
fn input(spec: &AppSpec, null: &OwnedFd) -> io::Result<OwnedFd> {
    match spec.mode {
        ExecMode::Fork => rpm_sys::pipe::for_input(),
        ExecMode::Cluster => null.try_clone(),
    }
}

fn channel(ends: &mut Ends) -> io::Result<OwnedFd> {
    let (ours, theirs) = rpm_sys::stream::channel_pair()?;
    ends.theirs.push((theirs, CHANNEL_FD));
    ends.held.push((ours.try_clone()?, tag::CHANNEL));
    Ok(ours)
}

/// Where one stream of a run goes.
pub(crate) fn sink(
    spec: &AppSpec,
    (proc, generation): (ProcId, Generation),
    paths: &Paths,
    stream: Stream,
    (pipe, spool): (OwnedFd, Option<OwnedFd>),
    taken: Arc<AtomicU64>,
) -> Sink {
    let file = match stream {
        Stream::Out => paths.out.clone(),
        Stream::Err => paths.err.clone(),
    };
    let date = spec.logs.date_format.clone();
    Sink {
        generation,
        proc,
        name: Arc::from(spec.name.as_str()),
        namespace: Arc::from(spec.namespace.as_str()),
        stream,
        pipe,
        spool,
        file,
        combined: paths.combined.clone(),
        format: match (spec.logs.json, date) {
            (true, date) => Format::Json { date },
            (false, Some(date)) => Format::Dated(date),
            (false, None) => Format::Raw,
        },
        keep_tail: true,
        taken,
        rotate: spec.logs.rotate.clone(),
        is_module: spec.is_module(),
    }
}

/// A run as the channels' thread knows it.
pub(crate) fn worker(
    spec: &AppSpec,
    (proc, generation): (ProcId, Generation),
    slot: u32,
    channel: OwnedFd,
    pid: u32,
) -> WorkerSpec {
    let kind = match spec.mode {
        ExecMode::Fork => Kind::Fork,
        ExecMode::Cluster => Kind::Cluster {
            options: spec.cluster.clone(),
            interpreter: match spec.interpreter.as_ref().and_then(|path| path.file_name()) {
                Some("bun") => Runtime::Bun,
                Some("deno") => Runtime::Deno,
                _ => Runtime::Node,
            },
        },
    };
    WorkerSpec { generation, proc, app: spec.name.clone(), slot, channel, pid, kind }
}

fn during(what: &'static str) -> impl Fn(io::Error) -> SpawnError {
    move |error| SpawnError {
        what: what.to_owned(),
        errno: error.raw_os_error().unwrap_or(0),
        why: error.to_string(),
    }
}
