//! What would be saved is saved by hand here: the process under test is not killed.

use super::*;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};

struct Scene {
    marks: Marks,
    post: Post,
    outlet: OwnedFd,
}

fn scene() -> Scene {
    let marks = Marks::new().unwrap();
    let (inlet, outlet) = seqpacket::pair().unwrap();
    Scene { marks, post: Post::new(marks, inlet).unwrap(), outlet }
}

impl Scene {
    fn saved(&self) -> Vec<(Mark, OwnedFd)> {
        self.post.save();
        let mut saved = Vec::new();
        while let Some(mark) = peek(&self.outlet).unwrap() {
            saved.push((mark, take(&self.outlet).unwrap().unwrap()));
        }
        saved
    }
}

fn local(fd: &OwnedFd) -> Option<std::net::SocketAddr> {
    crate::listen::local_address(fd).unwrap()
}

const MARK: Mark = Mark { kind: 7, words: [1, 2, 3] };

#[test]
fn what_is_marked_is_saved_with_its_mark() {
    let scene = scene();
    let (one, two) = UnixStream::pair().unwrap();
    scene.marks.write(one.as_fd(), MARK.words);
    assert!(scene.saved().is_empty(), "words without a kind are no mark");
    scene.marks.set_kind(one.as_fd(), MARK.kind);
    let saved = scene.saved();
    assert_eq!(saved.iter().map(|own| own.0).collect::<Vec<_>>(), [MARK]);
    drop((one, saved));
    scene.marks.set_kind(two.as_fd(), 0);
    assert!(scene.saved().is_empty(), "a number that is closed cannot be sent");
}

#[test]
fn what_arrived_before_it_was_marked_is_found() {
    for address in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0"] {
        let scene = scene();
        let listener = TcpListener::bind(address).unwrap();
        let other = TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        let _client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let _stranger = TcpStream::connect(other.local_addr().unwrap()).unwrap();
        scene.marks.expect(listener.as_fd(), MARK);
        assert!(scene.saved().is_empty(), "nothing is accepted yet");
        let accepted = (other.accept().unwrap(), listener.accept().unwrap());
        let saved = scene.saved();
        assert_eq!(saved.len(), 1);
        assert_eq!(saved[0].0, MARK);
        assert_eq!(local(&saved[0].1), accepted.1.0.local_addr().ok());
        drop(saved);
        // Marked in time: it is saved once.
        let connection = accepted.1.0;
        scene.marks.set_kind(connection.as_fd(), 9);
        assert_eq!(scene.saved().iter().map(|own| own.0.kind).collect::<Vec<_>>(), [9]);
        scene.marks.arrived();
        scene.marks.set_kind(connection.as_fd(), 0);
        assert!(scene.saved().is_empty());
    }
}

#[test]
fn connections_of_a_path_are_told_from_those_of_another() {
    let scene = scene();
    let folder = tempfile::tempdir().unwrap();
    let bind = |name| UnixListener::bind(folder.path().join(name)).unwrap();
    let (listener, other) = (bind("one"), bind("two"));
    let _clients = [("one"), ("two")].map(|name| UnixStream::connect(folder.path().join(name)));
    let _stranger = other.accept().unwrap();
    scene.marks.expect(listener.as_fd(), MARK);
    assert!(scene.saved().is_empty());
    let _ours = listener.accept().unwrap();
    assert_eq!(scene.saved().len(), 1);
}

#[test]
fn a_guard_stands_until_it_is_ended_and_can_be_replaced() {
    let scene = scene();
    for _ in 0..2 {
        let guard = scene.post.stand().unwrap();
        let comm = format!("/proc/{}/comm", guard.pid);
        let line = format!("/proc/{}/cmdline", guard.pid);
        while std::fs::read_to_string(&comm).unwrap().trim() != "rpm: guard"
            || !std::fs::read_to_string(&line).unwrap().starts_with("rpm: guard\0")
        {
            std::thread::yield_now();
        }
        pidfd::send_signal(&guard, 15).unwrap();
        pidfd::send_signal(&guard, 9).unwrap();
        guard.reap().unwrap();
    }
}
