//! Ports that no other test uses.

use std::fs::{self, File};
use std::net::TcpListener;
use std::sync::Mutex;

/// Below the range that the system takes ports of outgoing connections from, so that none of these
/// is taken by a client in between.
const RANGE: std::ops::Range<u16> = 20_000..29_900;

/// The locks of this process's ports; held until it ends.
static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port that is free and that no test running beside this one will be given.
pub fn free_port() -> u16 {
    let folder = std::env::temp_dir().join("rpm-tests-ports");
    fs::create_dir_all(&folder).unwrap();
    let span = u32::from(RANGE.end - RANGE.start);
    let mut held = HELD.lock().unwrap();
    let first = std::process::id().wrapping_mul(37).wrapping_add(held.len().try_into().unwrap());
    for step in 0..span {
        let port = RANGE.start + u16::try_from(first.wrapping_add(step) % span).unwrap();
        let lock = File::create(folder.join(port.to_string())).unwrap();
        if lock.try_lock().is_ok() && TcpListener::bind(("0.0.0.0", port)).is_ok() {
            held.push(lock);
            return port;
        }
    }
    panic!("all ports are taken");
}
