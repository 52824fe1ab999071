//! Figures over the last minutes, a value each two seconds.

use rpm_proto::{Metric, Observed, Series, Subject};
use std::collections::{BTreeMap, VecDeque};

/// Between two values, in ms. The daemon is asked as often.
pub(crate) const STEP_MS: i64 = 2000;
/// Values kept of each: 20 minutes.
pub(crate) const KEPT: usize = 600;
/// Processes and apps whose values are kept.
const SUBJECTS_MAX: usize = 2000;

/// The values by whose and what they are. All end at the same time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trends {
    values: BTreeMap<(Subject, Metric), VecDeque<Option<f32>>>,
    /// The step of the last value, since 1970.
    last: Option<i64>,
}

impl Trends {
    /// Takes what was seen at one time.
    pub(crate) fn take(&mut self, seen: &Observed) {
        let step = seen.at.div_euclid(STEP_MS);
        let gap = self.last.map_or(1, |last| step.saturating_sub(last));
        if gap < 1 {
            return;
        }
        let gap = usize::try_from(gap).unwrap_or(KEPT).min(KEPT);
        self.last = Some(step);
        for values in self.values.values_mut() {
            push(values, gap);
        }
        self.set(Subject::Host, Metric::Cpu, Some(seen.host.cpu));
        let used = seen.host.memory_total.saturating_sub(seen.host.memory_available);
        self.set(Subject::Host, Metric::Memory, Some(bytes(used)));
        for process in &seen.processes {
            let view = &process.view;
            let figures = &process.figures;
            let found = [
                (Metric::Cpu, Some(view.cpu)),
                (Metric::Memory, Some(bytes(view.memory))),
                (Metric::Requests, figures.requests_per_s.map(short)),
                (Metric::EventLoop, figures.event_loop_ms.map(short)),
            ];
            for (metric, value) in found {
                self.set(Subject::Process { id: view.id }, metric, value);
                self.add(Subject::App { name: view.name.clone() }, metric, value);
            }
        }
        self.forget(seen);
    }

    /// Takes what the daemon has kept from before.
    pub(crate) fn fill(&mut self, series: &[Series], now: i64) {
        let last = *self.last.get_or_insert(now.div_euclid(STEP_MS));
        for one in series.iter().take(SUBJECTS_MAX) {
            let step_ms = i64::try_from(one.step_ms).unwrap_or(i64::MAX).max(1);
            let values = self.values.entry((one.of.clone(), one.metric)).or_default();
            let known = values.len();
            for back in known..KEPT {
                let at = (last - i64::try_from(back).unwrap_or(0)) * STEP_MS;
                let index = (at - one.from).div_euclid(step_ms);
                let found = usize::try_from(index).ok().and_then(|index| one.mean.get(index));
                let Some(value) = found else { break };
                values.push_front(*value);
            }
        }
    }

    /// The last values, at most so many, the newest at the end.
    pub(crate) fn last(&self, of: &Subject, metric: Metric, count: usize) -> Vec<Option<f32>> {
        let Some(values) = self.values.get(&(of.clone(), metric)) else {
            return Vec::new();
        };
        values.iter().skip(values.len().saturating_sub(count)).copied().collect()
    }

    fn set(&mut self, of: Subject, metric: Metric, value: Option<f32>) {
        if let Some(last) = self.at(of, metric, value.is_some()) {
            *last = value;
        }
    }

    /// A sum; of delays the largest.
    fn add(&mut self, of: Subject, metric: Metric, value: Option<f32>) {
        let (Some(last), Some(value)) = (self.at(of, metric, value.is_some()), value) else {
            return;
        };
        let before = last.unwrap_or(0.0);
        *last = Some(if metric == Metric::EventLoop { before.max(value) } else { before + value });
    }

    /// The place of the newest value; without values there is one when it is `needed`.
    fn at(&mut self, of: Subject, metric: Metric, needed: bool) -> Option<&mut Option<f32>> {
        let key = (of, metric);
        if !self.values.contains_key(&key) {
            if !needed || self.values.len() >= SUBJECTS_MAX * 4 {
                return None;
            }
            self.values.insert(key.clone(), VecDeque::from([None]));
        }
        self.values.get_mut(&key)?.back_mut()
    }

    fn forget(&mut self, seen: &Observed) {
        self.values.retain(|(of, _), values| {
            let is_there = match of {
                Subject::Host => true,
                Subject::App { name } => seen.processes.iter().any(|it| it.view.name == *name),
                Subject::Process { id } => seen.processes.iter().any(|it| it.view.id == *id),
            };
            is_there || values.iter().any(Option::is_some)
        });
    }
}

fn push(values: &mut VecDeque<Option<f32>>, count: usize) {
    values.extend(std::iter::repeat_n(None, count));
    while values.len() > KEPT {
        values.pop_front();
    }
}

#[expect(clippy::cast_precision_loss, reason = "a plot has a few dozen levels")]
fn bytes(bytes: u64) -> f32 {
    bytes as f32
}

#[expect(clippy::cast_possible_truncation, reason = "a plot has a few dozen levels")]
fn short(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::observed;

    #[test]
    fn values_are_two_seconds_apart_and_gaps_are_seen() {
        let mut trends = Trends::default();
        for at in [0, 2000, 2500, 8000] {
            trends.take(&observed(at));
        }
        let app = Subject::App { name: "api".to_owned() };
        let cpu = trends.last(&app, Metric::Cpu, 10);
        assert_eq!(
            cpu.iter().map(Option::is_some).collect::<Vec<_>>(),
            [true, true, false, false, true]
        );
        let one = trends.last(&Subject::Process { id: 0 }, Metric::Cpu, 1)[0].unwrap();
        assert!(cpu[0].unwrap() > one, "an app is the sum of its instances");
        assert_eq!(trends.last(&app, Metric::Cpu, 2).len(), 2);
    }

    #[test]
    fn what_was_before_is_put_before() {
        let mut trends = Trends::default();
        trends.take(&observed(20_000));
        let mean = (0..10_u8).map(|value| Some(f32::from(value))).collect::<Vec<_>>();
        let series = Series {
            of: Subject::Host,
            metric: Metric::Cpu,
            from: 0,
            step_ms: 4000,
            max: mean.clone(),
            mean,
        };
        trends.fill(&[series], 20_000);
        let cpu = trends.last(&Subject::Host, Metric::Cpu, 100);
        assert_eq!(cpu.len(), 11);
        assert_eq!(&cpu[..4], [Some(0.0), Some(0.0), Some(1.0), Some(1.0)]);
    }
}
