//! A keeper becomes another binary in its place.

use crate::Test;
use crate::home::{Home, Supervisor};
use rpm_keeper::wire::{FromKeeper, ToKeeper};
use rpm_sys::{pidfd, process};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Instant;

pub(crate) const TESTS: [Test; 4] = [
    ("a_keeper_becomes_another_binary", a_keeper_becomes_another_binary),
    ("a_binary_that_cannot_is_not_become", a_binary_that_cannot_is_not_become),
    ("a_version_that_cannot_read_the_state_gives_way", a_version_that_cannot_read_the_state),
    ("no_exit_is_lost_while_keepers_are_renewed", no_exit_is_lost),
];

/// Renewals that race with the ends of programs.
const ROUNDS: u64 = 300;

fn renew(supervisor: &mut Supervisor, binary: OwnedFd) {
    supervisor.link.send(ToKeeper::UpgradeKeeper { binary });
}

fn renewed(supervisor: &mut Supervisor) -> i32 {
    match supervisor.hear() {
        Some(FromKeeper::Renewed { errno }) => errno,
        other => panic!("{other:?}"),
    }
}

fn itself() -> OwnedFd {
    process::open_self().unwrap()
}

fn inode_of(pid: u32) -> u64 {
    std::fs::metadata(format!("/proc/{pid}/exe")).unwrap().ino()
}

fn a_keeper_becomes_another_binary() {
    let (mut home, mut supervisor) = Home::started();
    let mut pipes = supervisor.spawn(3, "read line; exit 4");
    let (_, pid, _) = supervisor.spawned();
    let path = home.path("new");
    std::fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
    let begun = Instant::now();
    renew(&mut supervisor, File::open(&path).unwrap().into());
    assert_eq!(renewed(&mut supervisor), 0);
    println!("it is another binary after {:?}", begun.elapsed());
    let keeper = home.keeper().0;
    assert_eq!(inode_of(keeper), std::fs::metadata(&path).unwrap().ino());

    // It has the same child, descriptors, signals and lock, and starts the next supervisor.
    pidfd::send_signal(home.keeper().1, 1).unwrap();
    assert!(matches!(supervisor.hear(), Some(FromKeeper::Signal(1))));
    assert_eq!(home.start().unwrap(), rpm_keeper::Started::AlreadyRunning);
    let (mut supervisor, inventory) = home.after_a_kill(supervisor);
    assert_eq!(inventory.restarts, 1);
    let held = &inventory.slots[0];
    assert_eq!((held.key, held.aux, held.pid, held.fds.len()), (3, 2003, pid, 2));
    supervisor.link.send(ToKeeper::Ready);
    pipes.input.write_all(b"\n").unwrap();
    assert_eq!(supervisor.exit(), (3, pid, 4 << 8));
    home.stop(supervisor);
}

fn a_binary_that_cannot_is_not_become() {
    let (mut home, mut supervisor) = Home::started();
    // By now the keeper has told whoever started it.
    supervisor.hear_all();
    let before = home.descriptors();
    let path = home.path("nonsense");
    std::fs::write(&path, "no binary").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    renew(&mut supervisor, File::open(&path).unwrap().into());
    assert_eq!(renewed(&mut supervisor), 8, "ENOEXEC");
    home.await_log("cannot become another version");
    assert_eq!(home.descriptors(), before);
    let _pipes = supervisor.spawn(1, "exec ls /proc/self/fd >&2");
    let (_, pid, _) = supervisor.spawned();
    assert_eq!(supervisor.exit(), (1, pid, 0), "it goes on");
    let (supervisor, _) = home.after_a_kill(supervisor);
    home.stop(supervisor);
}

/// Here it is a copy of this binary that takes another number for the mark of a state.
fn a_version_that_cannot_read_the_state() {
    let (mut home, mut supervisor) = Home::started();
    let _pipes = supervisor.spawn(3, "exec sleep 1000");
    let (_, pid, _) = supervisor.spawned();
    let path = home.path("strange");
    std::fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let magic = b"RKST";
    let places = bytes.windows(4).filter(|window| window == magic).count();
    assert!(places > 0, "the magic number is not in the binary");
    let mut at = 0;
    while at + 4 <= bytes.len() {
        if &bytes[at..at + 4] == magic {
            bytes[at] = b'X';
        }
        at += 1;
    }
    std::fs::write(&path, bytes).unwrap();
    let before = inode_of(home.keeper().0);
    renew(&mut supervisor, File::open(&path).unwrap().into());
    assert_ne!(renewed(&mut supervisor), 0);
    assert_eq!(inode_of(home.keeper().0), before);
    let (supervisor, inventory) = home.after_a_kill(supervisor);
    assert_eq!(inventory.slots[0].pid, pid);
    home.stop(supervisor);
}

fn no_exit_is_lost() {
    let (home, mut supervisor) = Home::started();
    let begun = Instant::now();
    let mut inputs = Vec::new();
    for key in 0..ROUNDS {
        inputs.push(supervisor.spawn(key, "read line; exit $line").input);
        if key % 16 == 15 {
            renew(&mut supervisor, itself());
        }
    }
    let mut seen = Seen::default();
    while seen.spawned.len() < usize::try_from(ROUNDS).unwrap() {
        seen.hear(&mut supervisor);
    }
    // Each program ends while the keeper is being renewed.
    for (key, input) in (0..ROUNDS).zip(&mut inputs) {
        renew(&mut supervisor, itself());
        while !supervisor.link.flush().unwrap() {
            seen.hear(&mut supervisor);
        }
        writeln!(input, "{}", key % 200).unwrap();
        if key % 2 == 0 {
            seen.hear(&mut supervisor);
        }
    }
    while seen.exits.len() < usize::try_from(ROUNDS).unwrap() {
        seen.hear(&mut supervisor);
    }
    for news in supervisor.hear_all() {
        seen.take(news);
    }
    assert_eq!(seen.renewals, ROUNDS + ROUNDS / 16);
    println!("{} renewals and {ROUNDS} exits in {:?}", seen.renewals, begun.elapsed());
    for (key, (pid, status)) in &seen.exits {
        assert_eq!(seen.spawned[key], *pid);
        assert_eq!(u64::try_from(*status >> 8).unwrap(), key % 200, "program {key}");
    }
    home.stop(supervisor);
}

#[derive(Default)]
struct Seen {
    spawned: BTreeMap<u64, u32>,
    exits: BTreeMap<u64, (u32, i32)>,
    renewals: u64,
}

impl Seen {
    fn hear(&mut self, supervisor: &mut Supervisor) {
        let news = supervisor.hear().unwrap();
        self.take(news);
    }

    fn take(&mut self, news: FromKeeper) {
        match news {
            FromKeeper::Spawned { key, pid, .. } => {
                assert_eq!(self.spawned.insert(key, pid), None, "program {key} began twice");
            }
            FromKeeper::Exit { key, pid, status, .. } => {
                assert_eq!(self.exits.insert(key, (pid, status)), None, "{key} ended twice");
            }
            FromKeeper::Renewed { errno } => {
                assert_eq!(errno, 0);
                self.renewals += 1;
            }
            other => panic!("{other:?}"),
        }
    }
}
