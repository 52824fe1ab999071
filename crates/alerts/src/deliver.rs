//! Sending one message: the work of a process of its own, which is told the message on its standard
//! input and answers with its exit status.

use crate::desk::Outcome;
use crate::hooks::To;
use crate::message::{Message, sign};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// A receiver, or a command, has so long.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// `EX_TEMPFAIL` of sysexits(3): it may arrive later.
const LATER: u8 = 75;
/// It will never be taken.
const REFUSED: u8 = 1;
/// A message is never larger.
const MESSAGE_MAX: u64 = 1024 * 1024;
/// So much of what a receiver answers is told.
const ANSWER_MAX: usize = 200;

/// Sends the message that `input` holds. Returns an exit status, and tells on `err` why it is not 0.
pub fn run(input: impl Read, mut err: impl Write) -> u8 {
    let read = |input| -> io::Result<Message> {
        let mut text = String::new();
        Read::take(input, MESSAGE_MAX).read_to_string(&mut text)?;
        Ok(serde_json::from_str(&text)?)
    };
    let (status, why) = match read(input).map(|message| deliver(&message)) {
        Ok(Outcome::Delivered) => return 0,
        Ok(Outcome::Later(why)) => (LATER, why),
        Ok(Outcome::Refused(why)) => (REFUSED, why),
        Err(error) => (REFUSED, format!("the message cannot be read: {error}")),
    };
    // There is nobody else to tell.
    drop(err.write_all(why.as_bytes()));
    status
}

/// What an exit status of [`run`] means, and what it said.
pub fn outcome(status: Option<i32>, said: String) -> Outcome {
    match status {
        Some(0) => Outcome::Delivered,
        Some(status) if status == i32::from(REFUSED) => Outcome::Refused(said),
        // It was killed, or could not begin.
        _ => Outcome::Later(said),
    }
}

/// Sends one message.
pub fn deliver(message: &Message) -> Outcome {
    match &message.to {
        To::Webhook { url, secret } => post(url, secret.as_deref(), message),
        To::Slack { url } | To::Discord { url } => post(url, None, message),
        To::Command { run } => command(run, message),
    }
}

fn post(url: &str, secret: Option<&str>, message: &Message) -> Outcome {
    let body = message.body().to_string();
    let mut config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("rpm/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = &message.ca {
        // It may be mended, and the message is sent then.
        let authorities = match authorities(path) {
            Ok(found) => RootCerts::new_with_certs(&found),
            Err(why) => return Outcome::Later(format!("{path}: {why}")),
        };
        config = config.tls_config(TlsConfig::builder().root_certs(authorities).build());
    }
    let agent = ureq::Agent::new_with_config(config.build());
    let mut request = agent
        .post(url)
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", message.key());
    if let Some(secret) = secret {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let signature = sign(secret, since.as_secs(), body.as_bytes());
        request = request.header("X-Rpm-Signature", signature);
    }
    match request.send(body.as_bytes()) {
        Ok(mut response) => {
            let status = response.status().as_u16();
            let said = || response.body_mut().read_to_string().unwrap_or_default();
            judge(status, said)
        }
        Err(error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_))) => {
            Outcome::Refused(error.to_string())
        }
        Err(error) => Outcome::Later(error.to_string()),
    }
}

/// The certificates in a PEM file; fails with what is wrong with it.
pub fn authorities(path: &str) -> Result<Vec<Certificate<'static>>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(one) = item.map_err(|error| error.to_string())? {
            found.push(one);
        }
    }
    if found.is_empty() { Err("no certificate in PEM form is in it".to_owned()) } else { Ok(found) }
}

/// What a receiver's status means: a client's error stays one, but for those of time and number.
fn judge(status: u16, said: impl FnOnce() -> String) -> Outcome {
    let why = |said: String| {
        let said: String = said.chars().filter(|c| !c.is_control()).take(ANSWER_MAX).collect();
        format!("the receiver answered {status} {said}").trim_end().to_owned()
    };
    match status {
        200..=299 => Outcome::Delivered,
        408 | 425 | 429 | 500.. => Outcome::Later(why(said())),
        _ => Outcome::Refused(why(said())),
    }
}

fn command(run: &str, message: &Message) -> Outcome {
    let event = &message.happening;
    let level = serde_json::to_value(event.level).ok();
    let level = level.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    let child = Command::new("sh")
        .args(["-c", run])
        .env("RPM_EVENT_KIND", &event.kind)
        .env("RPM_EVENT_LEVEL", level)
        .env("RPM_EVENT_APP", event.app.as_deref().unwrap_or_default())
        .env("RPM_EVENT_TEXT", &event.text)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return Outcome::Later(format!("`sh` cannot be run: {error}")),
    };
    if let Some(mut input) = child.stdin.take() {
        // It need not read it.
        drop(input.write_all(message.body().to_string().as_bytes()));
    }
    match wait(&mut child) {
        Ok(Some(status)) if status.success() => Outcome::Delivered,
        Ok(Some(status)) => Outcome::Later(format!("the command ended with {status}")),
        Ok(None) => Outcome::Later(format!("the command took longer than {PATIENCE:?}")),
        Err(error) => Outcome::Later(error.to_string()),
    }
}

/// Waits for a command; one that takes too long is killed with all that is in its group.
fn wait(child: &mut Child) -> io::Result<Option<std::process::ExitStatus>> {
    let pidfd = rpm_sys::pidfd::open(child.id())?;
    let until = Instant::now() + PATIENCE;
    while let left = until.saturating_duration_since(Instant::now())
        && !left.is_zero()
    {
        let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1);
        if rpm_sys::poll::wait_for(&pidfd, false, Some(left))? {
            return child.wait().map(Some);
        }
    }
    let group = i32::try_from(child.id()).map(Pid::from_raw);
    if let Ok(group) = group {
        // It may have ended meanwhile.
        killpg(group, Signal::SIGKILL).ok();
    }
    child.wait()?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_judged() {
        let judge = |status| judge(status, || "why\n".to_owned());
        assert_eq!(judge(204), Outcome::Delivered);
        assert_eq!(judge(404), Outcome::Refused("the receiver answered 404 why".to_owned()));
        for status in [429, 500, 503] {
            assert!(matches!(judge(status), Outcome::Later(_)), "{status}");
        }
        assert!(matches!(judge(302), Outcome::Refused(_)), "addresses are not followed elsewhere");
    }

    #[test]
    fn statuses_of_the_process_are_told_apart() {
        assert_eq!(outcome(Some(0), String::new()), Outcome::Delivered);
        for (status, later) in [(Some(1), false), (Some(75), true), (None, true), (Some(134), true)]
        {
            let is_later = matches!(outcome(status, "x".to_owned()), Outcome::Later(_));
            assert_eq!(is_later, later, "{status:?}");
        }
        let mut said = Vec::new();
        assert_eq!(run(&b"{"[..], &mut said), REFUSED);
        assert!(String::from_utf8(said).unwrap().contains("cannot be read"));
    }
}
