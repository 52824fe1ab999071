//! A supervisor dies, and the next one has all that it had.

use crate::Test;
use crate::home::{Home, wait};
use rpm_keeper::wire::{FromKeeper, ToKeeper};
use rpm_sys::{pidfd, process};
use std::fs::File;
use std::io::{Read, Write};

pub(crate) const TESTS: [Test; 5] = [
    ("a_successor_talks_on_with_the_programs", a_successor_talks_on),
    ("an_exit_is_told_until_it_is_acknowledged", an_exit_is_told_until_acknowledged),
    ("what_was_asked_before_death_counts", what_was_asked_before_death_counts),
    ("many_slots_are_handed_over", many_slots_are_handed_over),
    ("a_program_that_lived_through_many_supervisors", many_supervisors),
];

fn a_successor_talks_on() {
    let (mut home, mut supervisor) = Home::started();
    drop(supervisor.spawn(3, "read line; echo got $line; exit 4"));
    let (_, pid, _) = supervisor.spawned();
    let (mut supervisor, inventory) = home.after_a_kill(supervisor);
    assert_eq!(inventory.restarts, 1);
    assert!(inventory.died_at_ms > 0);
    assert!(inventory.exits.is_empty());
    let [held] = <[_; 1]>::try_from(inventory.slots).ok().unwrap();
    assert_eq!((held.key, held.aux, held.pid, held.is_alive), (3, 2003, pid, true));
    let mut fds: Vec<_> = held.fds.into_iter().map(|(fd, tag)| (tag, File::from(fd))).collect();
    fds.sort_by_key(|(tag, _)| *tag);
    let [(1, mut out), (5, mut input)] = <[_; 2]>::try_from(fds).unwrap() else {
        panic!("other tags");
    };
    input.write_all(b"more\n").unwrap();
    assert_eq!(supervisor.exit(), (3, pid, 4 << 8));
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    assert_eq!(text, "got more\n");
    home.stop(supervisor);
}

fn an_exit_is_told_until_acknowledged() {
    let (mut home, mut supervisor) = Home::started();
    let _pipes = supervisor.spawn(3, "exec sleep 1000");
    let (_, pid, pidfd) = supervisor.spawned();
    File::create(home.path("broken")).unwrap();
    supervisor.kill();
    pidfd::send_signal(&pidfd, 15).unwrap();
    wait(&pidfd);
    // The one that is about to start may have its inventory already.
    home.await_starts(home.starts() + 2);
    std::fs::remove_file(home.path("broken")).unwrap();

    let mut supervisor = home.next();
    for _ in 0..2 {
        let inventory = supervisor.greeting();
        assert_eq!(inventory.exits, [(3, pid, 15)]);
        let held = &inventory.slots[0];
        assert_eq!((held.key, held.aux, held.pid, held.is_alive), (3, 2003, pid, false));
        assert_eq!(held.fds.len(), 2);
        assert!(supervisor.hear_all().is_empty(), "it is told once");
        supervisor.kill();
        supervisor = home.next();
    }
    supervisor.greeting();
    supervisor.link.send(ToKeeper::Ack { key: 3, pid });
    let (supervisor, inventory) = home.after_a_kill(supervisor);
    assert!(inventory.exits.is_empty());
    assert_eq!(inventory.slots[0].pid, 0, "only descriptors are left");
    home.stop(supervisor);
}

fn what_was_asked_before_death_counts() {
    let (mut home, mut supervisor) = Home::started();
    let pipes: Vec<_> = (0..30).map(|key| supervisor.spawn(key, "exec sleep 1000")).collect();
    assert!(supervisor.link.flush().unwrap());
    let (mut supervisor, inventory) = home.after_a_kill(supervisor);
    let running = inventory.slots.iter().filter(|held| held.pid > 0).map(|held| held.key);
    let mut running: Vec<u64> = running.collect();
    assert_eq!(inventory.slots.len(), 30);
    // Programs that had not begun by then are told of now.
    while running.len() < 30 {
        running.push(supervisor.spawned().0);
    }
    running.sort_unstable();
    assert!(running.into_iter().eq(0..30), "each is told once");
    drop(pipes);
    home.stop(supervisor);
}

fn many_slots_are_handed_over() {
    let (mut home, mut supervisor) = Home::started();
    let null = || process::open_null().unwrap();
    for key in 0..400_u64 {
        supervisor.link.send(ToKeeper::Put { key, fds: vec![(null(), 1), (null(), 2)] });
    }
    // One that is more than a packet takes, and one descriptor that is replaced.
    for first in [0, 150] {
        let fds = (first..first + 150).map(|tag| (null(), tag)).collect();
        supervisor.link.send(ToKeeper::Put { key: 1 << 40, fds });
    }
    supervisor.link.send(ToKeeper::Put { key: 5, fds: vec![(null(), 2)] });
    supervisor.link.send(ToKeeper::Drop { key: 6, tag: Some(1) });
    supervisor.link.send(ToKeeper::Drop { key: 7, tag: None });
    assert!(supervisor.hear_all().is_empty());
    let begun = std::time::Instant::now();
    let (supervisor, inventory) = home.after_a_kill(supervisor);
    println!("the inventory is there {:?} after the kill", begun.elapsed());
    let mut tags = std::collections::BTreeMap::<u64, Vec<u32>>::new();
    for held in inventory.slots {
        assert_eq!(held.pid, 0);
        tags.entry(held.key).or_default().extend(held.fds.iter().map(|(_, tag)| *tag));
    }
    assert_eq!(tags.len(), 400, "401 and one dropped");
    assert!(tags[&(1 << 40)].iter().copied().eq(0..300));
    assert_eq!((&tags[&4][..], &tags[&5][..], &tags[&6][..]), (&[1, 2][..], &[1, 2][..], &[2][..]));
    home.stop(supervisor);
}

fn many_supervisors() {
    let (mut home, mut supervisor) = Home::started();
    drop(supervisor.spawn(1, "while read line; do echo got $line; done"));
    let (_, pid, _) = supervisor.spawned();
    for round in 1..=9_u64 {
        let (next, inventory) = home.after_a_kill(supervisor);
        supervisor = next;
        supervisor.link.send(ToKeeper::Ready);
        assert_eq!(inventory.restarts, round);
        assert_eq!(inventory.slots[0].pid, pid);
    }
    supervisor.link.send(ToKeeper::Drop { key: 1, tag: Some(5) });
    // Its input ended.
    assert_eq!(supervisor.exit(), (1, pid, 0));
    assert!(!matches!(supervisor.hear_all()[..], [FromKeeper::Exit { .. }, ..]));
    home.stop(supervisor);
}
