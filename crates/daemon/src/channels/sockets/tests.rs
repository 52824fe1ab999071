//! Binding while processes are spawned.

use super::*;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

fn tcp(port: u16, first: bool) -> Bind {
    let to = BindTo::Tcp { address: Some("127.0.0.1".to_owned()), port, v6_only: false };
    Bind { to, reuse_port: true, first, backlog: 16 }
}

/// A process that is being spawned has copies of all descriptors until it executes its program.
#[test]
fn the_sockets_of_a_port_are_bound_while_others_spawn() {
    let end = AtomicBool::new(false);
    let refused = std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !end.load(Ordering::Relaxed) {
                    Command::new("/bin/true").status().unwrap();
                }
            });
        }
        // Neither the range of outgoing connections nor that of other tests.
        let refused: Vec<u16> = (12_000..16_000)
            .filter(|port| {
                let first = bind(&tcp(*port, true), None);
                first.is_err() || bind(&tcp(*port, false), None).is_err()
            })
            .collect();
        end.store(true, Ordering::Relaxed);
        refused
    });
    // Somebody may listen there.
    assert!(refused.len() < 3, "{refused:?}");
}
