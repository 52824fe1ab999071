//! What came of a command, in words for the person who gave it.

use crate::logs::Logs;
use rpm_core::action::FailureReason;
use rpm_core::{Affected, Failure, Outcome, Refusal};
use rpm_proto::{Code, Fault, LogLine, Reply};

/// What was asked, for the words of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Something that starts processes.
    Start,
    /// A reload.
    Reload,
    /// Something that stops processes.
    Stop,
    /// Anything else.
    Other,
}

/// The reply to a command. Failed runs are shown with their last log lines.
pub(crate) async fn reply(outcome: Outcome, asked: Asked, logs: &Logs) -> Reply {
    match outcome {
        Outcome::Done { affected } => Reply::Done { affected },
        Outcome::Refused { refusal } => {
            Reply::Failed { fault: refused(refusal), affected: Vec::new() }
        }
        Outcome::Failed { affected, failures } => {
            let fault = failed(&affected, &failures, asked, logs).await;
            Reply::Failed { fault, affected }
        }
    }
}

/// Why nothing was begun.
pub(crate) fn refused(refusal: Refusal) -> Fault {
    match refusal {
        Refusal::NotFound { target, nearest } => {
            let fault =
                Fault::new(Code::NotFound, format!("no process, namespace or id `{target}`"));
            match nearest {
                Some(name) => fault.help(format!("did you mean `{name}`?")),
                None => fault.help("`rpm list` shows what there is"),
            }
        }
        Refusal::NothingMatches { target } => {
            Fault::new(Code::NotFound, format!("no process found for `{target}`"))
                .help("`rpm list` shows what there is")
        }
        Refusal::BadPattern { target, why } => {
            Fault::new(Code::BadTarget, format!("`{target}` is not a regular expression"))
                .because(why)
                .help("write it as `/pattern/`, for example `/^api-/`")
        }
        Refusal::AlreadyRunning { name } => {
            Fault::new(Code::AlreadyRunning, format!("`{name}` runs already"))
                .help(format!("`rpm restart {name}` restarts it; `-f` starts it a second time"))
        }
        Refusal::ReloadUnderWay { name } => {
            Fault::new(Code::Busy, format!("a reload of `{name}` is under way"))
                .help("wait until it has ended, or `rpm restart` it")
        }
        Refusal::NothingToScale { name, instances } => Fault::new(
            Code::Scale,
            format!(
                "nothing to do: `{name}` has {instances} {} already",
                instances_word(instances)
            ),
        ),
        Refusal::ScaleTooLow { name, instances, by } => {
            Fault::new(Code::Scale, format!("cannot scale `{name}` by {by}"))
                .because(format!("it has {instances} {}", instances_word(instances)))
                .help(format!("`rpm delete {name}` removes it"))
        }
        Refusal::NotRenamed { to, taken: true, .. } => {
            Fault::new(Code::Usage, format!("another app is named `{to}`"))
                .help("give it a name of its own")
        }
        Refusal::NotRenamed { name, to, taken: false } => {
            Fault::new(Code::Usage, format!("`{name}` cannot become `{to}` while it runs"))
                .because(
                    "the sockets of a cluster, and what a reload may go back to, have its name",
                )
                .help("`rpm delete` it, and start it by the new name")
        }
        Refusal::ShuttingDown => Fault::new(Code::ShuttingDown, "the daemon is stopping")
            .help("wait for it to end, then give the command again"),
        Refusal::NotRunning { proc, name } => {
            Fault::new(Code::NotRunning, format!("`{name}` ({proc}) does not run"))
                .help(format!("`rpm start {name}` starts it"))
        }
    }
}

fn instances_word(count: u32) -> &'static str {
    if count == 1 { "instance" } else { "instances" }
}

async fn failed(affected: &[Affected], failures: &[Failure], asked: Asked, logs: &Logs) -> Fault {
    let (code, what) = headline(failures, asked);
    let mut fault = Fault::new(code, what);
    for failure in failures {
        fault = fault.because(format!(
            "[{}]({}) {}",
            failure.name,
            failure.proc,
            reason(&failure.reason)
        ));
    }
    if let Some((failure, lines)) = first_with_output(failures, logs).await {
        fault = fault.excerpt(excerpt(failure, &lines));
    }
    match (asked, affected.is_empty()) {
        (Asked::Reload, _) => {
            fault.help("the instances that ran go on serving; mend the app and reload again")
        }
        (Asked::Start, _) => fault.help(match failures.first() {
            Some(failure) => format!("`rpm logs {}` shows all it has said", failure.name),
            None => String::from("`rpm logs` shows what was said"),
        }),
        (Asked::Stop | Asked::Other, _) => fault,
    }
}

fn headline(failures: &[Failure], asked: Asked) -> (Code, String) {
    let mut names: Vec<&str> = failures.iter().map(|failure| failure.name.as_str()).collect();
    names.dedup();
    let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match asked {
        Asked::Reload => (Code::ReloadFailed, format!("the reload of {names} was stopped")),
        Asked::Start => (Code::StartFailed, format!("{names} did not come up")),
        Asked::Stop => (Code::StopFailed, format!("{names} could not be stopped")),
        Asked::Other => (Code::Other, format!("{names} did not follow")),
    }
}

fn reason(reason: &FailureReason) -> String {
    match reason {
        FailureReason::Spawn { error } => format!("{} failed: {}", error.what, error.why),
        FailureReason::ExitedEarly { how, after_ms } => {
            format!("ended after {after_ms} ms, before it was up ({how})")
        }
        FailureReason::NotReady { waited_ms } => {
            format!("was neither ready nor listening within {waited_ms} ms")
        }
        FailureReason::NotAttempted => "was not touched, as one before it failed".to_owned(),
        FailureReason::Overtaken => "was changed by another command meanwhile".to_owned(),
        FailureReason::Unkillable => "outlived SIGKILL".to_owned(),
    }
}

async fn first_with_output<'a>(
    failures: &'a [Failure],
    logs: &Logs,
) -> Option<(&'a Failure, Vec<LogLine>)> {
    for failure in failures {
        let Some(generation) = failure.generation else {
            continue;
        };
        let lines = logs.tail(generation).await;
        if !lines.is_empty() {
            return Some((failure, lines));
        }
    }
    None
}

fn excerpt(failure: &Failure, lines: &[LogLine]) -> String {
    let mut text = format!("last lines of {} ({}):", failure.name, failure.proc);
    for line in lines {
        text.push_str("\n  ");
        text.push_str(&String::from_utf8_lossy(&line.bytes));
    }
    text
}
