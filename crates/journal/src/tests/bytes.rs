//! Journals that are cut short or damaged.

use super::rng::Rng;
use super::sim::{Omit, Sim};
use crate::disk::Disk;
use crate::journal::{Journal, NAME};
use crate::parts::{Delta, Parts};
use crate::record::{Boot, LAYOUT};
use crate::replay::{Replayed, Unreadable, replay};

const BOOT: Boot = Boot([9; 16]);

/// A journal, and each table it tells of with the length at which it does.
fn journal(commits: usize) -> (Vec<u8>, Vec<(usize, Parts)>) {
    let sim = Sim::new(1, Omit::Nothing);
    let mut rng = Rng(5);
    let mut journal = Journal::create(sim.clone(), BOOT);
    let mut tables = Vec::new();
    let read = || sim.clone().open(NAME).unwrap().unwrap().1;
    for round in 0..commits {
        let key = format!("part/{}", rng.below(5));
        let value = (!rng.one_in(5)).then(|| format!("value {round}").into_bytes());
        journal.commit(Delta::from([(key, value)])).unwrap();
        tables.push((read().len(), journal.parts().clone()));
    }
    (read(), tables)
}

#[test]
fn every_prefix_is_a_table_that_existed() {
    let (bytes, tables) = journal(60);
    for len in 0..=bytes.len() {
        let expected = tables.iter().rev().find(|(end, _)| *end <= len);
        match (replay(&bytes[..len]), expected) {
            (Ok(told), Some((end, table))) => {
                assert_eq!(told.parts, *table, "the first {len} bytes");
                assert_eq!(told.len, *end as u64);
                assert_eq!(told.cut, (len - end) as u64);
            }
            (Err(Unreadable::Damaged), None) => {}
            (told, expected) => panic!("{len} bytes tell {told:?}, not {expected:?}"),
        }
    }
}

#[test]
fn flipped_bits_never_make_another_table() {
    let (bytes, tables) = journal(60);
    let mut rng = Rng(77);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut damaged = bytes.clone();
        for _ in 0..=rng.below(4) {
            let at = rng.below(damaged.len());
            damaged[at] ^= 1 << rng.below(8);
        }
        match replay(&damaged) {
            Ok(told) => {
                read += 1;
                assert!(tables.iter().any(|(_, table)| *table == told.parts));
            }
            Err(_) => refused += 1,
        }
    }
    assert!(read > 1000 && refused > 10, "{read} read, {refused} refused");
}

#[test]
fn noise_is_refused() {
    let mut rng = Rng(8);
    let head = journal(1).0;
    for _ in 0..20_000 {
        let mut noise: Vec<u8> = head[..rng.below(head.len())].to_vec();
        noise.extend((0..rng.below(200)).map(|_| rng.byte()));
        drop(replay(&noise));
    }
    assert_eq!(replay(b"[{\"name\": \"no journal\"}]"), Err(Unreadable::Foreign));
    assert_eq!(replay(&[]), Err(Unreadable::Damaged));
    let zeros = [head.clone(), vec![0; 4096]].concat();
    assert_eq!(replay(&zeros).unwrap().cut, 4096, "zeros are no records");
}

#[test]
fn another_layout_is_named() {
    let (mut bytes, _) = journal(3);
    bytes[8..12].copy_from_slice(&(LAYOUT + 1).to_le_bytes());
    assert_eq!(replay(&bytes), Err(Unreadable::Layout { found: LAYOUT + 1 }));
    let words = Unreadable::Layout { found: 9 }.to_string();
    assert_eq!(words, format!("its layout is 9, and this version reads {LAYOUT}"));
}

#[test]
fn a_record_that_is_not_the_next_ends_it() {
    let (bytes, tables) = journal(3);
    let (first, second) = (tables[0].0, tables[1].0);
    // The second record is missing, the third is whole.
    let gap = [&bytes[..first], &bytes[second..]].concat();
    let Replayed { parts, len, .. } = replay(&gap).unwrap();
    assert_eq!((parts, len), (tables[0].1.clone(), first as u64));
    // The second record twice.
    let twice = [&bytes[..second], &bytes[first..]].concat();
    assert_eq!(replay(&twice).unwrap().parts, tables[1].1);
}

#[test]
fn a_boot_is_read_from_the_systems_text() {
    let text = "0a1b2c3d-0000-4000-8000-0123456789ab\n";
    let boot = Boot::parse(text).unwrap();
    assert_eq!(boot.0[..4], [0x0a, 0x1b, 0x2c, 0x3d]);
    assert_eq!(boot.0[15], 0xab);
    for wrong in ["", "xyz", "0a1b2c3d", &"g".repeat(32), &"é".repeat(16)] {
        assert_eq!(Boot::parse(wrong), None, "{wrong}");
    }
}
