//! The way to the daemon, and what to say when there is none.

use crate::home::Home;
use crate::role::chain;
use camino::Utf8PathBuf;
use rpm_keeper::Started;
use rpm_proto::client::{CallError, ConnectError};
use rpm_proto::hello::PROTOCOL;
use rpm_proto::{Age, Client, Code, Fault, Hello, Request};
use std::io;

/// So many lines of the daemon's log are shown when it does not come up.
const LOG_LINES: usize = 10;

/// A connection to the daemon; `None` where none runs.
pub(crate) fn to_running(home: &Home) -> Result<Option<Client>, Fault> {
    match Client::connect(&home.socket()) {
        Ok(client) => Ok(Some(client)),
        Err(ConnectError::Absent { .. }) => Ok(None),
        Err(ConnectError::Io { path, source }) => Err(unreachable(&path, &source)),
    }
}

/// A connection to the daemon, which is started where none runs. Says whether it was.
pub(crate) fn or_start(home: &Home) -> Result<(Client, bool), Fault> {
    if let Some(mut client) = to_running(home)? {
        // What is left of one that was killed keeps its socket open for a moment.
        if client.call(&Request::Ping, |_| {}).is_ok() {
            return Ok((client, false));
        }
        if let Some(client) = to_running(home)? {
            return Ok((client, false));
        }
    }
    home.create()?;
    start(home)?;
    match to_running(home)? {
        Some(client) => Ok((client, true)),
        None => Err(not_up(home, "it does not listen")),
    }
}

/// What a broken exchange means.
pub(crate) fn fault_of(error: CallError) -> Fault {
    match error {
        CallError::Replaced => {
            Fault::new(Code::DaemonSilent, "the daemon was replaced while it did this")
                .because("another one goes on where it was: what was begun comes to its end")
                .help("see `rpm list`; give the command again if that is not what you want")
        }
        CallError::Version(daemon) => skew(&daemon),
        CallError::Unread { daemon, source } => match daemon.age() {
            Age::Same => unexpected().because(chain(&source)),
            Age::Older | Age::Newer => skew(&daemon),
        },
        CallError::Io(error) => Fault::new(Code::DaemonSilent, "the daemon hung up")
            .because(error.to_string())
            .help("give the command again; `rpm.log` in the home says what happened"),
    }
}

/// This program and the daemon are of versions that do not understand each other.
fn skew(daemon: &Hello) -> Fault {
    let (what, help) = match daemon.age() {
        Age::Newer => {
            ("this `rpm` is older than the daemon that runs", use_the_daemons(daemon.pid))
        }
        Age::Older | Age::Same => (
            "the daemon that runs is older than this `rpm`",
            "`rpm update` lets it become this version; apps go on meanwhile".to_owned(),
        ),
    };
    Fault::new(Code::VersionMismatch, what)
        .because(format!(
            "the daemon is {} and speaks protocol {}",
            daemon.version, daemon.protocol
        ))
        .because(format!("this is {} and speaks protocol {PROTOCOL}", env!("CARGO_PKG_VERSION")))
        .help(help)
}

fn use_the_daemons(pid: u32) -> String {
    match std::fs::read_link(format!("/proc/{pid}/exe")) {
        Ok(path) => format!("give the command with the daemon's own program, {}", path.display()),
        Err(_) => "give the command with the daemon's own program".to_owned(),
    }
}

/// The fault of a reply that does not belong to the request.
pub(crate) fn unexpected() -> Fault {
    Fault::new(Code::BadRequest, "the daemon's answer does not belong to the question")
        .help("`rpm update` lets the daemon become this version; apps go on meanwhile")
}

fn unreachable(path: &Utf8PathBuf, error: &io::Error) -> Fault {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    let code = if denied { Code::Denied } else { Code::Io };
    let fault = Fault::new(code, format!("the daemon's socket {path} cannot be used"))
        .because(error.to_string());
    if denied {
        fault.help("it belongs to another user: run `rpm` as that user, or set `RPM_HOME`")
    } else {
        fault.help("set `RPM_HOME` to a folder of yours; a socket's path has at most 107 bytes")
    }
}

fn start(home: &Home) -> Result<(), Fault> {
    let exe = std::env::current_exe().map_err(|error| not_up(home, &error.to_string()))?;
    match rpm_keeper::start(home.path().as_std_path(), &exe) {
        Ok(Started::Ready | Started::AlreadyRunning) => Ok(()),
        Err(error) => Err(not_up(home, &chain(&error))),
    }
}

fn not_up(home: &Home, why: &str) -> Fault {
    let log = home.log();
    let fault = Fault::new(Code::DaemonSilent, "the daemon did not come up").because(why);
    let lines = crate::logs::past::last_lines(log.as_std_path(), LOG_LINES).unwrap_or_default();
    if lines.is_empty() {
        return fault.help(format!("see whether {} can be written to", home.path()));
    }
    let mut excerpt = format!("last lines of {log}:");
    for line in lines {
        excerpt.push_str("\n  ");
        excerpt.push_str(&String::from_utf8_lossy(&line));
    }
    fault.help("mend what its log says, then give the command again").excerpt(excerpt)
}
