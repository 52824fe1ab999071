//! What holds whatever happens.

use super::rig::{PLAIN, PROBE, Rig};
use super::{Primary, Progress};
use crate::output::{ConnectionId, SocketId, WorkerId};
use crate::worker::{Options, Phase, Policy};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::IpAddr;

#[derive(Clone, Debug)]
enum Step {
    Join { slot: u32, options: Options },
    Query { worker: u64, port: u16 },
    Connect { socket: usize, peer: u8 },
    Answer { worker: u64, accepted: bool },
    Acknowledge { worker: u64, arrived: bool },
    Blocked { worker: u64, blocked: bool },
    NotHanded { worker: u64 },
    Torn { worker: u64 },
    Send { worker: u64, len: usize },
    Drain { worker: u64 },
    Close { worker: u64, listener: u32 },
    Leave { worker: u64 },
    Closed { worker: u64 },
    Gone { worker: u64 },
    BindErrno(i32),
    Pass { ms: u64 },
    AppGone,
    Successor,
    Noise { worker: u64, line: Vec<u8> },
}

fn options() -> impl Strategy<Value = Options> {
    let policy = prop_oneof![
        4 => Just(Policy::RoundRobin), 1 => Just(Policy::Shared), 1 => Just(Policy::ReusePort)
    ];
    (policy, 1..4_u32, prop::bool::weighted(0.2)).prop_map(|(policy, window, sticky)| Options {
        policy,
        window,
        sticky,
        ..PLAIN
    })
}

fn step() -> impl Strategy<Value = Step> {
    let worker = 1..8_u64;
    prop_oneof![
        4 => (0..4_u32, options()).prop_map(|(slot, options)| Step::Join { slot, options }),
        6 => (worker.clone(), 80..83_u16).prop_map(|(worker, port)| Step::Query { worker, port }),
        20 => (0..6_usize, any::<u8>()).prop_map(|(socket, peer)| Step::Connect { socket, peer }),
        16 => (worker.clone(), prop::bool::weighted(0.8))
            .prop_map(|(worker, accepted)| Step::Answer { worker, accepted }),
        8 => (worker.clone(), prop::bool::weighted(0.8))
            .prop_map(|(worker, arrived)| Step::Acknowledge { worker, arrived }),
        2 => (worker.clone(), any::<bool>())
            .prop_map(|(worker, blocked)| Step::Blocked { worker, blocked }),
        2 => worker.clone().prop_map(|worker| Step::NotHanded { worker }),
        1 => worker.clone().prop_map(|worker| Step::Torn { worker }),
        1 => (worker.clone(), 0..90_000_usize)
            .prop_map(|(worker, len)| Step::Send { worker, len }),
        2 => worker.clone().prop_map(|worker| Step::Drain { worker }),
        2 => (worker.clone(), 1..6_u32)
            .prop_map(|(worker, listener)| Step::Close { worker, listener }),
        1 => worker.clone().prop_map(|worker| Step::Leave { worker }),
        1 => worker.clone().prop_map(|worker| Step::Closed { worker }),
        2 => worker.clone().prop_map(|worker| Step::Gone { worker }),
        1 => prop_oneof![Just(0), Just(98), Just(13)].prop_map(Step::BindErrno),
        3 => (0..6000_u64).prop_map(|ms| Step::Pass { ms }),
        1 => Just(Step::AppGone),
        1 => Just(Step::Successor),
        1 => (worker, prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(worker, line)| Step::Noise { worker, line }),
    ]
}

/// The world that the steps are tried on.
struct World {
    rig: Rig,
    joined: Vec<(u64, u32, Options)>,
    next: u64,
    lives: u64,
}

impl World {
    /// The worker that a number of the script means: the newest few, and one that never was.
    fn worker(&self, number: u64) -> WorkerId {
        WorkerId(self.next.saturating_sub(number))
    }

    fn act(&mut self, step: Step) {
        let rig = &mut self.rig;
        match step {
            Step::Join { slot, options } => {
                rig.worker(self.next, slot, options);
                self.joined.push((self.next, slot, options));
                self.next += 1;
            }
            Step::Query { worker, port } => {
                let worker = self.worker(worker);
                self.rig.query(worker, port);
            }
            Step::Connect { socket, peer } => {
                let Some(socket) = rig.sockets.keys().nth(socket).copied() else {
                    return;
                };
                let sticky = rig.primary.wants_peer(socket);
                let peer = sticky.then(|| IpAddr::from([10, 0, 0, peer]));
                if let Some(connection) = rig.connect_to(socket, peer)
                    && !sticky
                {
                    let mut handed = rig.handed.values().flatten();
                    assert!(handed.any(|own| own.1 == connection), "accepted without room");
                }
            }
            Step::Answer { worker, accepted } => {
                let worker = self.worker(worker);
                self.rig.answer_oldest(worker, accepted);
            }
            other => self.act_rarely(other),
        }
    }

    fn act_rarely(&mut self, step: Step) {
        match step {
            Step::Acknowledge { worker, arrived } => {
                let worker = self.worker(worker);
                let word = if arrived { "ACK" } else { "NACK" };
                self.rig.say(worker, &format!(r#"{{"cmd":"NODE_HANDLE_{word}"}}"#));
            }
            Step::Blocked { worker, blocked } => {
                self.rig.primary.blocked(self.worker(worker), blocked);
            }
            Step::NotHanded { worker } => {
                let worker = self.worker(worker);
                let handed = self.rig.handed.get_mut(&worker);
                let last = handed.and_then(|own| own.pop_if(|(_, own)| *own != PROBE));
                if let Some((seq, _)) = last {
                    self.rig.primary.blocked(worker, true);
                    self.rig.primary.not_handed(worker, seq);
                }
            }
            Step::Torn { worker } => self.rig.primary.torn(self.worker(worker)),
            Step::Send { worker, len } => {
                let worker = self.worker(worker);
                self.rig.primary.send(worker, &format!("\"{}\"", "x".repeat(len)));
            }
            Step::Drain { worker } => self.rig.primary.drain(self.worker(worker)),
            Step::Close { worker, listener } => {
                let line = format!(
                    r#"{{"cmd":"NODE_CLUSTER","act":"close","key":"k{listener}","seq":1}}"#
                );
                self.rig.say(self.worker(worker), &line);
            }
            Step::Leave { worker } => {
                let line = r#"{"cmd":"NODE_CLUSTER","act":"exitedAfterDisconnect","seq":5}"#;
                self.rig.say(self.worker(worker), line);
            }
            Step::Closed { worker } => self.rig.primary.closed(self.worker(worker)),
            Step::Gone { worker } => self.gone(self.worker(worker)),
            Step::BindErrno(errno) => self.rig.bind_errno = errno,
            Step::Pass { ms } => self.rig.pass(ms),
            Step::AppGone => self.rig.primary.app_gone("app"),
            Step::Successor => self.succeed(),
            Step::Noise { worker, line } => {
                let worker = self.worker(worker);
                self.rig.primary.handles(worker, 1);
                self.rig.primary.line(worker, &line);
            }
            Step::Join { .. } | Step::Query { .. } | Step::Connect { .. } | Step::Answer { .. } => {
            }
        }
        self.rig.carry_out();
    }

    fn gone(&mut self, worker: WorkerId) {
        self.rig.primary.gone(worker);
        self.joined.retain(|own| own.0 != worker.0);
    }

    /// Another primary takes over, and the connections that were with this one.
    fn succeed(&mut self) {
        let text = serde_json::to_string(&self.rig.primary.records()).unwrap();
        self.lives += 1;
        let primary = Primary::new(self.lives * 1_000_000_000, 32768..=60999);
        let mut rig = Rig::with(primary);
        rig.now_ms = self.rig.now_ms;
        rig.next_connection = self.rig.next_connection;
        rig.bind_errno = self.rig.bind_errno;
        for (id, slot, options) in &self.joined {
            rig.worker(*id, *slot, *options);
        }
        rig.sockets = std::mem::take(&mut self.rig.sockets);
        let sockets: Vec<_> = rig.sockets.keys().copied().collect();
        let strays = rig.primary.restore(serde_json::from_str(&text).unwrap(), &sockets);
        assert!(strays.is_empty(), "sockets of nobody: {strays:?}");
        rig.pass(0);
        let before = std::mem::replace(&mut self.rig, rig);
        self.inherit(&before);
    }

    /// The predecessor may have been killed at any moment, so of some connections it was about to
    /// say more than it did. What a worker has been sent is answered later, in its order.
    fn inherit(&mut self, before: &Rig) {
        let mut left = Vec::new();
        for (worker, own) in &before.primary.workers {
            let inherited = own.inherited.iter().map(|own| (own.seq, own.connection, true));
            let unanswered = own.unanswered.iter().map(|(seq, own)| (*seq, *own, false));
            for (seq, connection, again) in inherited.chain(unanswered) {
                let (worker, reached) = (*worker, self.reached(before, (*worker, seq), again));
                let progress = if again || (reached && seq % 2 == 0) {
                    Progress::Handed { worker, seq }
                } else {
                    Progress::Sending { worker, seq }
                };
                left.push((connection, progress));
            }
        }
        for listener in before.primary.listeners.values() {
            left.extend(listener.waiting.iter().map(|own| (*own, Progress::Accepted)));
        }
        for (connection, progress) in left {
            self.rig.open.insert(connection);
            let own = before.primary.connections[connection.0 as usize].as_ref().unwrap();
            let listener = before.primary.listeners.get(&own.listener);
            let socket = listener.map_or(SocketId(0), |own| own.sockets[0].id);
            self.rig.primary.inherit(socket, connection, own.peer, progress);
        }
        self.rig.carry_out();
    }

    /// Whether a worker has been sent a connection: all but some of the last ones.
    fn reached(&mut self, before: &Rig, (worker, seq): (WorkerId, u64), again: bool) -> bool {
        let sent = before.handed.get(&worker).into_iter().flatten();
        let Some(own) = sent.copied().find(|own| own.0 == seq) else {
            return false;
        };
        let reached = again || seq % 3 != 0;
        if reached {
            self.rig.handed.entry(worker).or_default().push(own);
        }
        reached
    }

    fn check(&self) {
        let primary = &self.rig.primary;
        let mut owners: BTreeMap<ConnectionId, usize> = BTreeMap::new();
        for (id, worker) in &primary.workers {
            let options = worker.cluster.unwrap();
            assert!(worker.unanswered.len() <= options.window as usize, "window of {id:?}");
            if worker.phase == Phase::Closed {
                assert!(worker.unanswered.is_empty(), "left with the dead");
            }
            let inherited = worker.inherited.iter().map(|own| own.connection);
            for connection in worker.unanswered.iter().map(|own| own.1).chain(inherited) {
                *owners.entry(connection).or_default() += 1;
            }
        }
        for listener in primary.listeners.values() {
            for connection in &listener.waiting {
                *owners.entry(*connection).or_default() += 1;
            }
            for holder in &listener.holders {
                assert!(primary.workers.contains_key(&holder.worker), "held by a stranger");
            }
        }
        let waiting: usize = primary.listeners.values().map(|own| own.waiting.len()).sum();
        assert_eq!(waiting, primary.waiting);
        assert!(owners.values().all(|count| *count == 1), "two owners: {owners:?}");
        assert!(owners.keys().eq(&self.rig.open), "{owners:?} and {:?}", self.rig.open);
    }
}

proptest! {
    #[test]
    fn every_connection_has_one_owner_and_an_end(
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut world = World { rig: Rig::new(), joined: Vec::new(), next: 1, lives: 0 };
        for step in steps {
            world.act(step);
            world.check();
        }
        for id in 0..world.next {
            world.gone(WorkerId(id));
            world.rig.carry_out();
            world.check();
        }
        world.rig.primary.app_gone("app");
        world.rig.carry_out();
        prop_assert!(world.rig.open.is_empty(), "left over: {:?}", world.rig.open);
        prop_assert!(world.rig.sockets.is_empty(), "left over: {:?}", world.rig.sockets);
    }

    #[test]
    fn what_waits_is_handed_on_as_soon_as_there_is_room(
        options in options(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut world = World { rig: Rig::new(), joined: Vec::new(), next: 1, lives: 0 };
        for step in steps {
            world.act(step);
        }
        // A worker that takes everything: nothing may be left after a while.
        let rig = &mut world.rig;
        rig.bind_errno = 0;
        let fresh = rig.worker(world.next, 0, options);
        for port in 80..83 {
            rig.query(fresh, port);
        }
        for id in 0..world.next {
            rig.primary.gone(WorkerId(id));
            rig.carry_out();
        }
        for _ in 0..2000 {
            rig.acknowledge(fresh);
            if rig.answer_oldest(fresh, true).is_none() {
                rig.pass(10);
            }
        }
        prop_assert!(rig.open.is_empty(), "left over: {:?}", rig.open);
    }
}
