//! After any crash the table is one that existed, and none older than the last acknowledged.

use super::rng::Rng;
use super::sim::{End, Omit, Sim};
use crate::disk::Disk;
use crate::journal::{Journal, NAME};
use crate::parts::{Delta, Parts, apply};
use crate::record::Boot;
use crate::replay::replay;

const BOOT: Boot = Boot([7; 16]);
/// Small, so that files are begun anew all the time.
const COMPACT_FROM: u64 = 1200;

/// What may be found after a crash.
struct Truth {
    /// All tables since the last one that is known to be on the disk.
    tables: Vec<Parts>,
    /// Whether there has to be a journal.
    must_exist: bool,
}

struct Story {
    sim: Sim,
    rng: Rng,
    truth: Truth,
    crashes: u64,
}

impl Story {
    fn new(seed: u64, omit: Omit) -> Self {
        let truth = Truth { tables: vec![Parts::new()], must_exist: false };
        Self { sim: Sim::new(!seed, omit), rng: Rng(seed), truth, crashes: 0 }
    }

    /// Opens what the last life left, and holds it against the truth.
    fn wake(&mut self) -> Result<Journal<Sim>, String> {
        let mut disk = self.sim.clone();
        let Some((file, bytes)) = disk.open(NAME).unwrap() else {
            if self.truth.must_exist {
                return Err("the journal is gone".to_owned());
            }
            return Ok(Journal::create(disk, BOOT).compact_from(COMPACT_FROM));
        };
        let told = replay(&bytes).map_err(|error| error.to_string())?;
        let Some(at) = self.truth.tables.iter().position(|table| *table == told.parts) else {
            return Err(format!("a table that is none of the last {}", self.truth.tables.len()));
        };
        let found = self.truth.tables[at].clone();
        let journal = Journal::resume(disk, file, told).compact_from(COMPACT_FROM);
        if !journal.is_behind() {
            self.truth = Truth { tables: vec![found], must_exist: true };
        }
        Ok(journal)
    }

    /// Commits until the process dies, or `commits` times.
    fn live(&mut self, journal: &mut Journal<Sim>, commits: usize) {
        for _ in 0..commits {
            let mut delta = self.delta();
            let mut table = journal.parts().clone();
            let acknowledged = journal.commit(delta.clone()).is_ok();
            apply(&mut table, &mut delta);
            if acknowledged {
                self.truth = Truth { tables: vec![table], must_exist: true };
            } else {
                self.truth.tables.push(table);
            }
            drop(journal.compact());
            if self.sim.is_dead() {
                return;
            }
        }
    }

    fn delta(&mut self) -> Delta {
        let mut delta = Delta::new();
        for _ in 0..self.rng.below(4) {
            let key = format!("part/{}", self.rng.below(6));
            let len = if self.rng.one_in(4) { self.rng.below(900) } else { self.rng.below(40) };
            let value = (!self.rng.one_in(4)).then(|| (0..len).map(|_| self.rng.byte()).collect());
            delta.insert(key, value);
        }
        delta
    }

    fn crash(&mut self, how: End) {
        self.sim.arm(None, 0);
        self.sim.end(how);
        self.crashes += 1;
    }

    /// A random life after another.
    fn lives(&mut self, count: usize) -> Result<(), String> {
        for _ in 0..count {
            let fuse = (!self.rng.one_in(8)).then(|| self.rng.next() % 60);
            let errors = if self.rng.one_in(3) { 2 + self.rng.below(12) } else { 0 };
            self.sim.arm(fuse, errors);
            let mut journal = self.wake()?;
            let commits = self.rng.below(30);
            self.live(&mut journal, commits);
            let how = if self.rng.one_in(3) { End::Process } else { End::Power };
            self.crash(how);
        }
        self.wake().map(drop)
    }
}

#[test]
fn no_crash_loses_what_was_acknowledged() {
    let mut crashes = 0;
    for seed in 0..2_500 {
        let mut story = Story::new(seed, Omit::Nothing);
        story.lives(10).unwrap_or_else(|what| panic!("seed {seed}: {what}"));
        crashes += story.crashes;
    }
    assert_eq!(crashes, 25_000);
}

/// One life of many commits, killed at each of its steps, in both ways.
#[test]
fn a_crash_at_each_step_loses_nothing_that_was_acknowledged() {
    // The same life each time; only what the power leaves of it differs.
    let life = |fuse: Option<u64>, how: End, draw: u64| {
        let mut story = Story::new(11, Omit::Nothing);
        story.sim.arm(fuse, 0);
        let mut journal = story.wake().unwrap();
        story.live(&mut journal, 80);
        let steps = story.sim.steps();
        story.sim.reseed(draw);
        story.crash(how);
        story.wake().unwrap_or_else(|what| panic!("killed at step {fuse:?} ({how:?}): {what}"));
        steps
    };
    let steps = life(None, End::Process, 0);
    assert!(steps > 100, "{steps} steps are too few to tell anything");
    for fuse in 0..steps {
        life(Some(fuse), End::Process, 0);
        for draw in 0..12 {
            life(Some(fuse), End::Power, draw);
        }
    }
}

/// The property can fail: each sync that is left out is found.
#[test]
fn each_sync_is_needed() {
    for omit in [Omit::Appends, Omit::Aside, Omit::Folder] {
        let found = (0..400).filter(|seed| Story::new(*seed, omit).lives(10).is_err()).count();
        assert!(found > 20, "without {omit:?} only {found} of 400 stories end badly");
    }
}

#[test]
fn what_failed_is_in_the_next_commit() {
    let sim = Sim::new(3, Omit::Nothing);
    let mut journal = Journal::create(sim.clone(), BOOT);
    let change =
        |key: &str, value: &str| Delta::from([(key.to_owned(), Some(value.as_bytes().to_vec()))]);
    journal.commit(change("a", "1")).unwrap();
    sim.arm(None, 1);
    assert!(journal.commit(change("b", "2")).is_err());
    assert!(journal.commit(change("b", "3")).is_err());
    journal.put_off(change("c", "4"));
    assert!(journal.is_behind());
    let figures = journal.figures();
    assert_eq!((figures.failures, figures.behind), (2, true));
    assert!(figures.last_failure.is_some());
    sim.arm(None, 0);
    journal.commit(Delta::new()).unwrap();
    assert!(!journal.is_behind());
    sim.end(End::Power);
    let (_, bytes) = sim.clone().open(NAME).unwrap().unwrap();
    let told = replay(&bytes).unwrap();
    assert_eq!(told.parts, *journal.parts());
    let values: Vec<&[u8]> = told.parts.values().map(Vec::as_slice).collect();
    assert_eq!(values, [b"1", b"3", b"4"]);
}
