//! A thread that goes on where another stopped.

use crate::http::{Load, get, spread};
use crate::world::{Start, World, free_port, policy, start};
use rpm_core::spec::{ClusterOptions, ClusterPolicy};
use rpm_daemon::channels::Safe;
use rpm_sys::guard::Mark;
use std::io::{IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

#[test]
fn workers_go_on_and_can_be_replaced() {
    for of in [ClusterPolicy::Rr, ClusterPolicy::Shared, ClusterPolicy::ReusePort] {
        let port = free_port();
        let mut world = World::new();
        let one = |slot| Start { slot, options: policy(of), ..start("web.js", port) };
        world.app(2, one);
        let before = world.pids();
        let load = Load::start(port, "/", 6, true, Duration::ZERO);
        load.wait(50);
        for _ in 0..3 {
            world.take_over();
            load.wait(50);
        }
        load.stop_lossless();
        assert_eq!(world.pids(), before);
        let load = Load::start(port, "/", 6, false, Duration::ZERO);
        for slot in 0..2 {
            let oldest = *world.runs.keys().next().unwrap();
            world.replace(oldest, one(slot));
        }
        load.wait(20);
        load.stop_lossless();
        world.channels.app_gone("app".to_owned());
        world.eventually("the sockets are given up", |world| world.held() == 0);
    }
}

#[test]
fn a_drain_that_was_begun_is_finished() {
    let port = free_port();
    let mut world = World::new();
    world.app(2, |slot| Start { slot, ..start("web.js", port) });
    let first = *world.runs.keys().next().unwrap();
    world.channels.drain(first);
    world.take_over();
    world.await_told(first, "disconnected");
    assert!(world.end(first, None).success());
    get(port, "/").unwrap();
}

#[test]
fn sockets_of_nobody_are_given_up() {
    let port = free_port();
    let mut world = World::new();
    let run = world.spawn(start("web.js", port));
    world.await_told(run, "ready");
    assert_eq!(spread(port, 2).len(), 1);
    world.take_over();
    world.end(run, Some(9));
    // The app still exists: its listener is kept for the next run.
    let next = world.spawn(start("web.js", port));
    world.await_told(next, "ready");
    assert_eq!(world.held(), 1);
    get(port, "/").unwrap();
}

/// Leaves a connection in a safe, as a guard does. Returns the client's end.
fn leave(safe: &Safe, kind: u64, words: [u64; 3]) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    let bytes = Mark { kind, words }.to_bytes();
    rpm_sys::seqpacket::send(&safe.inlet, &[IoSlice::new(&bytes)], &[server.as_fd()]).unwrap();
    client
}

fn answer(mut client: TcpStream) -> String {
    client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut text = String::new();
    client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok();
    client.read_to_string(&mut text).ok();
    text
}

#[test]
fn connections_that_were_left_are_handed_on() {
    const ACCEPTED: u64 = 1;
    const SENDING: u64 = 2;
    const HANDED: u64 = 3;
    for sticky in [false, true] {
        let port = free_port();
        let options = ClusterOptions { sticky, ..ClusterOptions::default() };
        let mut world = World::new();
        world.app(2, |slot| Start { slot, options: options.clone(), ..start("web.js", port) });
        let (key, worker) = (world.held_keys()[0], world.runs.keys().next().unwrap().0);
        let safe = Safe::new().unwrap();
        let mut clients = vec![
            leave(&safe, ACCEPTED, [key, 0, 0]),
            leave(&safe, SENDING, [key, worker, 3]),
            leave(&safe, SENDING, [key, 1 << 20, 4]),
        ];
        let answered = leave(&safe, HANDED, [key, worker, 5]);
        let unknown = leave(&safe, 99, [key, worker, 6]);
        let stranger = leave(&safe, ACCEPTED, [key + 1, 0, 0]);
        world.take_over_with(Some(safe.try_clone().unwrap()));
        // A guard may be late.
        clients.push(leave(&safe, SENDING, [key, worker, 7]));
        for (which, client) in clients.into_iter().enumerate() {
            let answer = answer(client);
            assert!(answer.starts_with("HTTP/1.1 200"), "{which}: {answer:?}");
        }
        // Closed, as somebody has them, or nobody ever will.
        for client in [answered, unknown, stranger] {
            assert_eq!(answer(client), "");
        }
    }
}
