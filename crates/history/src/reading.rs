//! What was measured at one time.

use rpm_proto::{Metric, Subject};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that is measured, in the order of [`Values`].
pub const METRICS: [Metric; 5] =
    [Metric::Cpu, Metric::Memory, Metric::Restarts, Metric::Requests, Metric::EventLoop];

/// Whose figures. Ids are given anew when a daemon begins with nothing, so an instance is its id and
/// its app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// The machine.
    Host,
    /// All instances of an app.
    App(Arc<str>),
    /// One instance, and its app.
    Process(u32, Arc<str>),
}

impl Of {
    /// As clients name it.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Host => Subject::Host,
            Self::App(name) => Subject::App { name: name.to_string() },
            Self::Process(id, _) => Subject::Process { id: *id },
        }
    }
}

/// One value for each of [`METRICS`], where there is one. Restarts are those since the last reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Values(pub [Option<f32>; METRICS.len()]);

impl Values {
    /// Sets one; what is no number is none.
    #[must_use]
    pub fn with(mut self, metric: Metric, value: Option<f32>) -> Self {
        self.0[index(metric)] = value.filter(|value| value.is_finite());
        self
    }
}

/// The place of a metric in [`METRICS`].
pub(crate) fn index(metric: Metric) -> usize {
    match metric {
        Metric::Cpu => 0,
        Metric::Memory => 1,
        Metric::Restarts => 2,
        Metric::Requests => 3,
        Metric::EventLoop => 4,
    }
}

/// Everything at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// When, in ms since 1970.
    pub at: i64,
    /// Each subject once.
    pub entries: Vec<(Of, Values)>,
}

impl Reading {
    /// Adds what an app's instances use together: sums, but the mean of delays.
    pub fn add_apps(&mut self) {
        let mut apps: BTreeMap<&Arc<str>, (Values, f32)> = BTreeMap::new();
        for (of, values) in &self.entries {
            let Of::Process(_, name) = of else {
                continue;
            };
            let (sums, delays) = apps.entry(name).or_default();
            for (sum, value) in sums.0.iter_mut().zip(values.0) {
                *sum = value.map(|value| value + sum.unwrap_or(0.0)).or(*sum);
            }
            if values.0[index(Metric::EventLoop)].is_some() {
                *delays += 1.0;
            }
        }
        let app = |(name, (mut values, delays)): (&Arc<str>, (Values, f32))| {
            let delay = &mut values.0[index(Metric::EventLoop)];
            *delay = delay.map(|sum| sum / delays);
            (Of::App(Arc::clone(name)), values)
        };
        let apps: Vec<(Of, Values)> = apps.into_iter().map(app).collect();
        self.entries.extend(apps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_the_sum_of_its_instances() {
        let process = |id, name: &str, cpu, delay| {
            let values =
                Values::default().with(Metric::Cpu, Some(cpu)).with(Metric::EventLoop, delay);
            (Of::Process(id, name.into()), values)
        };
        let entries = vec![
            process(0, "api", 10.0, Some(2.0)),
            process(1, "web", 1.0, None),
            process(2, "api", 30.0, Some(4.0)),
            process(3, "api", 2.0, None),
        ];
        let mut reading = Reading { at: 0, entries };
        reading.add_apps();
        let of = |name: &str| {
            let app = Of::App(name.into());
            let found: Vec<_> = reading.entries.iter().filter(|(of, _)| *of == app).collect();
            assert_eq!(found.len(), 1);
            found[0].1.0
        };
        assert_eq!(of("api"), [Some(42.0), None, None, None, Some(3.0)]);
        assert_eq!(of("web"), [Some(1.0), None, None, None, None]);
    }

    #[test]
    fn what_is_no_number_is_absent() {
        let values = Values::default().with(Metric::Cpu, Some(f32::NAN));
        assert_eq!(values, Values::default());
    }
}
