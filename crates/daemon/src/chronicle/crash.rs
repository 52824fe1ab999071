//! The driver's part: what it tells of notices, and the report of a crash.

use super::Draft;
use super::lines::Source;
use crate::clock;
use crate::driver::Driver;
use rpm_chronicle::crashes;
use rpm_core::action::News;
use rpm_core::{Ending, Notice, Status};
use rpm_logbook::Log;
use rpm_proto::crash::CrashLine;
use rpm_proto::{Crash, Stream};

impl Driver {
    /// Tells what has happened to an instance, with a report when it has crashed.
    pub(crate) fn chronicle(&self, notice: &Notice) {
        let Some(mut draft) = Draft::of(notice) else {
            return;
        };
        let crash = self.crash(notice);
        if let Some((crash, _)) = &crash {
            draft = draft.with("crash", crash.id.as_str());
        }
        // What is too much for the events is too much for reports.
        if self.world.chronicle.tell(draft)
            && let Some((crash, logs)) = crash
        {
            self.keep(notice, crash, logs);
        }
    }

    /// What is known at once, and the logs in which its last lines are.
    fn crash(&self, notice: &Notice) -> Option<(Crash, Vec<Source>)> {
        let News::Exited { how, crashed: true, lived_ms } = notice.news else {
            return None;
        };
        let generation = notice.generation?;
        let instance = self.supervisor.instance(notice.proc)?;
        let (spec, proc) = (instance.spec, notice.proc.0);
        let paths = self.world.paths(spec, notice.proc);
        let sample = self.world.samples.of(generation);
        let at = clock::now().wall.0;
        let words = spec.interpreter.iter().map(ToString::to_string);
        let words = words.chain(spec.interpreter_args.iter().cloned());
        let words: Vec<String> = words
            .chain([spec.script.to_string()])
            .chain(rpm_proto::redact::args(spec.args.iter().map(String::as_str)))
            .collect();
        let mut env: Vec<String> = spec.base_env.keys().chain(spec.env.keys()).cloned().collect();
        env.sort();
        env.dedup();
        let crash = Crash {
            id: crashes::id(&notice.name, proc, at),
            at,
            app: notice.name.clone(),
            proc,
            pid: self.world.runs.get(&generation).and_then(|run| run.pid).unwrap_or_default(),
            ending: how.to_string(),
            code: match how {
                Ending::Code(code) => Some(code),
                Ending::Signal(_) | Ending::Unknown => None,
            },
            signal: match how {
                Ending::Signal(signal) => Some(signal.to_string()),
                Ending::Code(_) | Ending::Unknown => None,
            },
            uptime_ms: lived_ms,
            restarts: instance.restarts,
            then: then(instance.status).to_owned(),
            cpu: sample.cpu,
            memory: sample.memory,
            command: words,
            cwd: spec.cwd.to_string(),
            env,
            lines: Vec::new(),
        };
        let mut logs: Vec<Source> = Vec::new();
        for (stream, path) in [(Stream::Out, paths.out), (Stream::Err, paths.err)] {
            let stamp = spec.logs.date_format.clone();
            let log = path.map(|path| Log { stamp, ..Log::plain(path) });
            // Both may go to one file.
            let log = log.filter(|log| logs.iter().all(|known| known.log != *log));
            logs.extend(log.map(|log| Source { stream, log }));
        }
        Some((crash, logs))
    }

    /// Keeps the report when all that was printed is in the files.
    fn keep(&self, notice: &Notice, mut crash: Crash, sources: Vec<Source>) {
        let (logs, chronicle) = (self.world.logs.clone(), self.world.chronicle.clone());
        let generation = notice.generation.unwrap_or_default();
        tokio::task::spawn_local(async move {
            let lines = logs.tail(generation).await.into_iter();
            crash.lines = lines
                .map(|line| CrashLine {
                    stream: line.stream,
                    at: Some(line.at),
                    text: String::from_utf8_lossy(&line.bytes).into_owned(),
                })
                .collect();
            logs.sync().await;
            chronicle.keep(crash, sources);
        });
    }
}

/// What becomes of an instance that has crashed.
fn then(status: Status) -> &'static str {
    match status {
        Status::Errored => "errored",
        Status::Stopped => "stopped",
        Status::Waiting => "restart after a wait",
        Status::Online | Status::Launching | Status::Stopping => "restart",
    }
}
