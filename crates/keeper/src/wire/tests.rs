//! Every message arrives as it was, and nonsense is refused.

use super::frame::Frame;
use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::os::fd::AsFd;

fn null() -> OwnedFd {
    rpm_sys::process::open_null().unwrap()
}

fn nulls<T>(tags: &[T]) -> Vec<(OwnedFd, T)>
where
    T: Copy,
{
    tags.iter().map(|tag| (null(), *tag)).collect()
}

/// As the other end gets it.
fn carry(frame: &Frame<'_>) -> (Vec<u8>, Vec<OwnedFd>) {
    let fds = frame.fds.iter().map(|fd| fd.try_clone_to_owned().unwrap()).collect();
    (frame.bytes(), fds)
}

fn there(message: &ToKeeper) -> ToKeeper {
    let (bytes, fds) = carry(&message.frame());
    ToKeeper::read(&bytes, fds).unwrap()
}

fn back(frame: &Frame<'_>) -> Vec<FromKeeper> {
    let (bytes, fds) = carry(frame);
    let mut news = VecDeque::new();
    FromKeeper::read(&bytes, fds, &mut news).unwrap();
    news.into()
}

/// What a message says, without the numbers of descriptors.
fn words(message: &impl fmt::Debug) -> String {
    let text = format!("{message:?}");
    let mut words = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("OwnedFd {") {
        let end = rest[at..].find('}').map_or(rest.len(), |end| at + end + 1);
        words.push_str(&rest[..at]);
        rest = &rest[end..];
    }
    words + rest
}

fn requests() -> impl Strategy<Value = ToKeeper> {
    let tags = || prop::collection::vec(0..u32::MAX - 1, 1..20);
    let spawn = (any::<u64>(), any::<u64>(), any::<u64>(), prop::collection::vec(0..1024, 0..9));
    prop_oneof![
        Just(()).prop_map(|()| ToKeeper::Hello),
        Just(()).prop_map(|()| ToKeeper::Ready),
        Just(()).prop_map(|()| ToKeeper::AdoptEnd),
        Just(()).prop_map(|()| ToKeeper::Stop),
        Just(()).prop_map(|()| ToKeeper::Ping),
        Just(()).prop_map(|()| ToKeeper::Upgrade { binary: null() }),
        Just(()).prop_map(|()| ToKeeper::UpgradeKeeper { binary: null() }),
        (any::<u64>(), any::<Option<u32>>()).prop_map(|(key, tag)| ToKeeper::Drop { key, tag }),
        (any::<u64>(), 2..=i32::MAX.cast_unsigned())
            .prop_map(|(key, pid)| ToKeeper::Ack { key, pid }),
        (any::<u64>(), tags()).prop_map(|(key, tags)| ToKeeper::Put { key, fds: nulls(&tags) }),
        (any::<u64>(), any::<u64>(), 2..=i32::MAX.cast_unsigned(), tags()).prop_map(
            |(key, aux, pid, tags)| {
                ToKeeper::Adopt { key, aux, pid, pidfd: null(), fds: nulls(&tags) }
            }
        ),
        (spawn, tags()).prop_map(|((seq, key, aux, targets), tags)| ToKeeper::Spawn {
            seq,
            key,
            aux,
            spec: null(),
            child_fds: nulls(&targets),
            hold: nulls(&tags),
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_arrives_as_it_was(message in requests()) {
        prop_assert_eq!(words(&there(&message)), words(&message));
    }

    #[test]
    fn a_request_with_a_changed_byte_is_no_panic(
        message in requests(),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
        extra in 0..3_usize,
    ) {
        let (mut bytes, mut fds) = carry(&message.frame());
        let at = at.index(bytes.len());
        bytes[at] = to;
        fds.extend((0..extra).map(|_| null()));
        drop(ToKeeper::read(&bytes, fds));
        FromKeeper::read(&bytes, vec![], &mut VecDeque::new()).ok();
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), tags in 0..4) {
        let fds = || (0..tags).map(|_| null()).collect::<Vec<_>>();
        prop_assert!(ToKeeper::read(&bytes, fds()).is_err());
        prop_assert!(FromKeeper::read(&bytes, fds(), &mut VecDeque::new()).is_err());
    }
}

#[test]
fn news_arrive_as_they_were() {
    let pidfd = null();
    let cases = [
        (frames::welcome(u64::MAX, 7), "Welcome { restarts: 18446744073709551615, died_at_ms: 7 }"),
        (frames::end(), "End"),
        (frames::pong(), "Pong"),
        (frames::renewed(8), "Renewed { errno: 8 }"),
        (frames::signal(15), "Signal(15)"),
        (frames::exit(1, 2, 256, 9), "Exit { key: 1, pid: 2, status: 256, at_ms: 9 }"),
        (frames::spawned(1, 2, 3, &pidfd), "Spawned { seq: 1, key: 2, pid: 3, pidfd:  }"),
        (
            frames::spawn_failed(1, 2, Stage::Process(spawn::Stage::Chdir), 2),
            "SpawnFailed { seq: 1, key: 2, stage: Process(Chdir), errno: 2 }",
        ),
        (
            frames::spawn_failed(1, 2, Stage::Slot, 16),
            "SpawnFailed { seq: 1, key: 2, stage: Slot, errno: 16 }",
        ),
    ];
    for (frame, expected) in cases {
        let news = back(&frame);
        assert_eq!(news.len(), 1);
        assert_eq!(words(&news[0]), expected);
    }
}

#[test]
fn slots_come_together_and_keep_their_tags() {
    let (pidfd, out, err, other) = (null(), null(), null(), null());
    let first = [(1, out), (2, err)];
    let second = [(9, other)];
    let mut frame = SlotsFrame::new();
    frame.push((5, 50, 500), Some(pidfd.as_fd()), &first);
    frame.push((6, 60, 0), None, &second);
    frame.push((7, 70, 700), None, &[]);
    assert_eq!(frame.room(), Some(FDS_MAX - 4));
    let news = back(&frame.frame());
    let words: Vec<String> = news.iter().map(words).collect();
    assert_eq!(
        words,
        [
            "Slot { key: 5, aux: 50, pid: 500, pidfd: Some(), fds: [(, 1), (, 2)] }",
            "Slot { key: 6, aux: 60, pid: 0, pidfd: None, fds: [(, 9)] }",
            "Slot { key: 7, aux: 70, pid: 700, pidfd: None, fds: [] }",
        ]
    );
}

#[test]
fn what_is_out_of_range_is_refused() {
    let refused = |message: &ToKeeper| {
        let (bytes, fds) = carry(&message.frame());
        ToKeeper::read(&bytes, fds).unwrap_err()
    };
    assert_eq!(refused(&ToKeeper::Ack { key: 1, pid: 1 }), BadFrame::Contents);
    assert_eq!(refused(&ToKeeper::Ack { key: 1, pid: 0 }), BadFrame::Contents);
    assert_eq!(refused(&ToKeeper::Put { key: 1, fds: vec![] }), BadFrame::Contents);
    for target in [-1, 1024] {
        let spawn = ToKeeper::Spawn {
            seq: 1,
            key: 1,
            aux: 1,
            spec: null(),
            child_fds: nulls(&[target]),
            hold: vec![],
        };
        assert_eq!(refused(&spawn), BadFrame::Contents);
    }
    let (mut bytes, fds) = carry(&ToKeeper::Hello.frame());
    bytes[6] = 99;
    assert_eq!(ToKeeper::read(&bytes, fds).unwrap_err(), BadFrame::Header);
    let (bytes, _) = carry(&ToKeeper::Upgrade { binary: null() }.frame());
    assert_eq!(ToKeeper::read(&bytes, vec![]).unwrap_err(), BadFrame::Counts);
    assert_eq!(spawn_in(&bytes), None);
}

#[test]
fn a_slot_with_two_processes_is_refused() {
    let (one, two) = (null(), [(u32::MAX, null())]);
    let mut slots = SlotsFrame::new();
    slots.push((5, 50, 500), Some(one.as_fd()), &two);
    let (bytes, fds) = carry(&slots.frame());
    let refused = FromKeeper::read(&bytes, fds, &mut VecDeque::new());
    assert_eq!(refused, Err(BadFrame::Contents));
}

#[test]
fn the_names_of_a_spawn_survive_the_loss_of_its_descriptors() {
    let spawn = ToKeeper::Spawn {
        seq: 3,
        key: 4,
        aux: 5,
        spec: null(),
        child_fds: nulls(&[0, 1, 2]),
        hold: nulls(&[1]),
    };
    assert_eq!(spawn_in(&carry(&spawn.frame()).0), Some((3, 4)));
}

#[test]
fn too_many_descriptors_are_not_sent() {
    let (ours, _theirs) = rpm_sys::seqpacket::pair().unwrap();
    let tags: Vec<u32> = (0..=u32::try_from(FDS_MAX).unwrap()).collect();
    let put = ToKeeper::Put { key: 1, fds: nulls(&tags) };
    let error = put.frame().send(&ours).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
