//! The rules as rows, and laws over random histories.

use super::*;
use crate::hooks::To;
use proptest::prelude::*;
use serde_json::Map;

fn hook(id: u32, per_minute: u32) -> Hook {
    let to = To::Command { run: "true".to_owned() };
    Hook { id, to, kinds: vec![], level: Level::Warn, apps: vec![], per_minute, ca: None }
}

fn event(seq: u64, level: Level) -> Arc<Happening> {
    Arc::new(Happening {
        seq,
        at: 0,
        kind: "crash".to_owned(),
        level,
        app: Some("api".to_owned()),
        id: Some(0),
        text: String::new(),
        by: None,
        data: Map::new(),
    })
}

fn later() -> Outcome {
    Outcome::Later("no".to_owned())
}

#[test]
fn who_wants_what() {
    let wants = |change: fn(&mut Hook)| {
        let mut hook = hook(0, 1);
        change(&mut hook);
        hook.wants(&event(1, Level::Warn))
    };
    assert!(wants(|_| ()));
    assert!(!wants(|hook| hook.level = Level::Error));
    assert!(wants(|hook| hook.kinds = vec!["crash".to_owned()]));
    assert!(!wants(|hook| hook.kinds = vec!["errored".to_owned()]));
    assert!(!wants(|hook| hook.apps = vec!["web".to_owned()]));
}

#[test]
fn one_at_a_time_and_in_order() {
    let mut desk = Desk::new(0, [(hook(0, 20), 0), (hook(1, 20), 1)]);
    for seq in 1..=2 {
        desk.take(0, &event(seq, Level::Error));
    }
    let sent = |desk: &mut Desk| {
        desk.next(0).map(|delivery| (delivery.hook.id, delivery.happening.seq, delivery.attempt))
    };
    assert_eq!(sent(&mut desk), Some((0, 1, 1)));
    assert_eq!(sent(&mut desk), Some((1, 2, 1)), "the first it has been told already");
    assert_eq!(sent(&mut desk), None);
    assert_eq!(desk.done(0, 0, Outcome::Delivered), None);
    assert_eq!(sent(&mut desk), Some((0, 2, 1)));
    assert_eq!(desk.cursors().collect::<Vec<_>>(), [(0, 1), (1, 1)]);
}

#[test]
fn what_fails_is_tried_again_after_longer_and_longer() {
    let mut desk = Desk::new(0, [(hook(0, 20), 0)]);
    desk.take(0, &event(1, Level::Error));
    let (mut now, mut waits) = (0, Vec::new());
    for _ in 0..12 {
        assert!(desk.next(now).is_some());
        assert_eq!(desk.done(now, 0, later()), None);
        let due = desk.due().unwrap();
        waits.push((due - now) / 1000);
        assert_eq!(desk.next(due - 1), None);
        now = due;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    now += AGE_MAX_MS;
    desk.next(now).unwrap();
    assert_eq!(desk.done(now, 0, later()), Some("no".to_owned()), "after a day it is given up");
    assert_eq!((desk.due(), desk.cursors().next()), (None, Some((0, 1))));
}

#[test]
fn what_is_refused_does_not_hold_up_the_next() {
    let mut desk = Desk::new(0, [(hook(0, 20), 0)]);
    desk.take(0, &event(1, Level::Error));
    desk.take(0, &event(2, Level::Error));
    desk.next(0).unwrap();
    assert!(desk.done(0, 0, Outcome::Refused("404".to_owned())).is_some());
    assert_eq!(desk.next(0).unwrap().happening.seq, 2);
}

#[test]
fn a_flood_is_told_as_a_number() {
    let mut desk = Desk::new(0, [(hook(0, 2), 0)]);
    for seq in 1..=100 {
        desk.take(0, &event(seq, Level::Error));
    }
    let mut told = Vec::new();
    while let Some(delivery) = desk.next(0) {
        told.push((delivery.happening.seq, delivery.left_out));
        desk.done(0, 0, Outcome::Delivered);
    }
    assert_eq!(told, [(1, 98), (2, 0)], "the first one that is sent tells of those left out");
    assert_eq!(desk.due(), None);
    desk.take(0, &event(101, Level::Error));
    let due = desk.due().unwrap();
    assert_eq!(due, 30_000, "with two a minute");
    let delivery = desk.next(due).unwrap();
    assert_eq!(
        (&*delivery.happening.kind, &delivery.happening.data["count"]),
        ("left_out", &1.into())
    );
    desk.done(due, 0, Outcome::Delivered);
    assert_eq!((desk.due(), desk.cursors().next()), (None, Some((0, 101))));
}

#[test]
fn a_hook_that_stays_keeps_what_waits_for_it() {
    let mut desk = Desk::new(0, [(hook(0, 20), 0), (hook(1, 20), 0)]);
    desk.take(0, &event(1, Level::Error));
    desk.change(0, vec![hook(2, 20), hook(0, 20), hook(1, 5)], 1);
    let sent = desk.next(0).unwrap();
    assert_eq!((sent.hook.id, sent.happening.seq), (0, 1));
    assert_eq!(desk.next(0), None, "the others are new");
    assert_eq!(desk.cursors().collect::<Vec<_>>(), [(2, 1), (0, 0), (1, 1)]);
}

proptest! {
    /// Whatever happens, each event is sent once, or is in a count that is sent; never more than the
    /// limit allows, never out of order.
    #[test]
    fn nothing_is_forgotten(
        steps in proptest::collection::vec((0_u64..20_000, 0_u8..4), 1..200),
        per_minute in 1_u32..30,
    ) {
        let mut desk = Desk::new(0, [(hook(0, per_minute), 0)]);
        let (mut now, mut seq, mut sent, mut counted) = (0, 0, Vec::new(), 0);
        let arrive = |delivery: Delivery, sent: &mut Vec<u64>, counted: &mut u64| {
            match &*delivery.happening.kind {
                "left_out" => *counted += delivery.happening.data["count"].as_u64().unwrap(),
                _ => sent.push(delivery.happening.seq),
            }
            *counted += delivery.left_out;
        };
        for (wait, what) in steps {
            now += wait;
            if what < 2 {
                seq += 1;
                desk.take(now, &event(seq, Level::Error));
            } else if let Some(delivery) = desk.next(now) {
                if what == 2 {
                    arrive(delivery, &mut sent, &mut counted);
                    prop_assert_eq!(desk.done(now, 0, Outcome::Delivered), None);
                } else {
                    desk.done(now, 0, later());
                }
            }
        }
        while let Some(due) = desk.due() {
            now = now.max(due);
            let delivery = desk.next(now).expect("what is due can be sent");
            arrive(delivery, &mut sent, &mut counted);
            desk.done(now, 0, Outcome::Delivered);
        }
        prop_assert_eq!(sent.len() as u64 + counted, seq);
        prop_assert!(sent.is_sorted());
        let most = u64::from(per_minute) * (2 + now / 60_000);
        prop_assert!(sent.len() as u64 <= most);
        prop_assert_eq!(desk.cursors().next(), Some((0, seq)));
    }
}
