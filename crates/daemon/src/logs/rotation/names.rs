//! The names of files that were put aside: for `app.log`, `app__2026-11-29_00-00-00.log`, and with
//! `.gz` or `.zst` after it once it is compressed. Where that name is taken there is a number before
//! `.log`.

use rpm_core::spec::{Compression, Rotation};
use rpm_pm2::stamp::Stamp;

/// What a file that is being written has after its name.
const UNFINISHED: &str = ".tmp";

/// The names that belong to one log.
#[derive(Debug)]
pub(in super::super) struct Names {
    /// `app__`.
    prefix: String,
    /// `.log`; empty where the log's name has none.
    extension: String,
    stamp: Stamp,
}

/// What a file is by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it was put aside.
    Plain,
    /// Compressed.
    Compressed(Compression),
    /// What was left of an attempt to compress one.
    Unfinished,
}

impl Names {
    /// Those of the log with this name, which is one without folders.
    pub(in super::super) fn new(log: &str, rotation: &Rotation) -> Self {
        let (stem, extension) = match log.rfind('.').filter(|at| *at > 0) {
            Some(at) => log.split_at(at),
            None => (log, ""),
        };
        let format = &rotation.date_format;
        let in_zone = rotation.time_zone.as_ref().map(|zone| Stamp::in_named_zone(format, zone));
        Self {
            prefix: format!("{stem}__"),
            extension: extension.to_owned(),
            // A zone that is not known on this machine leaves the system's.
            stamp: in_zone.flatten().unwrap_or_else(|| Stamp::new(format)),
        }
    }

    /// The name of what is put aside at `at`, in ms since 1970; the first, or if that is taken
    /// another one.
    pub(in super::super) fn name(&mut self, at: i64, number: u32) -> String {
        let (prefix, extension, stamp) = (&self.prefix, &self.extension, self.stamp.at(at));
        match number {
            0 => format!("{prefix}{stamp}{extension}"),
            number => format!("{prefix}{stamp}.{number}{extension}"),
        }
    }

    /// What a file in the log's folder is; `None` where it is none of the log's. Nothing else is
    /// ever compressed or removed, so a name has to be right to the last letter.
    pub(super) fn form(&self, name: &str) -> Option<Form> {
        let rest = name.strip_prefix(&self.prefix)?;
        let (rest, unfinished) = match rest.strip_suffix(UNFINISHED) {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let compression = [Compression::Gzip, Compression::Zstd].into_iter().find_map(|way| {
            let rest = rest.strip_suffix(way.extension())?.strip_suffix('.')?;
            Some((rest, way))
        });
        let (rest, form) = match (compression, unfinished) {
            (Some((rest, _)), true) => (rest, Form::Unfinished),
            (Some((rest, way)), false) => (rest, Form::Compressed(way)),
            (None, false) => (rest, Form::Plain),
            (None, true) => return None,
        };
        let stamp = rest.strip_suffix(&self.extension)?;
        let numbered = || {
            let (stamp, number) = stamp.rsplit_once('.')?;
            let is_number =
                number.parse::<u32>().is_ok_and(|it| it > 0 && it.to_string() == number);
            is_number.then_some(stamp)
        };
        let is_stamp = |text: &str| self.stamp.could_be(text);
        (is_stamp(stamp) || numbered().is_some_and(is_stamp)).then_some(form)
    }
}

/// The names that a file has once it is compressed.
pub(in super::super) fn compressed_names(name: &str) -> [String; 2] {
    [Compression::Gzip, Compression::Zstd].map(|way| compressed(name, way))
}

/// The name of a compressed file.
pub(super) fn compressed(name: &str, way: Compression) -> String {
    format!("{name}.{}", way.extension())
}

/// The name that it has until it is whole.
pub(super) fn unfinished(name: &str) -> String {
    format!("{name}{UNFINISHED}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(log: &str) -> Names {
        let rotation = Rotation { time_zone: Some("Asia/Tokyo".to_owned()), ..Rotation::default() };
        Names::new(log, &rotation)
    }

    #[test]
    fn they_are_pm2_logrotates() {
        let at = 1_800_000_000_000;
        for (log, first, second) in [
            (
                "api-out.log",
                "api-out__2027-01-15_17-00-00.log",
                "api-out__2027-01-15_17-00-00.1.log",
            ),
            ("api", "api__2027-01-15_17-00-00", "api__2027-01-15_17-00-00.1"),
            (".hidden", ".hidden__2027-01-15_17-00-00", ".hidden__2027-01-15_17-00-00.1"),
            ("a.b.txt", "a.b__2027-01-15_17-00-00.txt", "a.b__2027-01-15_17-00-00.1.txt"),
        ] {
            assert_eq!(names(log).name(at, 0), first);
            assert_eq!(names(log).name(at, 1), second);
        }
    }

    #[test]
    fn files_of_others_are_not_taken_for_ours() {
        let names = names("api.log");
        let form = |name| names.form(name);
        let gzip = Some(Form::Compressed(Compression::Gzip));
        assert_eq!(form("api__2026-11-29_00-00-00.log"), Some(Form::Plain));
        assert_eq!(form("api__2026-11-29_00-00-00.12.log.gz"), gzip);
        assert_eq!(form("api__2026-11-29_00-00-00.log.zst.tmp"), Some(Form::Unfinished));
        for name in [
            "api.log",
            "api__v2.log",
            "api__v2-out.log",
            "api__2026-11-29.log",
            "api__2026-11-29_00-00-00.log.tmp",
            "api__2026-11-29_00-00-00.log.bak",
            "api__2026-11-29_00-00-00.gz",
            "api__2026-11-29_00-00-00.0.log",
            "api__2026-11-29_00-00-00.01.log",
            "api__x__2026-11-29_00-00-00.log",
            "my-api__2026-11-29_00-00-00.log",
            "api__",
            "",
        ] {
            assert_eq!(form(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn each_name_that_is_made_is_known_again(
            stem in "[a-z0-9._-]{1,12}",
            format in prop::sample::select(vec![
                "YYYY-MM-DD_HH-mm-ss", "YYYYMMDD", "D-M-YY", "dddd MMM d", "HH.mm.ss.SSS", "[at]X",
            ]),
            at in 0_i64..4_000_000_000_000,
            number in 0_u32..2000,
        ) {
            let rotation = Rotation { date_format: format.to_owned(), ..Rotation::default() };
            let mut names = Names::new(&format!("{stem}.log"), &rotation);
            let name = names.name(at, number);
            prop_assert_eq!(names.form(&name), Some(Form::Plain));
            for way in [Compression::Gzip, Compression::Zstd] {
                let name = compressed(&name, way);
                prop_assert_eq!(names.form(&name), Some(Form::Compressed(way)));
                prop_assert_eq!(names.form(&unfinished(&name)), Some(Form::Unfinished));
            }
        }

        #[test]
        fn any_text_has_a_form_or_none(stem in ".{0,8}", name in ".{0,40}") {
            let names = Names::new(&stem, &Rotation::default());
            names.form(&name);
            names.form(&format!("{stem}__{name}"));
        }
    }
}
