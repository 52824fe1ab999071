//! A pipe that is taken while its file hangs, and by one supervisor after another.

use super::*;
use crate::logs::Format;
use crate::logs::spool::{Next, create};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};

/// A pipe, a spool that is taken over now and then, and the one file they go to.
struct Rig {
    pipe: io::PipeReader,
    app: io::PipeWriter,
    memory: OwnedFd,
    intake: Intake,
    place: u64,
    written: Vec<u8>,
    told: u64,
    buffer: Vec<u8>,
}

fn description() -> Description {
    Description {
        proc: 1,
        name: "api".to_owned(),
        namespace: "default".to_owned(),
        files: vec!["/log".into()],
        format: Format::Raw,
        rotate: rpm_core::spec::RotateOptions::default(),
        is_module: false,
    }
}

fn open(memory: &OwnedFd, begun: bool) -> Intake {
    let is = description();
    let known = begun.then_some(&is);
    let memory = memory.try_clone().unwrap();
    let (spool, _) = Spool::open(memory, (known, 1), (false, false), Arc::default()).unwrap();
    Intake::open(Arc::new(spool), is, 0).unwrap()
}

impl Rig {
    fn new() -> Self {
        let (pipe, app) = io::pipe().unwrap();
        let memory = create().unwrap();
        let intake = open(&memory, false);
        let (written, buffer) = (Vec::new(), Vec::new());
        Self { pipe, app, memory, intake, place: 0, written, told: 0, buffer }
    }

    fn weather(is_hung: bool) -> Weather {
        Weather { is_hung, force: false, all: 0 }
    }

    /// Takes what was written, as far as it is taken.
    fn take(&mut self, bytes: &[u8], is_hung: bool) -> Taken {
        self.app.write_all(bytes).unwrap();
        let weather = Self::weather(is_hung);
        self.intake.take(self.pipe.as_fd(), weather, (0, false), &mut self.buffer).unwrap()
    }

    /// The file takes what there is, up to `most` bytes.
    fn flush(&mut self, most: usize) {
        let spool = Arc::clone(self.intake.spool());
        self.place = self.place.max(spool.first());
        let until = self.written.len() + most;
        while self.written.len() < until {
            match spool.next(self.place) {
                Next::Nothing => return,
                Next::Gap(gap) => {
                    self.told += gap.dropped;
                    self.place = gap.to;
                }
                Next::Bytes { to, .. } => {
                    let to = to.min(self.place + (until - self.written.len()) as u64);
                    let mut bytes = vec![0; usize::try_from(to - self.place).unwrap()];
                    spool.read(self.place, &mut bytes).unwrap();
                    self.written.extend(bytes);
                    self.place = to;
                }
            }
            let place = crate::logs::record::Place { consumed: self.place, ..Default::default() };
            spool.note(0, self.place, &place).unwrap();
            spool.consumed(0, self.place);
        }
    }

    /// Another process goes on with the spool.
    fn die(&mut self) {
        self.intake = open(&self.memory, true);
    }
}

fn line(number: usize) -> Vec<u8> {
    format!("{number} {}\n", "x".repeat(number * 31 % 300)).into_bytes()
}

#[test]
fn little_is_kept_for_a_file_that_takes_bytes_and_more_for_one_that_hangs() {
    let mut rig = Rig::new();
    let piece = vec![b'x'; 32 << 10];
    let mut kept = 0;
    while let Taken::Bytes(count) = rig.take(&piece, false) {
        kept += count as u64;
    }
    assert!((KEPT..KEPT + (32 << 10)).contains(&kept), "{kept}");
    assert!(rig.intake.wait());
    assert!(rig.intake.has_room(Rig::weather(true)));
    assert!(!rig.intake.drops());
}

#[test]
fn whole_lines_are_dropped_and_counted_whenever_the_supervisor_dies() {
    for seed in 1..6 {
        let mut rig = Rig::new();
        let (mut total, mut chance, mut number) = (0, seed * 7919, 0);
        let mut gaps = 0;
        for round in 0..3000_usize {
            let mut bytes = Vec::new();
            while bytes.len() < 8 << 10 {
                bytes.extend(line(number));
                number += 1;
            }
            // A piece may end anywhere in a line.
            let cut = bytes.len() * (chance % 97) / 97;
            total += bytes.len();
            chance = chance * 1_103_515_245 % 2_147_483_647;
            for piece in [&bytes[..cut], &bytes[cut..]].into_iter().filter(|it| !it.is_empty()) {
                assert!(matches!(rig.take(piece, true), Taken::Bytes(_)));
                if chance % 11 == 0 {
                    rig.die();
                }
            }
            gaps += usize::from(rig.intake.drops());
            if round % 900 > 700 {
                rig.flush(64 << 10);
            }
        }
        rig.intake.end().unwrap();
        rig.flush(usize::MAX >> 1);
        assert!(gaps > 100, "it has dropped");
        assert_eq!(rig.written.len() as u64 + rig.told, total as u64, "seed {seed}");
        let mut last = None;
        for found in rig.written.split_inclusive(|byte| *byte == b'\n') {
            let word = found.split(|byte| *byte == b' ').next().unwrap();
            let number: usize = std::str::from_utf8(word).unwrap().parse().unwrap();
            assert!(found == line(number), "seed {seed}: {}", String::from_utf8_lossy(found));
            assert!(last.is_none_or(|last| last < number), "in order");
            last = Some(number);
        }
    }
}

#[test]
fn memory_is_given_back_when_all_is_written() {
    let mut rig = Rig::new();
    for round in 0..2000 {
        rig.take(&line(round), false);
        rig.flush(usize::MAX >> 1);
        if round % 7 == 0 {
            rig.intake.trim().unwrap();
        }
        if round % 50 == 0 {
            rig.die();
        }
    }
    rig.intake.trim().unwrap();
    let wanted: Vec<u8> = (0..2000).flat_map(line).collect();
    assert!(rig.written == wanted);
    let blocks = rustix::fs::fstat(&rig.memory).unwrap().st_blocks;
    assert_eq!(blocks * 512, 4096, "the head is left");
    assert_eq!(rig.told, 0);
}

#[test]
fn a_stream_that_says_nothing_takes_no_memory() {
    let mut rig = Rig::new();
    let weather = Rig::weather(false);
    rustix::io::ioctl_fionbio(&rig.pipe, true).unwrap();
    let taken = rig.intake.take(rig.pipe.as_fd(), weather, (0, false), &mut rig.buffer).unwrap();
    assert_eq!(taken, Taken::Nothing);
    assert_eq!(rustix::fs::fstat(&rig.memory).unwrap().st_blocks, 0);
    drop(rig.app);
    let taken = rig.intake.take(rig.pipe.as_fd(), weather, (0, false), &mut rig.buffer).unwrap();
    assert_eq!(taken, Taken::End);
    assert_eq!(rustix::fs::fstat(&rig.memory).unwrap().st_blocks, 0);
}
