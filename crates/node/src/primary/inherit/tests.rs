//! A predecessor was killed at every moment of handing a connection over.

use super::*;
use crate::primary::Primary;
use crate::primary::rig::{PLAIN, Rig};
use crate::worker::Options;

const X: ConnectionId = ConnectionId(0);
const FIRST: WorkerId = WorkerId(1);
const SECOND: WorkerId = WorkerId(2);
/// A number of the predecessor.
const OLD: u64 = 77;

/// Two workers that listen, and a primary that has just taken them over.
fn scene(options: Options) -> (Rig, SocketId) {
    let mut before = Rig::new();
    for worker in [FIRST, SECOND] {
        before.worker(worker.0, u32::try_from(worker.0).unwrap(), options);
        before.query(worker, 80);
    }
    let mut rig = Rig::with(Primary::new(1_000_000, 32768..=60999));
    for worker in [FIRST, SECOND] {
        rig.worker(worker.0, u32::try_from(worker.0).unwrap(), options);
    }
    rig.sockets = std::mem::take(&mut before.sockets);
    let sockets: Vec<SocketId> = rig.sockets.keys().copied().collect();
    assert!(rig.primary.restore(before.primary.records(), &sockets).is_empty());
    (rig, sockets[0])
}

fn inherit(rig: &mut Rig, socket: SocketId, progress: Progress) {
    rig.open.insert(X);
    rig.primary.inherit(socket, X, None, progress);
    rig.carry_out();
}

fn answer(rig: &mut Rig, worker: WorkerId, seq: u64, accepted: bool) {
    let line = format!(r#"{{"cmd":"NODE_CLUSTER","ack":{seq},"accepted":{accepted},"seq":9}}"#);
    rig.say(worker, &line);
}

/// How often the connection was handed to a worker.
fn given(rig: &Rig, worker: WorkerId) -> usize {
    rig.handed.get(&worker).into_iter().flatten().filter(|own| own.1 == X).count()
}

const SENDING: Progress = Progress::Sending { worker: FIRST, seq: OLD };
const HANDED: Progress = Progress::Handed { worker: FIRST, seq: OLD };

#[test]
fn what_was_nobodys_is_handed_on_or_waits() {
    let (mut rig, socket) = scene(PLAIN);
    inherit(&mut rig, socket, Progress::Accepted);
    assert_eq!(given(&rig, FIRST) + given(&rig, SECOND), 1);

    let (mut rig, socket) = scene(PLAIN);
    for worker in [FIRST, SECOND] {
        rig.primary.blocked(worker, true);
    }
    assert_eq!(rig.primary.room(socket), 0);
    inherit(&mut rig, socket, Progress::Accepted);
    assert!(rig.open.contains(&X));
    rig.primary.blocked(SECOND, false);
    rig.carry_out();
    assert_eq!(given(&rig, SECOND), 1);
}

#[test]
fn what_was_sent_is_the_workers_when_it_takes_it() {
    for progress in [SENDING, HANDED] {
        let (mut rig, socket) = scene(PLAIN);
        inherit(&mut rig, socket, progress);
        assert!(rig.open.contains(&X), "not before it has answered");
        answer(&mut rig, FIRST, OLD, true);
        assert!(!rig.open.contains(&X));
        assert_eq!(given(&rig, FIRST) + given(&rig, SECOND), 0);
    }
}

#[test]
fn what_is_refused_goes_to_another() {
    for progress in [SENDING, HANDED] {
        let (mut rig, socket) = scene(PLAIN);
        inherit(&mut rig, socket, progress);
        answer(&mut rig, FIRST, OLD, false);
        assert_eq!((given(&rig, FIRST), given(&rig, SECOND)), (0, 1));
    }
}

#[test]
fn an_answer_that_was_read_too_early_counts() {
    for (progress, accepted) in [(SENDING, true), (HANDED, true), (SENDING, false)] {
        let (mut rig, socket) = scene(PLAIN);
        answer(&mut rig, FIRST, OLD, accepted);
        inherit(&mut rig, socket, progress);
        assert_eq!(rig.open.contains(&X), !accepted);
        assert_eq!(given(&rig, SECOND), usize::from(!accepted));
    }
}

#[test]
fn what_was_not_sent_is_handed_on_when_the_probe_is_answered() {
    let (mut rig, socket) = scene(PLAIN);
    inherit(&mut rig, socket, SENDING);
    rig.answer_oldest(FIRST, true);
    assert_eq!(given(&rig, FIRST) + given(&rig, SECOND), 1);
}

#[test]
fn a_probe_that_did_not_arrive_is_repeated() {
    let (mut rig, socket) = scene(PLAIN);
    inherit(&mut rig, socket, SENDING);
    rig.handed.clear();
    rig.say(FIRST, r#"{"cmd":"NODE_HANDLE_NACK"}"#);
    assert_eq!(rig.count(FIRST), 0);
    rig.pass(AGAIN_MS);
    let (seq, _) = rig.handed.get_mut(&FIRST).unwrap().remove(0);
    rig.primary.not_probed(FIRST, seq);
    rig.pass(AGAIN_MS);
    assert_eq!(rig.count(FIRST), 1);
    rig.answer_oldest(FIRST, true);
    assert_eq!(given(&rig, FIRST) + given(&rig, SECOND), 1);
}

#[test]
fn what_was_sent_and_answered_is_closed_when_the_probe_is_answered() {
    let (mut rig, socket) = scene(PLAIN);
    inherit(&mut rig, socket, HANDED);
    rig.answer_oldest(FIRST, true);
    assert!(!rig.open.contains(&X));
    assert_eq!(given(&rig, FIRST) + given(&rig, SECOND), 0);
}

#[test]
fn what_a_dead_worker_had_goes_to_another() {
    for progress in [SENDING, HANDED] {
        let (mut rig, socket) = scene(PLAIN);
        rig.primary.gone(FIRST);
        inherit(&mut rig, socket, progress);
        assert_eq!(given(&rig, SECOND), 1);

        let (mut rig, socket) = scene(PLAIN);
        inherit(&mut rig, socket, progress);
        rig.primary.closed(FIRST);
        rig.carry_out();
        assert_eq!(given(&rig, SECOND), 1);
    }
}

#[test]
fn a_worker_leaves_only_when_it_has_answered() {
    let (mut rig, socket) = scene(PLAIN);
    inherit(&mut rig, socket, HANDED);
    rig.primary.drain(FIRST);
    rig.carry_out();
    assert_eq!(rig.lines(FIRST, "disconnect"), 0);
    answer(&mut rig, FIRST, OLD, true);
    assert_eq!(rig.lines(FIRST, "disconnect"), 1);
}

#[test]
fn what_is_inherited_takes_no_room() {
    let (mut rig, socket) = scene(PLAIN);
    let before = rig.primary.room(socket);
    inherit(&mut rig, socket, HANDED);
    assert_eq!(rig.primary.room(socket), before);
}

#[test]
fn connections_of_a_listener_that_is_gone_are_closed() {
    for progress in [Progress::Accepted, SENDING] {
        let (mut rig, socket) = scene(PLAIN);
        inherit(&mut rig, SocketId(socket.0 + 1), progress);
        assert!(!rig.open.contains(&X));
    }
}
