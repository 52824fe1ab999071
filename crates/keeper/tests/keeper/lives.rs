//! The keeper's and the supervisors' lives.

use crate::Test;
use crate::home::{Home, wait};
use rpm_keeper::wire::{FromKeeper, ToKeeper};
use rpm_keeper::{StartError, Started};
use rpm_sys::{pidfd, poll};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

pub(crate) const TESTS: [Test; 7] = [
    ("a_second_keeper_leaves_at_once", a_second_keeper_leaves_at_once),
    ("a_keeper_without_any_supervisor_gives_up", a_keeper_gives_up),
    ("a_supervisor_that_crashes_is_started_less_and_less_often", crash_loop),
    ("a_supervisor_that_hangs_up_is_ended", a_supervisor_that_hangs_up_is_ended),
    ("an_upgrade_is_final_when_it_is_ready", an_upgrade_is_final_when_it_is_ready),
    ("signals_are_handed_on", signals_are_handed_on),
    ("nothing_outlives_a_keeper_that_was_stopped", nothing_outlives_a_stopped_keeper),
];

fn a_second_keeper_leaves_at_once() {
    let (home, supervisor) = Home::started();
    assert_eq!(home.start().unwrap(), Started::AlreadyRunning);
    home.stop(supervisor);
}

fn a_keeper_gives_up() {
    let home = Home::new();
    File::create(home.path("broken")).unwrap();
    assert!(matches!(home.start(), Err(StartError::Ended)));
    assert_eq!(home.starts(), 5);
    home.await_log("exited with code 9");
}

fn crash_loop() {
    let (mut home, supervisor) = Home::started();
    File::create(home.path("broken")).unwrap();
    let begun = Instant::now();
    supervisor.kill();
    // The first start is at once.
    home.await_starts(5);
    assert!(begun.elapsed() >= Duration::from_millis(10 + 20 + 40 + 80));
    std::fs::remove_file(home.path("broken")).unwrap();
    let mut supervisor = home.next();
    assert!(supervisor.greeting().restarts >= 6);
    home.stop(supervisor);
}

fn a_supervisor_that_hangs_up_is_ended() {
    let (mut home, mut supervisor) = Home::started();
    let _pipes = supervisor.spawn(1, "exec sleep 1000");
    let (_, pid, _) = supervisor.spawned();
    let old = supervisor.close_link();
    wait(&old);
    let mut supervisor = home.next();
    assert_eq!(supervisor.greeting().slots[0].pid, pid);
    home.stop(supervisor);
}

fn an_upgrade_is_final_when_it_is_ready() {
    let (mut home, mut supervisor) = Home::started();
    let path = home.path("new");
    std::fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
    let (old, new) = (supervisor.inode, std::fs::metadata(&path).unwrap().ino());
    let upgrade = || ToKeeper::Upgrade { binary: File::open(&path).unwrap().into() };

    supervisor.link.send(upgrade());
    supervisor.leave(0);
    let unready = home.next();
    assert_eq!(unready.inode, new);
    let (mut supervisor, _) = home.after_a_kill(unready);
    assert_eq!(supervisor.inode, old, "it was not ready");

    supervisor.link.send(upgrade());
    supervisor.leave(0);
    let mut supervisor = home.next();
    supervisor.greeting();
    supervisor.link.send(ToKeeper::Ready);
    assert_eq!(supervisor.inode, new);
    std::fs::remove_file(&path).unwrap();
    let (supervisor, _) = home.after_a_kill(supervisor);
    assert_eq!(supervisor.inode, new, "it was ready");
    home.stop(supervisor);
}

fn signals_are_handed_on() {
    let (mut home, mut supervisor) = Home::started();
    for signal in [15, 2, 1, 12] {
        pidfd::send_signal(home.keeper().1, signal).unwrap();
        match supervisor.hear() {
            Some(FromKeeper::Signal(told)) => assert_eq!(told, signal),
            other => panic!("{other:?}"),
        }
    }
    // One that comes while nobody is there waits.
    File::create(home.path("broken")).unwrap();
    supervisor.kill();
    home.await_starts(1);
    pidfd::send_signal(home.keeper().1, 15).unwrap();
    std::fs::remove_file(home.path("broken")).unwrap();
    let mut supervisor = home.next();
    supervisor.greeting();
    assert!(matches!(supervisor.hear(), Some(FromKeeper::Signal(15))));
    home.stop(supervisor);
}

fn nothing_outlives_a_stopped_keeper() {
    let (home, mut supervisor) = Home::started();
    let mut pipes = supervisor.spawn(1, "trap '' TERM; setsid sleep 1000 & echo $!; wait");
    let (_, _, pidfd) = supervisor.spawned();
    let mut line = [0; 32];
    let len = pipes.out.read(&mut line).unwrap();
    let below: u32 = std::str::from_utf8(&line[..len]).unwrap().trim().parse().unwrap();
    let below = pidfd::open(below).unwrap();
    home.stop(supervisor);
    assert!(poll::wait_for(&pidfd, false, Some(0)).unwrap(), "it was waited for");
    wait(&below);
}
