//! Events and actions in a few words, for transcripts and for traces of failed laws.

use rpm_core::action::{FailureReason, News};
use rpm_core::{
    Action, Affected, Change, Command, Event, Failure, Outcome, Refusal, Scope, Target,
};

/// What happened.
pub(crate) fn event(event: &Event) -> String {
    let what = match event {
        Event::Command { command, .. } => return self::command(command),
        Event::Woke => return "woke".to_owned(),
        Event::Spawned { .. } => "spawned".to_owned(),
        Event::SpawnFailed { error, .. } => format!("spawn failed ({})", error.why),
        Event::Exited { how, .. } => format!("exited ({how})"),
        Event::Swept { .. } => "swept".to_owned(),
        Event::Up { .. } => "up".to_owned(),
        Event::Listening { .. } => "listening".to_owned(),
        Event::Ready { .. } => "ready".to_owned(),
        Event::Disconnected { .. } => "disconnected".to_owned(),
        Event::Pulse { .. } => "lives".to_owned(),
        Event::Sampled { memory, .. } => format!("uses {memory} bytes"),
        Event::FilesChanged { app, path } => return format!("{path} of {app} has changed"),
        Event::Scheduled { proc, at } => return format!("{proc} is scheduled for {}", at.0),
    };
    let (proc, generation) = event.run().unwrap();
    format!("{proc}#{generation} {what}")
}

/// What was asked.
pub(crate) fn command(command: &Command) -> String {
    let all = |targets: &[Target]| {
        targets.iter().map(|target| target.0.as_str()).collect::<Vec<_>>().join(" ")
    };
    match command {
        Command::Apply { apps, existing, .. } => {
            let app = |app: &rpm_core::AppSpec| format!("{}×{}", app.name, app.instances);
            let apps: Vec<String> = apps.iter().map(app).collect();
            format!("apply {} ({existing:?})", apps.join(" "))
        }
        Command::Start { targets, .. } => format!("start {}", all(targets)),
        Command::Stop { targets, .. } => format!("stop {}", all(targets)),
        Command::Restart { targets, .. } => format!("restart {}", all(targets)),
        Command::Reload { targets, .. } => format!("reload {}", all(targets)),
        Command::Delete { targets } => format!("delete {}", all(targets)),
        Command::Scale { name, to } => format!("scale {name} {to:?}"),
        Command::Adjust { targets, settings } => format!("adjust {} {settings:?}", all(targets)),
        Command::Reset { targets } => format!("reset {}", all(targets)),
        Command::Signal { targets, signal } => format!("signal {signal} {}", all(targets)),
        Command::Shutdown => "shutdown".to_owned(),
    }
}

/// What the world is asked to do; `None` for what is not worth a line.
pub(crate) fn action(action: &Action) -> Option<String> {
    Some(match action {
        Action::Spawn { proc, generation, slot, restarts, .. } => {
            format!("spawn {proc}#{generation} (slot {slot}, restarts {restarts})")
        }
        Action::Signal { proc, generation, signal, scope } => {
            let scope = if *scope == Scope::Tree { " tree" } else { "" };
            format!("{signal}{scope} {proc}#{generation}")
        }
        Action::Message { proc, generation, text } => {
            format!("message {text:?} {proc}#{generation}")
        }
        Action::Drain { proc, generation } => format!("drain {proc}#{generation}"),
        Action::Sweep { proc, generation } => format!("sweep {proc}#{generation}"),
        Action::Forget { proc, generation } => format!("forget {proc}#{generation}"),
        Action::AppGone { name } => format!("app {name} is at rest"),
        Action::Answer { command, outcome } => {
            format!("answer {command}: {}", self::outcome(outcome))
        }
        Action::Publish(notice) => format!("· {} {}", notice.proc, news(&notice.news)),
        Action::Persist => return None,
        Action::Quit => "quit".to_owned(),
    })
}

/// What came of a command.
pub(crate) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { affected } => affected_words(affected),
        Outcome::Refused { refusal } => format!("refused: {}", refusal_words(refusal)),
        Outcome::Failed { affected, failures } => {
            let failures: Vec<String> = failures.iter().map(failure).collect();
            format!("{} FAILED {}", affected_words(affected), failures.join(", "))
        }
    }
}

fn affected_words(affected: &[Affected]) -> String {
    let words = affected.iter().map(|one| format!("{} {}", one.proc, change(one.change)));
    words.collect::<Vec<_>>().join(", ")
}

fn change(change: Change) -> String {
    format!("{change:?}").to_lowercase()
}

fn failure(failure: &Failure) -> String {
    let why = match &failure.reason {
        FailureReason::Spawn { error } => format!("no spawn ({})", error.why),
        FailureReason::ExitedEarly { how, after_ms } => format!("{how} after {after_ms} ms"),
        FailureReason::NotReady { waited_ms } => format!("not ready in {waited_ms} ms"),
        FailureReason::NotAttempted => "not attempted".to_owned(),
        FailureReason::Overtaken => "overtaken".to_owned(),
        FailureReason::Unkillable => "unkillable".to_owned(),
    };
    format!("{} {why}", failure.proc)
}

fn refusal_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotFound { target, nearest: None } => format!("no {target}"),
        Refusal::NotFound { target, nearest: Some(name) } => {
            format!("no {target}, but {name}")
        }
        other => format!("{other:?}"),
    }
}

fn news(news: &News) -> String {
    match news {
        News::Launching => "launching".to_owned(),
        News::Spawned { pid } => format!("has pid {pid}"),
        News::Online => "online".to_owned(),
        News::ReadyTimeout => "was not ready in time".to_owned(),
        News::Stopping => "stopping".to_owned(),
        News::Draining => "draining".to_owned(),
        News::Killed => "killed".to_owned(),
        News::Exited { how, crashed: true, .. } => format!("crashed ({how})"),
        News::Exited { how, .. } => format!("exited ({how})"),
        News::Waiting { delay_ms } => format!("waits {delay_ms} ms"),
        News::Stopped => "stopped".to_owned(),
        News::Errored { reason } => format!("errored: {reason}"),
        News::SpawnFailed { .. } => "could not be spawned".to_owned(),
        News::FilesChanged { path } => format!("{path} has changed"),
        News::Scheduled => "its time has come".to_owned(),
        News::WatchdogMissed { watchdog_ms } => format!("silent for {watchdog_ms} ms"),
        News::MemoryExceeded { memory, limit } => format!("uses {memory} of {limit} bytes"),
        News::ReloadFailed { .. } => "reload failed".to_owned(),
        News::Reloaded => "reloaded".to_owned(),
        News::Deleted => "deleted".to_owned(),
    }
}
