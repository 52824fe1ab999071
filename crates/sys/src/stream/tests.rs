//! Channels and descriptors on them.

use super::*;
use std::fs::File;
use std::os::fd::AsFd;

#[test]
fn bytes_arrive_and_the_end_is_seen() {
    let (ours, theirs) = channel_pair().unwrap();
    let mut buffer = [0; 64];
    assert_eq!(read(ours.as_fd(), &mut buffer).unwrap(), Read::Empty);
    assert_eq!(write(theirs.as_fd(), b"hello", None).unwrap(), Some(5));
    assert_eq!(read(ours.as_fd(), &mut buffer).unwrap(), Read::Some { len: 5, handles: 0 });
    assert_eq!(&buffer[..5], b"hello");
    drop(theirs);
    assert_eq!(read(ours.as_fd(), &mut buffer).unwrap(), Read::End);
    let error = write(ours.as_fd(), b"x", None).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_descriptor_is_counted_and_closed() {
    let (ours, theirs) = channel_pair().unwrap();
    let (kept, gift) = channel_pair().unwrap();
    write(theirs.as_fd(), b"one", Some(gift.as_fd())).unwrap();
    write(theirs.as_fd(), b"two", Some(gift.as_fd())).unwrap();
    drop(gift);
    let mut buffer = [0; 64];
    // A read stops behind the bytes that a descriptor came with.
    assert_eq!(read(ours.as_fd(), &mut buffer).unwrap(), Read::Some { len: 3, handles: 1 });
    assert_eq!(read(ours.as_fd(), &mut buffer).unwrap(), Read::Some { len: 3, handles: 1 });
    assert_eq!(read(kept.as_fd(), &mut buffer).unwrap(), Read::End);
}

#[test]
fn a_full_channel_says_so() {
    let (ours, theirs) = channel_pair().unwrap();
    let file = File::open("/dev/null").unwrap();
    let mut lines = 0;
    while let Some(sent) = write(ours.as_fd(), &[b'x'; 120], Some(file.as_fd())).unwrap() {
        assert_eq!(sent, 120, "a small message is never torn");
        lines += 1;
    }
    assert!(lines > 10);
    drop(theirs);
}

#[test]
fn connections_are_taken_with_their_source() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    assert!(matches!(accept(listener.as_fd(), true).unwrap(), Accepted::Empty));
    let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let Accepted::Connection(_, Some(peer)) = accept(listener.as_fd(), true).unwrap() else {
        panic!("no connection");
    };
    assert_eq!(peer, IpAddr::from([127, 0, 0, 1]));
}
