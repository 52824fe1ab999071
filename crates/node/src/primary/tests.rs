//! Scenes.

use super::rig::{PLAIN, Rig};
use crate::output::{BindTo, News, WorkerId};
use crate::worker::{Join, Options, Policy, Runtime};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::IpAddr;

const PORT: u16 = 3000;

/// Workers in slots 0, 1, … that hold one listener.
fn serving(rig: &mut Rig, count: u64, options: Options) -> Vec<WorkerId> {
    let start = |own| {
        let slot = u32::try_from(own).unwrap();
        let worker = rig.worker(own + 1, slot, options);
        rig.query(worker, PORT);
        if options.policy != Policy::RoundRobin {
            rig.acknowledge(worker);
        }
        worker
    };
    (0..count).map(start).collect()
}

fn policy(policy: Policy) -> Options {
    Options { policy, ..PLAIN }
}

#[test]
fn a_worker_is_told_where_it_listens_and_all_share_the_data() {
    let mut rig = Rig::new();
    let (one, two) = (rig.worker(1, 0, PLAIN), rig.worker(2, 1, PLAIN));
    let members = |keys: &str| {
        json!({
            "port": PORT, "addressType": 4, "address": null, "data": { "ticketKeys": keys },
        })
    };
    let first = rig.query_with(one, members("aa"));
    let second = rig.query_with(two, members("bb"));
    for (worker, seq) in [(one, first), (two, second)] {
        let answer = rig.answer(worker, seq);
        assert_eq!(answer["errno"], Value::Null);
        assert_eq!(answer["data"]["ticketKeys"], "aa");
        assert_eq!(answer["sockname"]["port"], PORT);
    }
    assert_eq!(rig.binds, 1);
}

#[test]
fn a_server_more_on_the_same_port_is_refused() {
    let mut rig = Rig::new();
    let worker = serving(&mut rig, 1, PLAIN)[0];
    let again = rig.query(worker, PORT);
    assert_eq!(rig.answer(worker, again)["errno"], -98);
    // On any port, it is another server.
    let any = |index: u32| json!({ "port": 0, "addressType": 4, "address": null, "index": index });
    let (first, second) = (rig.query_with(worker, any(0)), rig.query_with(worker, any(1)));
    assert_eq!(rig.answer(worker, first)["errno"], Value::Null);
    assert_eq!(rig.answer(worker, second)["errno"], Value::Null);
    assert_eq!(rig.binds, 3);
}

#[test]
fn a_port_of_an_outgoing_connection_is_waited_for() {
    let mut rig = Rig::new();
    rig.bind_errno = 98;
    let worker = rig.worker(1, 0, PLAIN);
    let low = rig.query(worker, 3000);
    assert_eq!(rig.answer(worker, low)["errno"], -98);
    let high = rig.query(worker, 40000);
    for _ in 0..20 {
        rig.pass(100);
    }
    assert!(rig.binds > 10);
    rig.bind_errno = 0;
    rig.pass(100);
    assert_eq!(rig.answer(worker, high)["errno"], Value::Null);
    rig.bind_errno = 98;
    let taken = rig.query(worker, 50000);
    for _ in 0..40 {
        rig.pass(100);
    }
    assert_eq!(rig.answer(worker, taken)["errno"], -98);
    // Another app of ours does not let go of it.
    let own = rig.primary.listeners.len();
    let tried = rig.binds;
    let again = rig.query_with(worker, json!({ "port": PORT, "addressType": 6, "address": "::" }));
    assert_eq!(rig.answer(worker, again)["errno"], -98);
    assert_eq!((rig.primary.listeners.len(), rig.binds), (own, tried + 1));
}

#[test]
fn turns_and_windows() {
    let mut rig = Rig::new();
    let workers = serving(&mut rig, 2, PLAIN);
    for _ in 0..4 {
        assert!(rig.connect().is_some());
    }
    assert_eq!(workers.iter().map(|own| rig.count(*own)).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(rig.connect(), None, "no room");
    rig.acknowledge(workers[0]);
    rig.answer_oldest(workers[0], true);
    assert!(rig.connect().is_some());
    assert_eq!(rig.count(workers[0]), 2);
    assert_eq!(rig.open.len(), 4);
}

#[test]
fn what_a_worker_refuses_another_takes() {
    let mut rig = Rig::new();
    let workers = serving(&mut rig, 2, PLAIN);
    let connection = rig.connect().unwrap();
    let first = *workers.iter().find(|own| rig.count(**own) == 1).unwrap();
    let second = *workers.iter().find(|own| **own != first).unwrap();
    assert_eq!(rig.answer_oldest(first, false), Some(connection));
    assert_eq!((rig.count(first), rig.count(second)), (0, 1));
    // When all refuse, it waits a little, and nothing else is accepted.
    assert_eq!(rig.answer_oldest(second, false), Some(connection));
    assert_eq!((rig.count(first), rig.count(second)), (0, 0));
    assert_eq!(rig.connect(), None);
    rig.pass(9);
    assert_eq!((rig.count(first), rig.count(second)), (0, 0));
    rig.pass(1);
    assert_eq!(rig.count(first) + rig.count(second), 1);
    assert!(rig.open.contains(&connection));
}

#[test]
fn a_dead_workers_connections_go_to_others() {
    let mut rig = Rig::new();
    let workers = serving(&mut rig, 2, PLAIN);
    for _ in 0..4 {
        rig.connect().unwrap();
    }
    rig.primary.gone(workers[0]);
    rig.carry_out();
    assert_eq!(rig.count(workers[1]), 2, "its window is full");
    assert_eq!(rig.connect(), None, "two wait already");
    rig.answer_oldest(workers[1], true);
    assert_eq!(rig.count(workers[1]), 2);
    rig.answer_oldest(workers[1], true);
    rig.answer_oldest(workers[1], true);
    rig.answer_oldest(workers[1], true);
    assert!(rig.open.is_empty());
}

#[test]
fn lost_descriptors() {
    let mut rig = Rig::new();
    let workers = serving(&mut rig, 2, PLAIN);
    rig.connect().unwrap();
    let first = *workers.iter().find(|own| rig.count(**own) == 1).unwrap();
    let second = *workers.iter().find(|own| **own != first).unwrap();
    rig.handed.clear();
    rig.say(first, r#"{"cmd":"NODE_HANDLE_NACK"}"#);
    assert_eq!(rig.count(second), 1);
    rig.connect().unwrap();
    assert_eq!((rig.count(first), rig.count(second)), (0, 2), "it is left alone");
    rig.pass(100);
    rig.connect().unwrap();
    assert_eq!(rig.count(first), 1);
}

#[test]
fn a_lost_socket_is_sent_again_and_then_given_up() {
    let mut rig = Rig::new();
    let worker = rig.worker(1, 0, policy(Policy::Shared));
    let seq = rig.query(worker, PORT);
    for _ in 0..4 {
        assert_eq!(rig.answer(worker, seq)["errno"], 0);
        rig.sent.clear();
        rig.say(worker, r#"{"cmd":"NODE_HANDLE_NACK"}"#);
    }
    assert_eq!(rig.answer(worker, seq)["errno"], -24);
}

#[test]
fn descriptors_do_not_follow_one_another_over_a_long_message() {
    let mut rig = Rig::new();
    let worker = serving(&mut rig, 1, Options { window: 8, ..PLAIN })[0];
    rig.primary.send(worker, &format!("\"{}\"", "x".repeat(70_000)));
    rig.carry_out();
    assert!(rig.connect().is_some());
    assert_eq!(rig.connect(), None, "the first is not acknowledged");
    rig.acknowledge(worker);
    for _ in 0..7 {
        assert!(rig.connect().is_some());
    }
    assert_eq!(rig.connect(), None);
}

#[test]
fn draining_waits_for_answers_and_then_says_so() {
    let mut rig = Rig::new();
    let workers = serving(&mut rig, 2, PLAIN);
    for _ in 0..4 {
        rig.connect().unwrap();
    }
    let old = workers[0];
    rig.primary.drain(old);
    rig.carry_out();
    assert_eq!(rig.lines(old, "disconnect"), 0);
    rig.answer_oldest(old, true);
    rig.answer_oldest(old, false);
    let drained = (rig.lines(old, "NODE_RPM_DRAIN"), rig.lines(old, "disconnect"));
    assert_eq!(drained, (1, 1));
    assert_eq!(rig.count(old), 0);
    rig.primary.closed(old);
    rig.carry_out();
    assert_eq!(rig.news.last(), Some(&(old, News::Disconnected)));
    rig.primary.gone(old);
    rig.carry_out();
    assert_eq!(rig.sockets.len(), 1);
    assert_eq!(rig.news.iter().filter(|own| own.1 == News::Disconnected).count(), 1);
}

#[test]
fn a_listener_outlives_its_workers_and_goes_with_the_app() {
    let mut rig = Rig::new();
    let worker = rig.worker(1, 0, PLAIN);
    rig.query_with(worker, json!({ "port": -1, "addressType": -1, "address": "/run/app" }));
    let socket = *rig.sockets.keys().next().unwrap();
    let BindTo::Unix { path, .. } = &rig.sockets[&socket].to else {
        panic!("{:?}", rig.sockets);
    };
    assert_eq!(path, "/run/app");
    rig.primary.gone(worker);
    rig.carry_out();
    assert_eq!((rig.sockets.len(), rig.primary.room(socket)), (1, 0));
    rig.primary.app_gone("app");
    rig.carry_out();
    assert!(rig.sockets.is_empty());
    assert_eq!(rig.unlinked, ["/run/app"]);
}

#[test]
fn a_server_that_its_app_closes_goes_after_a_while() {
    let mut rig = Rig::new();
    let close = r#"{"cmd":"NODE_CLUSTER","act":"close","key":"k1","seq":8}"#;
    let listening = r#"{"cmd":"NODE_CLUSTER","act":"listening","seq":7}"#;
    let worker = serving(&mut rig, 1, PLAIN)[0];
    rig.say(worker, listening);
    rig.say(worker, close);
    rig.query(worker, PORT);
    rig.pass(5000);
    assert_eq!(rig.sockets.len(), 1, "it was opened again");
    rig.say(worker, close);
    rig.pass(5000);
    assert_eq!(rig.sockets.len(), 0);
    // One that leaves is about to be replaced.
    rig.query(worker, PORT);
    let leaving = close.replace("k1", "k2");
    rig.say(worker, &leaving);
    rig.primary.gone(worker);
    rig.pass(5000);
    assert_eq!(rig.sockets.len(), 1);
}

#[test]
fn workers_that_accept_by_themselves() {
    let mut rig = Rig::new();
    let workers = serving(&mut rig, 3, policy(Policy::ReusePort));
    assert_eq!(rig.sockets.len(), 3);
    assert_eq!(rig.sockets.values().filter(|bind| bind.first).count(), 1);
    let sockets: Vec<_> = rig.sockets.keys().copied().collect();
    assert!(sockets.iter().all(|socket| rig.primary.room(*socket) == 0));
    rig.primary.gone(workers[1]);
    rig.carry_out();
    let rooms: Vec<usize> = sockets.iter().map(|socket| rig.primary.room(*socket)).collect();
    assert_eq!(rooms, [0, 4, 0], "the others serve the orphaned slot");
    let next = rig.worker(9, 1, policy(Policy::ReusePort));
    rig.query(next, PORT);
    assert_eq!(rig.primary.room(sockets[1]), 0);
    assert_eq!(rig.sockets.len(), 3);
}

#[test]
fn datagrams_and_strange_runtimes() {
    let mut rig = Rig::new();
    let worker = rig.worker(1, 0, PLAIN);
    let seq = rig.query_with(worker, json!({ "port": 53, "addressType": "udp4", "fd": -1 }));
    assert_eq!(rig.answer(worker, seq)["errno"], 0);
    assert_eq!(rig.sent[&worker].last().unwrap()["type"], "dgram.Native");
    let deno = Options { runtime: Runtime::Deno, ..policy(Policy::Shared) };
    let deno = rig.worker(2, 0, deno);
    let seq = rig.query(deno, PORT);
    assert_eq!(rig.answer(deno, seq)["errno"], Value::Null);
    let bun = rig.worker(3, 0, Options { runtime: Runtime::Bun, ..PLAIN });
    rig.say(bun, "\u{2}{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\"}");
    rig.say(bun, "\u{2}{\"cmd\":\"NODE_CLUSTER\",\"act\":\"listening\",\"port\":80}");
    assert_eq!(rig.news, [(bun, News::Up), (bun, News::Listening)]);
    rig.primary.drain(bun);
    let mut line = None;
    while let Some(output) = rig.primary.next_output() {
        line = Some(output);
    }
    let Some(crate::Output::Send { line, .. }) = line else {
        panic!("{line:?}");
    };
    assert_eq!(line[0], crate::message::BUN_MARK);
}

#[test]
fn apps_talk() {
    let mut rig = Rig::new();
    let plain = WorkerId(1);
    rig.primary.add(plain, Join { app: "app".to_owned(), slot: 0, cluster: None });
    rig.say(plain, "\"ready\"");
    rig.say(plain, r#"{"cmd":"NODE_CLUSTER","act":"online","seq":0}"#);
    let handle = r#"{"cmd":"NODE_HANDLE","type":"net.Socket","msg":{"a":1}}"#;
    rig.say(plain, handle);
    rig.primary.handles(plain, 1);
    rig.say(plain, handle);
    let told = [(plain, News::Ready), (plain, News::Message(r#"{"a":1}"#.to_owned()))];
    assert_eq!(rig.news, told);
    let (nack, ack) = (rig.lines(plain, "NODE_HANDLE_NACK"), rig.lines(plain, "NODE_HANDLE_ACK"));
    assert_eq!((nack, ack), (1, 1));
    let worker = serving(&mut rig, 2, PLAIN)[1];
    rig.say(worker, r#"{"cmd":"NODE_CLUSTER","act":"exitedAfterDisconnect","seq":5}"#);
    assert_eq!(rig.sent[&worker].last().unwrap()["ack"], 5);
    let socket = *rig.sockets.keys().next().unwrap();
    for _ in 0..2 {
        rig.connect_to(socket, None);
    }
    assert_eq!(rig.count(worker), 0, "it leaves");
}

#[test]
fn sticky_addresses() {
    let mut rig = Rig::new();
    let options = Options { sticky: true, ..PLAIN };
    let workers = serving(&mut rig, 4, options);
    let socket = *rig.sockets.keys().next().unwrap();
    assert!(rig.primary.wants_peer(socket));
    let peer = |last: u8| Some(IpAddr::from([10, 0, 0, last]));
    let mut homes = Vec::new();
    for last in 0..40 {
        rig.connect_to(socket, peer(last)).unwrap();
        let home = *workers.iter().find(|own| rig.count(**own) > 0).unwrap();
        homes.push(home);
        rig.acknowledge(home);
        rig.answer_oldest(home, true);
    }
    assert_eq!(homes.iter().collect::<BTreeSet<_>>().len(), 4);
    // It waits for its worker, and others do not wait for it.
    for _ in 0..5 {
        rig.connect_to(socket, peer(0)).unwrap();
    }
    assert_eq!(rig.count(homes[0]), 2);
    let other = (0..40).find(|last| homes[usize::from(*last)] != homes[0]).unwrap();
    rig.connect_to(socket, peer(other)).unwrap();
    assert_eq!(rig.count(homes[usize::from(other)]), 1);
    for _ in 0..5 {
        rig.answer_oldest(homes[0], true).unwrap();
    }
    rig.answer_oldest(homes[usize::from(other)], true).unwrap();
    assert!(rig.open.is_empty());
}

#[test]
fn a_successor_knows_who_holds_what() {
    let mut rig = Rig::new();
    let workers = serving(&mut rig, 2, PLAIN);
    let connection = rig.connect().unwrap();
    rig.primary.drain(workers[1]);
    let text = serde_json::to_string(&rig.primary.records()).unwrap();
    let socket = *rig.sockets.keys().next().unwrap();

    let mut next = Rig::with(super::Primary::new(9_000_000, 32768..=60999));
    next.worker(1, 0, PLAIN);
    next.worker(2, 1, PLAIN);
    let stray = crate::SocketId(socket.0 + 7);
    let records = serde_json::from_str(&text).unwrap();
    let unknown = next.primary.restore(records, &[socket, stray]);
    assert_eq!(unknown, [stray]);
    next.sockets = rig.sockets.clone();
    next.carry_out();
    assert_eq!(next.lines(workers[1], "disconnect"), 1, "its drain goes on");
    // Answers to the predecessor's numbers mean nothing.
    let (seq, _) = rig.handed.values().flatten().find(|own| own.1 == connection).unwrap();
    let stale = format!(r#"{{"cmd":"NODE_CLUSTER","ack":{seq},"accepted":false,"seq":9}}"#);
    next.say(workers[0], &stale);
    next.acknowledge(workers[0]);
    assert!(next.connect().is_some());
    assert_eq!(next.count(workers[0]), 1);
    let again = next.query(workers[0], PORT);
    assert_eq!(next.answer(workers[0], again)["errno"], -98);
    let fresh = next.query(workers[0], PORT + 1);
    assert_eq!(next.answer(workers[0], fresh)["key"], "k2");
}
