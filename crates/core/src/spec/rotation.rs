//! When a log file is put aside, under a new name, and what becomes of it there.

use serde::{Deserialize, Serialize};

/// A file is put aside at this size, in bytes.
const MAX_SIZE: u64 = 10 << 20;
/// So many files that were put aside are kept of each log.
const RETAIN: u64 = 30;
/// When files are put aside by time: each midnight.
const INTERVAL: &str = "0 0 * * *";
/// How the time stands in the name of a file that was put aside.
const DATE_FORMAT: &str = "YYYY-MM-DD_HH-mm-ss";

/// What was asked for, for all logs or for those of one app. What is `None` is as in the layer below,
/// at last as in [`Rotation::default`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RotateOptions {
    /// Whether files are put aside at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether those of modules are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modules: Option<bool>,
    /// At which size, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_size: Option<Bound>,
    /// How many are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retain: Option<Bound>,
    /// How long they are kept, in ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_ms: Option<Bound>,
    /// How many bytes of them are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_size: Option<Bound>,
    /// Whether they are compressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compress: Option<bool>,
    /// How; says by itself that they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// When files are put aside by time, a cron pattern of five or six fields in local time; empty
    /// for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// The time in their names, in the tokens of PM2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
    /// The zone of that time by its IANA name; the system's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// A bound, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// Without one.
    Unlimited,
    /// So much.
    Of(u64),
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// `.gz`, which every tool reads.
    #[default]
    Gzip,
    /// `.zst`, which takes a third of the time.
    Zstd,
}

/// What holds for one log file. `None` is no bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// It is put aside at this size, in bytes.
    pub max_size: Option<u64>,
    /// So many are kept.
    pub retain: Option<u64>,
    /// So long are they kept, in ms.
    pub max_age_ms: Option<u64>,
    /// So many bytes of them are kept.
    pub total_size: Option<u64>,
    /// How they are compressed.
    pub compression: Option<Compression>,
    /// When it is put aside by time, a cron pattern.
    pub interval: Option<String>,
    /// The time in their names.
    pub date_format: String,
    /// The zone of that time.
    pub time_zone: Option<String>,
}

impl Default for Rotation {
    fn default() -> Self {
        Self {
            max_size: Some(MAX_SIZE),
            retain: Some(RETAIN),
            max_age_ms: None,
            total_size: None,
            compression: None,
            interval: Some(INTERVAL.to_owned()),
            date_format: DATE_FORMAT.to_owned(),
            time_zone: None,
        }
    }
}

impl RotateOptions {
    /// Whether nothing was asked for.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// These over `base`: what is asked for here wins.
    #[must_use]
    pub fn over(&self, base: &Self) -> Self {
        let (over, base) = (self.clone(), base.clone());
        Self {
            enabled: over.enabled.or(base.enabled),
            modules: over.modules.or(base.modules),
            max_size: over.max_size.or(base.max_size),
            retain: over.retain.or(base.retain),
            max_age_ms: over.max_age_ms.or(base.max_age_ms),
            total_size: over.total_size.or(base.total_size),
            compress: over.compress.or(over.compression.map(|_| true)).or(base.compress),
            compression: over.compression.or(base.compression),
            interval: over.interval.or(base.interval),
            date_format: over.date_format.or(base.date_format),
            time_zone: over.time_zone.or(base.time_zone),
        }
    }

    /// What holds for the log of an app, or with `is_module` of a module; `None` where its files are
    /// not put aside.
    pub fn resolve(&self, is_module: bool) -> Option<Rotation> {
        let wanted = self.enabled.unwrap_or(true) && (!is_module || self.modules.unwrap_or(true));
        let usual = wanted.then(Rotation::default)?;
        let bound = |asked: Option<Bound>, usual| asked.map_or(usual, Bound::number);
        let compress = self.compress.unwrap_or(self.compression.is_some());
        let interval = self.interval.clone().or(usual.interval);
        Some(Rotation {
            max_size: bound(self.max_size, usual.max_size),
            retain: bound(self.retain, usual.retain),
            max_age_ms: bound(self.max_age_ms, usual.max_age_ms),
            total_size: bound(self.total_size, usual.total_size),
            compression: compress.then(|| self.compression.unwrap_or_default()),
            interval: interval.filter(|pattern| !pattern.is_empty()),
            date_format: self.date_format.clone().unwrap_or(usual.date_format),
            time_zone: self.time_zone.clone(),
        })
    }
}

impl Bound {
    /// The number, where there is one.
    pub fn number(self) -> Option<u64> {
        match self {
            Self::Unlimited => None,
            Self::Of(number) => Some(number),
        }
    }
}

impl Compression {
    /// What is appended to the name of a file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Zstd => "zst",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_asks_for_wins_and_the_rest_is_as_for_all() {
        let all = RotateOptions {
            max_size: Some(Bound::Of(5)),
            compression: Some(Compression::Zstd),
            compress: Some(false),
            ..RotateOptions::default()
        };
        let app = RotateOptions {
            compress: Some(true),
            retain: Some(Bound::Unlimited),
            interval: Some(String::new()),
            ..RotateOptions::default()
        };
        let found = app.over(&all).resolve(false).unwrap();
        let wanted = Rotation {
            max_size: Some(5),
            retain: None,
            compression: Some(Compression::Zstd),
            interval: None,
            ..Rotation::default()
        };
        assert_eq!(found, wanted);
        assert_eq!(RotateOptions::default().resolve(false), Some(Rotation::default()));
    }

    #[test]
    fn a_way_to_compress_says_that_it_is_done_unless_the_same_layer_says_no() {
        let zstd =
            RotateOptions { compression: Some(Compression::Zstd), ..RotateOptions::default() };
        assert_eq!(zstd.resolve(false).unwrap().compression, Some(Compression::Zstd));
        let no = RotateOptions { compress: Some(false), ..RotateOptions::default() };
        let over_no = zstd.over(&no).resolve(false).unwrap();
        assert_eq!(over_no.compression, Some(Compression::Zstd));
        assert_eq!(no.over(&zstd).resolve(false).unwrap().compression, None);
    }

    #[test]
    fn modules_may_be_left_out() {
        let off = RotateOptions { modules: Some(false), ..RotateOptions::default() };
        assert!(off.resolve(true).is_none() && off.resolve(false).is_some());
        let none = RotateOptions { enabled: Some(false), ..RotateOptions::default() };
        assert!(none.resolve(true).is_none() && none.resolve(false).is_none());
    }
}
