//! When a change of files is acted upon: a while after the last of a series, so that a thousand of
//! them make one restart.

use rpm_core::Mono;
use std::collections::BTreeMap;

/// A series is over when nothing has changed for so long, in ms.
const QUIET_MS: u64 = 200;
/// A series that does not end is acted upon so long after its beginning, in ms.
const PATIENCE_MS: u64 = 5000;
/// While an app is being reloaded, what has changed waits so much longer, in ms.
const AGAIN_MS: u64 = 500;

/// The series that are not over.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    series: BTreeMap<String, Series>,
}

/// What has changed of one app.
#[derive(Debug)]
struct Series {
    first: String,
    began: Mono,
    due: Mono,
}

impl Quiet {
    /// A file of an app has changed; `delay_ms` is the wait that its user asked for.
    pub(super) fn changed(&mut self, now: Mono, app: String, path: String, delay_ms: u64) {
        let wait_ms = QUIET_MS.max(delay_ms);
        let series = self.series.entry(app).or_insert(Series { first: path, began: now, due: now });
        let latest = series.began.after(PATIENCE_MS.max(wait_ms));
        series.due = series.due.max(now.after(wait_ms).min(latest));
    }

    /// When the next series is over; `None` when there is none.
    pub(super) fn due(&self) -> Option<Mono> {
        self.series.values().map(|series| series.due).min()
    }

    /// The apps of the series that are over, each with the first file that changed. Those that are
    /// `busy` are left for later.
    pub(super) fn take(&mut self, now: Mono, busy: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let due = |(app, series): (&String, &Series)| (series.due <= now).then(|| app.clone());
        let mut over = Vec::new();
        for app in self.series.iter().filter_map(due).collect::<Vec<_>>() {
            if busy(&app) {
                if let Some(series) = self.series.get_mut(&app) {
                    series.due = now.after(AGAIN_MS);
                }
            } else if let Some(series) = self.series.remove(&app) {
                over.push((app, series.first));
            }
        }
        over
    }

    /// Forgets what has changed of apps that are not watched any more.
    pub(super) fn keep(&mut self, is_watched: impl Fn(&str) -> bool) {
        self.series.retain(|app, _| is_watched(app));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(quiet: &mut Quiet, at: u64, delay_ms: u64) {
        quiet.changed(Mono(at), "api".to_owned(), format!("f{at}"), delay_ms);
    }

    #[test]
    fn a_series_is_acted_upon_once_and_after_its_end() {
        let mut quiet = Quiet::default();
        for at in 0..1000 {
            changed(&mut quiet, at, 0);
            assert!(quiet.take(Mono(at), |_| false).is_empty());
        }
        assert_eq!(quiet.due(), Some(Mono(999 + QUIET_MS)));
        let over = quiet.take(Mono(999 + QUIET_MS), |_| false);
        assert_eq!(over, [("api".to_owned(), "f0".to_owned())]);
        assert_eq!(quiet.due(), None);
    }

    #[test]
    fn one_that_does_not_end_is_acted_upon_all_the_same() {
        let mut quiet = Quiet::default();
        let mut acted = Vec::new();
        for at in (0..20_000).step_by(100) {
            changed(&mut quiet, at, 0);
            acted.extend(quiet.take(Mono(at), |_| false).iter().map(|_| at));
        }
        assert_eq!(acted, [5000, 10_100, 15_200]);
    }

    #[test]
    fn the_wait_that_was_asked_for_is_kept() {
        let mut quiet = Quiet::default();
        changed(&mut quiet, 0, 60_000);
        assert_eq!(quiet.due(), Some(Mono(60_000)));
    }

    #[test]
    fn what_is_being_reloaded_waits_and_what_is_not_watched_is_forgotten() {
        let mut quiet = Quiet::default();
        changed(&mut quiet, 0, 0);
        assert!(quiet.take(Mono(500), |app| app == "api").is_empty());
        assert_eq!(quiet.due(), Some(Mono(500 + AGAIN_MS)));
        quiet.keep(|app| app != "api");
        assert_eq!(quiet.due(), None);
    }
}
