//! Binding.

use super::*;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;

fn any(port: u16) -> Inet {
    Inet { address: None, port, v6_only: false, sharing: Sharing::Alone, reuse_address: true }
}

fn shared(sharing: Sharing, port: u16) -> Inet {
    Inet { sharing, ..any(port) }
}

fn port_of(socket: &OwnedFd) -> u16 {
    local_address(socket).unwrap().unwrap().port()
}

#[test]
fn every_address_is_both_families() {
    let socket = tcp(any(0), 16).unwrap();
    let port = port_of(&socket);
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    let taken = tcp(any(port), 16).unwrap_err();
    assert_eq!(taken.raw_os_error(), Some(Errno::ADDRINUSE.raw_os_error()));
}

#[test]
fn reuse_is_mutual() {
    let socket = tcp(shared(Sharing::Beside, 0), 16).unwrap();
    let port = port_of(&socket);
    tcp(shared(Sharing::Beside, port), 16).unwrap();
    assert!(tcp(any(port), 16).is_err());
}

#[test]
fn the_first_finds_strangers_and_lets_others_in() {
    let stranger = tcp(shared(Sharing::Beside, 0), 16).unwrap();
    let taken = tcp(shared(Sharing::First, port_of(&stranger)), 16).unwrap_err();
    assert_eq!(taken.raw_os_error(), Some(Errno::ADDRINUSE.raw_os_error()));
    for bind in [|inet| tcp(inet, 16), udp] {
        let first = bind(shared(Sharing::First, 0)).unwrap();
        let port = port_of(&first);
        let second = bind(shared(Sharing::Beside, port)).unwrap();
        drop(first);
        bind(shared(Sharing::Beside, port)).unwrap();
        drop(second);
    }
}

#[test]
fn connections_are_spread_over_the_first_too() {
    let first = tcp(shared(Sharing::First, 0), 64).unwrap();
    let port = port_of(&first);
    let second = tcp(shared(Sharing::Beside, port), 64).unwrap();
    let clients: Vec<_> =
        (0..64).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    let [first, second] = [first, second].map(|socket| {
        let listener = TcpListener::from(socket);
        std::iter::from_fn(|| listener.accept().ok()).count()
    });
    assert_eq!(first + second, clients.len());
    assert!(first > 0 && second > 0, "{first} and {second}");
}

#[test]
fn zones_are_numbers_or_names() {
    assert_eq!(parse_address("127.0.0.1", 80).unwrap(), "127.0.0.1:80".parse().unwrap());
    assert_eq!(parse_address("fe80::1%1", 80).unwrap().to_string(), "[fe80::1%1]:80");
    assert_eq!(parse_address("fe80::1%lo", 80).unwrap().to_string(), "[fe80::1%1]:80");
    assert!(parse_address("localhost", 80).is_err());
}

#[test]
fn a_stale_path_is_taken_and_a_live_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    drop(unix(&path, 16, Mode::empty()).unwrap());
    assert!(path.exists());
    let _live = unix(&path, 16, path_mode(true, true)).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o666, 0o666);
    let taken = unix(&path, 16, Mode::empty()).unwrap_err();
    assert_eq!(taken.raw_os_error(), Some(Errno::ADDRINUSE.raw_os_error()));
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_path_may_be_long() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("d".repeat(90));
    std::fs::create_dir(&deep).unwrap();
    let path = deep.join("socket");
    assert!(path.as_os_str().len() > UNIX_PATH_MAX);
    let _socket = unix(&path, 16, Mode::empty()).unwrap();
    assert!(path.exists());
}

#[test]
fn another_process_gives_its_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = take(std::process::id(), listener.as_raw_fd(), 16).unwrap();
    assert_eq!(local_address(&taken).unwrap(), listener.local_addr().ok());
    assert!(take(std::process::id(), 9999, 16).is_err());
}
