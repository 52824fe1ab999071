//! The keeper dies, and its supervisor starts another, which adopts what there is.

use crate::Test;
use crate::home::{Home, Supervisor, wait};
use rpm_keeper::wire::ToKeeper;
use rpm_sys::{pidfd, poll, process};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::time::Instant;

pub(crate) const TESTS: [Test; 5] = [
    ("a_keeper_that_was_killed_is_followed_by_one_that_adopts", a_killed_keeper_is_followed),
    ("the_next_supervisor_has_what_was_adopted", the_next_supervisor_has_what_was_adopted),
    ("keepers_may_be_killed_again_and_again", keepers_may_be_killed_again_and_again),
    ("a_supervisor_that_dies_while_it_is_adopted", a_supervisor_that_dies_meanwhile),
    ("two_keepers_never_act", two_keepers_never_act),
];

/// A slot and its descriptors.
type Held = (u64, Vec<(OwnedFd, u32)>);

/// Programs of a keeper that is killed.
struct Orphans {
    running: Vec<(u64, u32, OwnedFd)>,
}

impl Orphans {
    fn of(supervisor: &mut Supervisor, count: u64) -> Self {
        let script = "read line; echo got $line; exit 4";
        for key in 0..count {
            drop(supervisor.spawn(key, script));
        }
        let mut running: Vec<_> = (0..count).map(|_| supervisor.spawned()).collect();
        running.sort_by_key(|(key, ..)| *key);
        Self { running }
    }

    /// Hands all over to the keeper of now.
    fn give(&self, supervisor: &mut Supervisor, held: &[Held]) {
        supervisor.link.send(ToKeeper::Hello);
        for (key, pid, pidfd) in &self.running {
            let fds = held.iter().filter(|(of, _)| of == key).flat_map(|(_, fds)| fds);
            let fds = fds.map(|(fd, tag)| (fd.try_clone().unwrap(), *tag)).collect();
            let (pidfd, aux) = (pidfd.try_clone().unwrap(), key + 2000);
            supervisor.link.send(ToKeeper::Adopt { key: *key, aux, pid: *pid, pidfd, fds });
        }
        supervisor.link.send(ToKeeper::AdoptEnd);
        let inventory = supervisor.greeting();
        assert!(inventory.slots.is_empty() && inventory.exits.is_empty());
    }
}

/// All descriptors that the keeper holds, from the mouth of a new supervisor.
fn held(home: &mut Home, supervisor: Supervisor) -> (Supervisor, Vec<Held>) {
    let (mut next, inventory) = home.after_a_kill(supervisor);
    next.link.send(ToKeeper::Ready);
    (next, inventory.slots.into_iter().map(|slot| (slot.key, slot.fds)).collect())
}

fn a_killed_keeper_is_followed() {
    let (mut home, mut supervisor) = Home::started();
    let orphans = Orphans::of(&mut supervisor, 20);
    let (mut supervisor, held) = held(&mut home, supervisor);
    let begun = Instant::now();
    home.kill_keeper();
    assert!(supervisor.hear().is_none());
    home.adopt(&mut supervisor);
    orphans.give(&mut supervisor, &held);
    println!("20 programs are adopted {:?} after the kill", begun.elapsed());

    // One that is killed, one that ends by itself, one that is new.
    pidfd::send_signal(&orphans.running[3].2, 9).unwrap();
    assert_is(supervisor.exit(), (3, orphans.running[3].1, 9));
    let input = held[5].1.iter().find(|(_, tag)| *tag == 5).unwrap();
    File::from(input.0.try_clone().unwrap()).write_all(b"it\n").unwrap();
    assert_is(supervisor.exit(), (5, orphans.running[5].1, 4 << 8));
    let mut output = [0; 16];
    let out = held[5].1.iter().find(|(_, tag)| *tag == 1).unwrap();
    let len = File::from(out.0.try_clone().unwrap()).read(&mut output).unwrap();
    assert_eq!(&output[..len], b"got it\n");
    supervisor.link.send(ToKeeper::Ack { key: 3, pid: orphans.running[3].1 });
    drop(supervisor.spawn(3, "exit 7"));
    let (_, pid, _) = supervisor.spawned();
    assert_eq!(supervisor.exit(), (3, pid, 7 << 8));
    home.stop(supervisor);
    for (_, _, pidfd) in &orphans.running {
        assert!(poll::wait_for(pidfd, false, Some(0)).unwrap(), "the keeper ended without it");
    }
}

/// The status is told where the kernel keeps it and init reaps in time.
fn assert_is(told: (u64, u32, i32), expected: (u64, u32, i32)) {
    assert_eq!((told.0, told.1), (expected.0, expected.1));
    assert!(told.2 == expected.2 || told.2 == process::STATUS_UNKNOWN, "{told:?}");
}

fn the_next_supervisor_has_what_was_adopted() {
    let (mut home, mut supervisor) = Home::started();
    let orphans = Orphans::of(&mut supervisor, 3);
    let (mut supervisor, held) = held(&mut home, supervisor);
    home.kill_keeper();
    home.adopt(&mut supervisor);
    orphans.give(&mut supervisor, &held);
    pidfd::send_signal(&orphans.running[1].2, 9).unwrap();
    assert_is(supervisor.exit(), (1, orphans.running[1].1, 9));

    let (mut next, inventory) = home.after_a_kill(supervisor);
    let slots: Vec<_> =
        inventory.slots.iter().map(|held| (held.key, held.aux, held.pid, held.is_alive)).collect();
    let running = &orphans.running;
    assert_eq!(
        slots,
        [
            (0, 2000, running[0].1, true),
            (1, 2001, running[1].1, false),
            (2, 2002, running[2].1, true)
        ]
    );
    assert!(inventory.slots.iter().all(|slot| slot.fds.len() == 2));
    assert_eq!(inventory.exits.len(), 1);
    assert_eq!(inventory.restarts, 1);
    next.link.send(ToKeeper::Ready);
    // This supervisor is a child of the keeper.
    let (next, inventory) = home.after_a_kill(next);
    assert_eq!(inventory.restarts, 2);
    home.stop(next);
}

fn keepers_may_be_killed_again_and_again() {
    let (mut home, mut supervisor) = Home::started();
    let orphans = Orphans::of(&mut supervisor, 3);
    let (mut supervisor, held) = held(&mut home, supervisor);
    for _ in 0..5 {
        home.kill_keeper();
        home.adopt(&mut supervisor);
        orphans.give(&mut supervisor, &held);
    }
    pidfd::send_signal(&orphans.running[1].2, 9).unwrap();
    assert_is(supervisor.exit(), (1, orphans.running[1].1, 9));
    assert!(supervisor.hear_all().is_empty(), "it is told once");
    home.stop(supervisor);
}

fn a_supervisor_that_dies_meanwhile() {
    let (mut home, mut supervisor) = Home::started();
    let orphans = Orphans::of(&mut supervisor, 2);
    let (mut supervisor, _held) = held(&mut home, supervisor);
    home.kill_keeper();
    home.adopt(&mut supervisor);
    let (key, pid, pidfd) = &orphans.running[0];
    let pidfd = pidfd.try_clone().unwrap();
    supervisor.link.send(ToKeeper::Adopt { key: *key, aux: 1, pid: *pid, pidfd, fds: vec![] });
    let (mut next, inventory) = home.after_a_kill(supervisor);
    assert_eq!(inventory.slots.len(), 1);
    assert_eq!((inventory.slots[0].key, inventory.slots[0].pid), (*key, *pid));
    next.link.send(ToKeeper::Ready);
    home.stop(next);
    pidfd::send_signal(&orphans.running[1].2, 9).ok();
    wait(&orphans.running[1].2);
}

fn two_keepers_never_act() {
    let (mut home, mut supervisor) = Home::started();
    // The keeper lives, and its supervisor takes it for dead.
    let link = supervisor.start_another();
    assert_eq!(supervisor.end_of_its_keeper(), rpm_keeper::End::AlreadyRunning.code());
    drop(link);
    let (supervisor, inventory) = home.after_a_kill(supervisor);
    assert_eq!(inventory.restarts, 1);
    assert!(!matches!(inventory.slots[..], [_, ..]));
    home.stop(supervisor);
}
