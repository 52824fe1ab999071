//! Which of the files that were put aside are to be removed.

use rpm_core::spec::Rotation;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Its name.
    pub(super) name: String,
    /// Its size in bytes.
    pub(super) size: u64,
    /// When it was written last, in ms since 1970.
    pub(super) written_at: i64,
}

/// Takes those out that are to be removed at the time `now`: what is too old, and the oldest of what
/// is too much. The newest stay in `kept`, in order.
pub(super) fn surplus(kept: &mut Vec<Kept>, rotation: &Rotation, now: i64) -> Vec<Kept> {
    let newest_first = |file: &Kept| (file.written_at, file.name.clone());
    kept.sort_by_key(|file| std::cmp::Reverse(newest_first(file)));
    let count = usize::try_from(rotation.retain.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let age = |file: &Kept| u64::try_from(now.saturating_sub(file.written_at)).unwrap_or(0);
    let mut total: u64 = 0;
    let fits = |(place, file): (usize, &Kept)| {
        total = total.saturating_add(file.size);
        place < count
            && rotation.max_age_ms.is_none_or(|most| age(file) <= most)
            && rotation.total_size.is_none_or(|most| total <= most)
    };
    let staying = kept.iter().enumerate().map(fits).take_while(|fits| *fits).count();
    kept.split_off(staying)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONE: Rotation = Rotation {
        max_size: None,
        retain: None,
        max_age_ms: None,
        total_size: None,
        compression: None,
        interval: None,
        date_format: String::new(),
        time_zone: None,
    };

    fn file(name: &str, size: u64, written_at: i64) -> Kept {
        Kept { name: name.to_owned(), size, written_at }
    }

    fn removed(rotation: &Rotation) -> Vec<String> {
        let mut kept =
            vec![file("b", 10, 200), file("a", 10, 100), file("d", 10, 300), file("c", 10, 300)];
        surplus(&mut kept, rotation, 300).into_iter().map(|file| file.name).collect()
    }

    #[test]
    fn the_oldest_go_first() {
        assert_eq!(removed(&NONE), [""; 0]);
        assert_eq!(removed(&Rotation { retain: Some(2), ..NONE }), ["b", "a"]);
        assert_eq!(removed(&Rotation { retain: Some(0), ..NONE }), ["d", "c", "b", "a"]);
        assert_eq!(removed(&Rotation { max_age_ms: Some(100), ..NONE }), ["a"]);
        assert_eq!(removed(&Rotation { total_size: Some(39), ..NONE }), ["a"]);
        assert_eq!(removed(&Rotation { total_size: Some(9), ..NONE }), ["d", "c", "b", "a"]);
        let both = Rotation { retain: Some(3), max_age_ms: Some(50), ..NONE };
        assert_eq!(removed(&both), ["b", "a"]);
    }

    proptest! {
        #[test]
        fn what_stays_is_within_all_bounds_and_newer_than_what_goes(
            files in prop::collection::vec((0_u64..1000, 0_i64..10_000), 0..20),
            retain in prop::option::of(0_u64..10),
            max_age_ms in prop::option::of(0_u64..10_000),
            total_size in prop::option::of(0_u64..5000),
        ) {
            let rotation = Rotation { retain, max_age_ms, total_size, ..NONE };
            let all: Vec<Kept> = files
                .iter()
                .enumerate()
                .map(|(number, (size, at))| file(&number.to_string(), *size, *at))
                .collect();
            let mut kept = all.clone();
            let gone = surplus(&mut kept, &rotation, 10_000);
            prop_assert_eq!(kept.len() + gone.len(), all.len());
            prop_assert!(retain.is_none_or(|most| kept.len() as u64 <= most));
            let total = |files: &[Kept]| files.iter().map(|file| file.size).sum::<u64>();
            prop_assert!(total_size.is_none_or(|most| total(&kept) <= most));
            let age = |file: &Kept| (10_000 - file.written_at).unsigned_abs();
            prop_assert!(max_age_ms.is_none_or(|most| kept.iter().all(|file| age(file) <= most)));
            let oldest = kept.iter().map(|file| file.written_at).min().unwrap_or(i64::MAX);
            prop_assert!(gone.iter().all(|file| file.written_at <= oldest));
            // The next one would have been too much.
            if let Some(next) = gone.first() {
                let more = kept.len() as u64 + 1;
                prop_assert!(
                    retain.is_some_and(|most| more > most)
                        || total_size.is_some_and(|most| total(&kept) + next.size > most)
                        || max_age_ms.is_some_and(|most| age(next) > most)
                );
            }
        }
    }
}
