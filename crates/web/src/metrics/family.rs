//! A metric with its samples, before it is written in some form.

/// A label is cut to so many characters.
const LABEL_MAX: usize = 128;

/// One metric.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Family {
    /// Its name; that of a counter ends with `_total`.
    pub(crate) name: &'static str,
    /// What it means.
    pub(crate) help: &'static str,
    /// How it moves.
    pub(crate) kind: Kind,
    /// Its values.
    pub(crate) samples: Vec<Sample>,
}

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Up and down.
    Gauge,
    /// Up; a new run begins at 0.
    Counter,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Whose.
    pub(crate) labels: Vec<(&'static str, String)>,
    /// The value.
    pub(crate) value: f64,
}

impl Family {
    /// One that goes up and down.
    pub(super) fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: Kind::Gauge, samples: Vec::new() }
    }

    /// One that goes up.
    pub(super) fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: Kind::Counter, samples: Vec::new() }
    }

    /// Adds a value.
    pub(super) fn add(&mut self, labels: &[(&'static str, &str)], value: f64) {
        let cut = |text: &str| text.chars().take(LABEL_MAX).collect();
        let labels = labels.iter().map(|(name, text)| (*name, cut(text))).collect();
        self.samples.push(Sample { labels, value });
    }

    /// Adds a value that may not be known.
    pub(super) fn add_some(&mut self, labels: &[(&'static str, &str)], value: Option<f64>) {
        if let Some(value) = value {
            self.add(labels, value);
        }
    }

    /// The one that has just this value.
    #[must_use]
    pub(super) fn with(mut self, value: f64) -> Self {
        self.add(&[], value);
        self
    }

    /// The unit, by the name's end.
    pub(crate) fn unit(&self) -> Option<&'static str> {
        let name = self.name.strip_suffix("_total").unwrap_or(self.name);
        ["seconds", "bytes", "ratio"]
            .into_iter()
            .find(|unit| name.strip_suffix(unit).is_some_and(|stem| stem.ends_with('_')))
    }
}

/// A count as the number that is written.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, and no one needs more of it")]
pub(super) fn count(value: u64) -> f64 {
    value as f64
}
