//! What the service manager is told, `sd_notify(3)`.
//!
//! Without one nothing is told. Nothing here waits: a word that does not get through is lost.

use crate::say::say;
use rpm_sys::clock;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Names the service manager's socket.
const SOCKET_VARIABLE: &str = "NOTIFY_SOCKET";
/// How often the service manager wants to hear of us, in µs.
const WATCHDOG_VARIABLE: &str = "WATCHDOG_USEC";
/// Both of them, for a keeper that is started by a supervisor.
const HEIR_VARIABLE: &str = "RPM_KEEPER_NOTIFY";
/// What is meant for the keeper, and not for what it starts.
const OURS: [&str; 8] = [
    SOCKET_VARIABLE,
    WATCHDOG_VARIABLE,
    "WATCHDOG_PID",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "FDSTORE",
    HEIR_VARIABLE,
];

/// The service manager.
#[derive(Debug)]
pub(crate) struct Notify {
    socket: UnixDatagram,
    address: SocketAddr,
    /// It is told this often that all is well.
    every_ms: Option<u64>,
    next_ms: u64,
}

impl Notify {
    /// The one that started us, or a predecessor. `None` when there was none.
    pub(crate) fn inherited() -> Option<Self> {
        let (name, watchdog) = told()?;
        match Self::new(&name, watchdog.as_deref()) {
            Ok(notify) => Some(notify),
            Err(error) => {
                say(format_args!("the service manager cannot be told anything: {error}"));
                None
            }
        }
    }

    fn new(name: &OsStr, watchdog: Option<&str>) -> io::Result<Self> {
        let address = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            path => SocketAddr::from_pathname(OsStr::from_bytes(path))?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        let watchdog_us: Option<u64> = watchdog.and_then(|text| text.parse().ok());
        let every_ms = watchdog_us.filter(|us| *us > 0).map(|us| (us / 2000).max(1));
        Ok(Self { socket, address, every_ms, next_ms: 0 })
    }

    /// The supervisor is ready, and this process is the one to watch.
    pub(crate) fn ready(&self) {
        self.ready_is(std::process::id());
    }

    /// Another process is the one to watch.
    pub(crate) fn ready_is(&self, keeper: u32) {
        self.tell(&format!("READY=1\nMAINPID={keeper}\nSTATUS=Supervising"));
    }

    /// The supervisor is gone; another one begins.
    pub(crate) fn without_supervisor(&self) {
        self.tell("STATUS=Starting the supervisor again");
    }

    /// All is about to end.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=Stopping");
    }

    /// When it has to be told that all is well.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.every_ms.map(|_| self.next_ms)
    }

    /// Tells that all is well, when it is time and true.
    pub(crate) fn keep_alive(&mut self, is_well: bool) {
        let now_ms = clock::monotonic_ms();
        let Some(every_ms) = self.every_ms.filter(|_| now_ms >= self.next_ms) else {
            return;
        };
        self.next_ms = now_ms + every_ms;
        if is_well {
            self.tell("WATCHDOG=1");
        }
    }

    fn tell(&self, words: &str) {
        // Nobody may be there any more.
        self.socket.send_to_addr(words.as_bytes(), &self.address).ok();
    }
}

/// An environment without what is meant for the keeper, and with what its heirs need.
pub(crate) fn for_supervisor(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    let heirs = told().map(|(name, watchdog)| {
        let mut value = OsString::from(watchdog.unwrap_or_default());
        value.push(" ");
        value.push(name);
        (HEIR_VARIABLE.into(), value)
    });
    variables.filter(|(name, _)| !OURS.iter().any(|ours| name == ours)).chain(heirs)
}

/// The name of the socket, and how often we are to be heard.
fn told() -> Option<(OsString, Option<String>)> {
    if let Some(name) = std::env::var_os(SOCKET_VARIABLE) {
        return Some((name, std::env::var(WATCHDOG_VARIABLE).ok()));
    }
    let value = std::env::var_os(HEIR_VARIABLE)?;
    let bytes = value.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b' ')?;
    let watchdog = std::str::from_utf8(bytes.get(..at)?).ok()?;
    let name = OsStr::from_bytes(bytes.get(at + 1..)?).to_owned();
    Some((name, (!watchdog.is_empty()).then(|| watchdog.to_owned())))
}
