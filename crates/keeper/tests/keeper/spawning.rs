//! Programs are started, refused and ended.

use crate::Test;
use crate::home::{Home, shell, wait};
use rpm_keeper::launch::LaunchSpec;
use rpm_keeper::wire::{FromKeeper, Stage, ToKeeper};
use rpm_sys::spawn::Stage as Step;
use rpm_sys::{pidfd, process};
use std::io::{Read, Write};

pub(crate) const TESTS: [Test; 5] = [
    ("a_program_is_told_of_and_its_exit", a_program_is_told_of_and_its_exit),
    ("a_slot_is_busy_until_its_exit_is_acknowledged", a_slot_is_busy),
    ("what_cannot_be_started_is_told_with_its_step", what_cannot_be_started),
    ("many_programs_start_at_once", many_programs_start_at_once),
    ("a_program_gets_its_limits_back", a_program_gets_its_limits_back),
];

fn a_program_is_told_of_and_its_exit() {
    let (home, mut supervisor) = Home::started();
    let mut pipes = supervisor.spawn(7, "read line; echo got $line; exit 3");
    let (key, pid, pidfd) = supervisor.spawned();
    assert_eq!(key, 7);
    pipes.input.write_all(b"it\n").unwrap();
    assert_eq!(supervisor.exit(), (7, pid, 3 << 8));
    wait(&pidfd);
    let mut text = String::new();
    pipes.out.read_to_string(&mut text).unwrap();
    assert_eq!(text, "got it\n");
    supervisor.link.send(ToKeeper::Ack { key: 7, pid });
    supervisor.link.send(ToKeeper::Drop { key: 7, tag: None });
    assert!(supervisor.hear_all().is_empty());
    home.stop(supervisor);
}

fn a_slot_is_busy() {
    let (home, mut supervisor) = Home::started();
    let busy = |news: Option<FromKeeper>| match news {
        Some(FromKeeper::SpawnFailed { key, stage, errno, .. }) => {
            assert_eq!((key, stage, errno), (1, Stage::Slot, process::EBUSY));
        }
        other => panic!("{other:?}"),
    };
    let pipes = supervisor.spawn(1, "read line; kill -9 $$");
    let (_, pid, _) = supervisor.spawned();
    supervisor.spawn(1, "true");
    busy(supervisor.hear());
    drop(pipes);
    supervisor.link.send(ToKeeper::Drop { key: 1, tag: Some(5) });
    assert_eq!(supervisor.exit(), (1, pid, 9));
    supervisor.spawn(1, "true");
    busy(supervisor.hear());
    supervisor.link.send(ToKeeper::Ack { key: 1, pid: pid + 1 });
    supervisor.spawn(1, "true");
    busy(supervisor.hear());
    supervisor.link.send(ToKeeper::Ack { key: 1, pid });
    supervisor.spawn(1, "true");
    let (_, pid, _) = supervisor.spawned();
    assert_eq!(supervisor.exit(), (1, pid, 0));
    home.stop(supervisor);
}

fn what_cannot_be_started() {
    let (mut home, mut supervisor) = Home::started();
    let null = || process::open_null().unwrap();
    let no_program = LaunchSpec { program: "/no/such/program".to_owned(), ..shell("true") };
    let no_folder = LaunchSpec { cwd: "/no/such/folder".to_owned(), ..shell("true") };
    let cases = [
        (no_program.to_memfd().unwrap(), Stage::Process(Step::Exec), 2),
        (no_folder.to_memfd().unwrap(), Stage::Process(Step::Chdir), 2),
        (rpm_sys::memfd::sealed("x", b"no spec").unwrap(), Stage::Spec, process::EINVAL),
        (null(), Stage::Spec, process::EINVAL),
    ];
    for (index, (spec, stage, errno)) in cases.into_iter().enumerate() {
        let key = u64::try_from(index).unwrap();
        let (child_fds, hold) = (vec![(null(), 0)], vec![]);
        supervisor.link.send(ToKeeper::Spawn { seq: 5, key, aux: 6, spec, child_fds, hold });
        match supervisor.hear() {
            Some(FromKeeper::SpawnFailed { seq: 5, key: told, stage: at, errno: why }) => {
                assert_eq!((told, at, why), (key, stage, errno));
            }
            other => panic!("{other:?}"),
        }
    }
    // The first is let go of; a successor is told of the others after the inventory.
    supervisor.link.send(ToKeeper::Drop { key: 0, tag: None });
    let (mut supervisor, inventory) = home.after_a_kill(supervisor);
    let slots: Vec<(u64, u32)> = inventory.slots.iter().map(|slot| (slot.key, slot.pid)).collect();
    assert_eq!(slots, [(1, 0), (2, 0), (3, 0)]);
    let failed = |news: &FromKeeper| match news {
        FromKeeper::SpawnFailed { key, .. } => *key,
        other => panic!("{other:?}"),
    };
    let keys: Vec<u64> = supervisor.hear_all().iter().map(failed).collect();
    assert_eq!(keys, [1, 2, 3]);
    home.stop(supervisor);
}

fn many_programs_start_at_once() {
    const COUNT: u64 = 100;
    let (home, mut supervisor) = Home::started();
    let begun = std::time::Instant::now();
    let pipes: Vec<_> = (0..COUNT).map(|key| supervisor.spawn(key, "exec sleep 1000")).collect();
    let mut children: Vec<_> = (0..COUNT).map(|_| supervisor.spawned()).collect();
    println!("{COUNT} programs have begun after {:?}", begun.elapsed());
    children.sort_by_key(|child| child.0);
    assert!(children.iter().map(|child| child.0).eq(0..COUNT));
    for (_, _, pidfd) in &children {
        pidfd::send_signal(pidfd, 15).unwrap();
    }
    let mut exits: Vec<_> = (0..COUNT).map(|_| supervisor.exit()).collect();
    exits.sort_unstable();
    let expected = children.iter().map(|(key, pid, _)| (*key, *pid, 15));
    assert!(exits.into_iter().eq(expected));
    drop(pipes);
    home.stop(supervisor);
}

fn a_program_gets_its_limits_back() {
    let (home, mut supervisor) = Home::started();
    let mut pipes = supervisor.spawn(1, "cat /proc/$$/oom_score_adj; exec ls /proc/self/fd");
    let (_, pid, _) = supervisor.spawned();
    assert_eq!(supervisor.exit(), (1, pid, 0));
    let mut text = String::new();
    pipes.out.read_to_string(&mut text).unwrap();
    let ours = process::oom_score_adj().unwrap();
    // The last one is the folder that `ls` reads.
    assert_eq!(text, format!("{ours}\n0\n1\n2\n3\n"));
    home.stop(supervisor);
}
