//! What the service manager is told.

use crate::Test;
use crate::home::{Home, SIGABRT, Supervisor, wait};
use rpm_keeper::wire::ToKeeper;
use rpm_sys::{pidfd, process};
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

pub(crate) const TESTS: [Test; 3] = [
    ("the_service_manager_is_told_how_it_fares", the_service_manager_is_told),
    ("a_keeper_that_finds_another_names_it", a_keeper_that_finds_another_names_it),
    ("a_keeper_that_is_taken_for_hung_ends", a_keeper_that_is_taken_for_hung_ends),
];

/// A service manager's socket.
struct Manager(UnixDatagram);

impl Manager {
    fn of(home: &Home) -> Self {
        let socket = UnixDatagram::bind(home.path("notify.sock")).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(socket)
    }

    /// Starts a keeper as a service manager does. Returns its number.
    fn start(home: &Home) -> u32 {
        Command::new(std::env::current_exe().unwrap())
            .args(["keeper", "--home"])
            .arg(home.path(""))
            .env("NOTIFY_SOCKET", home.path("notify.sock"))
            .env("WATCHDOG_USEC", "200000")
            .env("WATCHDOG_PID", "1")
            .env("LISTEN_FDS", "1")
            .spawn()
            .unwrap()
            .id()
    }

    fn hear(&self) -> String {
        let mut words = [0; 256];
        let len = self.0.recv(&mut words).unwrap();
        String::from_utf8(words[..len].to_vec()).unwrap()
    }

    /// What comes after any number of signs of life.
    fn next(&self) -> String {
        loop {
            let words = self.hear();
            if words != "WATCHDOG=1" {
                return words;
            }
        }
    }
}

/// The first supervisor, which is ready.
fn first(home: &mut Home) -> Supervisor {
    let mut supervisor = home.next();
    supervisor.greeting();
    supervisor.link.send(ToKeeper::Ready);
    supervisor
}

fn the_service_manager_is_told() {
    let mut home = Home::new();
    let manager = Manager::of(&home);
    let keeper = Manager::start(&home);
    let mut supervisor = first(&mut home);
    let ready = format!("READY=1\nMAINPID={keeper}\nSTATUS=Supervising");
    assert_eq!(manager.next(), ready);
    assert_eq!(manager.hear(), "WATCHDOG=1");
    assert_eq!(manager.hear(), "WATCHDOG=1");
    let environ = std::fs::read(format!("/proc/{}/environ", supervisor.pid)).unwrap();
    let environ = String::from_utf8_lossy(&environ).into_owned();
    for name in ["NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=", "LISTEN_FDS="] {
        assert!(!environ.split('\0').any(|entry| entry.starts_with(name)), "{name}");
    }

    let (next, _) = home.after_a_kill(supervisor);
    supervisor = next;
    assert_eq!(manager.next(), "STATUS=Starting the supervisor again");
    supervisor.link.send(ToKeeper::Ready);
    assert_eq!(manager.next(), ready);
    // Another binary in its place goes on, and so does a keeper that adopts.
    supervisor.link.send(ToKeeper::UpgradeKeeper { binary: process::open_self().unwrap() });
    supervisor.hear();
    assert_eq!(manager.hear(), "WATCHDOG=1");
    home.kill_keeper();
    home.adopt(&mut supervisor);
    supervisor.link.send(ToKeeper::AdoptEnd);
    supervisor.greeting();
    assert_eq!(manager.next(), format!("READY=1\nMAINPID={}\nSTATUS=Supervising", home.keeper().0));
    assert_eq!(manager.hear(), "WATCHDOG=1");
    home.stop(supervisor);
    assert_eq!(manager.next(), "STOPPING=1\nSTATUS=Stopping");
}

fn a_keeper_that_finds_another_names_it() {
    let (home, supervisor) = Home::started();
    let manager = Manager::of(&home);
    let other = Manager::start(&home);
    let pidfd = pidfd::open(other).unwrap();
    assert_eq!(manager.next(), format!("READY=1\nMAINPID={}\nSTATUS=Supervising", home.keeper().0));
    wait(&pidfd);
    process::reap(other).unwrap();
    home.stop(supervisor);
}

/// A service manager that misses signs of life sends `SIGABRT`, systemd.service(5).
fn a_keeper_that_is_taken_for_hung_ends() {
    let (mut home, supervisor) = Home::started();
    home.end_keeper(SIGABRT);
    supervisor.kill();
}
