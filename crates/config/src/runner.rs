//! Runs the user's `node` for a moment: to evaluate a config that is a program, or to ask what it
//! can.

use crate::context::Context;
use camino::Utf8Path;
use rpm_core::spec::Env;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// More than any config prints; keeps one that never stops from filling the memory.
const MAX_OUTPUT: u64 = 32 * 1024 * 1024;

/// What a program left.
#[derive(Debug)]
pub(crate) struct Output {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it wrote to standard output.
    pub(crate) out: String,
    /// What it wrote to standard error.
    pub(crate) err: String,
}

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// It could not be started or read.
    #[error("running it failed")]
    Io(#[source] io::Error),
    /// It did not end in time and was ended.
    #[error("it did not end within {} s", .0.as_secs())]
    TimedOut(Duration),
}

/// Runs `program` in the user's folder and environment, for at most `limit`.
pub(crate) fn run(
    program: &Utf8Path,
    args: &[&str],
    context: &Context,
    env: &Env,
    limit: Duration,
) -> Result<Output, RunError> {
    let mut child = Command::new(program)
        .args(args)
        .current_dir(&context.cwd)
        .env_clear()
        .envs(env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(RunError::Io)?;
    let (sender, texts) = mpsc::channel();
    drain(0, child.stdout.take(), &sender);
    drain(1, child.stderr.take(), &sender);
    drop(sender);
    match collect(&texts, limit) {
        Some([out, err]) => {
            let status = child.wait().map_err(RunError::Io)?;
            Ok(Output { status, out, err })
        }
        None => Err(end(child, limit)),
    }
}

/// Reads a stream to its end on a thread of its own. When the program is ended early and a child
/// of it keeps the stream open, the thread stays until this process ends, which is soon.
fn drain(
    which: usize,
    stream: Option<impl Read + Send + 'static>,
    sender: &mpsc::Sender<(usize, String)>,
) {
    let Some(stream) = stream else { return };
    let sender = sender.clone();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read until an error is what there is.
        let _ = stream.take(MAX_OUTPUT).read_to_end(&mut bytes);
        // The receiver is gone when the time is over.
        let _ = sender.send((which, String::from_utf8_lossy(&bytes).into_owned()));
    });
}

/// Both texts, or `None` when the time is over.
fn collect(texts: &mpsc::Receiver<(usize, String)>, limit: Duration) -> Option<[String; 2]> {
    let deadline = Instant::now() + limit;
    let mut collected = [String::new(), String::new()];
    for _ in 0..2 {
        let left = deadline.saturating_duration_since(Instant::now());
        let (which, text) = texts.recv_timeout(left).ok()?;
        collected[which] = text;
    }
    Some(collected)
}

fn end(mut child: Child, limit: Duration) -> RunError {
    match child.kill().and_then(|()| child.wait()) {
        Ok(_) => RunError::TimedOut(limit),
        Err(error) => RunError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Place;

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let place = Place::with_node();
        let sleep = crate::paths::find_program("sleep", &place.context).unwrap();
        let limit = Duration::from_millis(50);
        let error = run(&sleep, &["600"], &place.context, &place.env, limit).unwrap_err();
        assert!(matches!(error, RunError::TimedOut(time) if time == limit), "{error}");
    }

    #[test]
    fn both_streams_are_read() {
        let place = Place::with_node();
        let shell = crate::paths::find_program("sh", &place.context).unwrap();
        let script = "echo out; echo err >&2; exit 3";
        let args = ["-c", script];
        let output =
            run(&shell, &args, &place.context, &place.env, Duration::from_mins(1)).unwrap();
        assert_eq!((&*output.out, &*output.err), ("out\n", "err\n"));
        assert_eq!(output.status.code(), Some(3));
    }
}
