//! What an experiment has counted, and whether that is what is promised.

use serde::{Deserialize, Serialize};

/// On a machine that does little else `list` takes less, in ms.
const QUIET_MS: f64 = 8.0;

/// One run of one experiment.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Report {
    /// Its name.
    pub(crate) experiment: String,
    /// What was tried: `rpm`, `pm2`, `supervisord`.
    pub(crate) subject: String,
    /// The seed.
    pub(crate) seed: u64,
    /// Day and time in UTC.
    pub(crate) date: String,
    /// The commit, when the source is a checkout.
    pub(crate) commit: String,
    /// Cores and kernel.
    pub(crate) machine: String,
    /// `debug` or `release`.
    pub(crate) build: String,
    /// Kills, refused calls, and so on.
    pub(crate) faults: u64,
    /// Requests of clients.
    pub(crate) requests: Tally,
    /// Lines in log files.
    pub(crate) lines: Lines,
    /// Services that should not have noticed; `wrong` of them have another process now.
    pub(crate) services: Tally,
    /// Ends of services that were made; `wrong` of them are not known with their right status.
    pub(crate) exits: Tally,
    /// From the fault to the first answered `list`, sorted.
    pub(crate) regain_ms: Vec<f64>,
    /// How long `list` took before anything was disturbed.
    pub(crate) usual_ms: f64,
    /// The most memory that supervisor and keeper used together, in KiB.
    pub(crate) peak_kib: u64,
    /// And what they may.
    pub(crate) bound_kib: u64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// What else there is to say.
    pub(crate) notes: Vec<String>,
    /// What is not as promised; nothing when all is well.
    pub(crate) broken: Vec<String>,
    /// Why it was not done.
    pub(crate) skipped: Option<String>,
}

/// A count, and how many of these went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// All.
    pub(crate) all: u64,
    /// Those that went wrong.
    pub(crate) wrong: u64,
}

/// Lines that services wrote.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Lines {
    /// All.
    pub(crate) written: u64,
    /// In no file.
    pub(crate) lost: u64,
    /// In a file more than once.
    pub(crate) doubled: u64,
    /// Not as they were written.
    pub(crate) torn: u64,
    /// Bytes that the files say were dropped.
    pub(crate) declared_bytes: u64,
}

impl Report {
    /// Records a broken promise, unless it holds.
    pub(crate) fn promise(&mut self, holds: bool, otherwise: impl Into<String>) {
        if !holds {
            self.broken.push(otherwise.into());
        }
    }

    /// The usual promise: nothing failed, nothing was lost, nobody noticed.
    pub(crate) fn promise_nothing_noticed(&mut self) {
        let (requests, services, exits, lines) =
            (self.requests, self.services, self.exits, self.lines);
        let wrong = requests.wrong;
        self.promise(wrong == 0, format!("{wrong} of {} requests failed", requests.all));
        let wrong = services.wrong;
        self.promise(wrong == 0, format!("{wrong} of {} services restarted", services.all));
        let wrong = exits.wrong;
        self.promise(wrong == 0, format!("{wrong} of {} exits not known", exits.all));
        let (lost, doubled, torn) = (lines.lost, lines.doubled, lines.torn);
        let text = format!("lines: {lost} lost, {doubled} doubled, {torn} torn");
        self.promise(lost + doubled + torn == 0, text);
    }

    /// As [`Self::promise_nothing_noticed`], but lines may be missing or cut where the files say how
    /// many bytes that is. Lines are of `bytes` bytes.
    pub(crate) fn promise_nothing_silent(&mut self, bytes: u64) {
        let lines = self.lines;
        let missing = lines.lost * bytes;
        let said = lines.declared_bytes + lines.torn * bytes;
        self.promise(missing <= said, format!("{missing} bytes are missing, {said} were said"));
        self.lines = Lines { lost: 0, torn: 0, ..lines };
        self.promise_nothing_noticed();
        self.lines = lines;
        if lines.torn > 0 {
            self.notes.push(format!("{} lines were cut where the rest was dropped", lines.torn));
        }
    }

    /// The promise that supervision is back soon, which is one for a machine that does little else.
    pub(crate) fn promise_regain(&mut self, median_ms: f64, worst_ms: f64) {
        if self.usual_ms > QUIET_MS {
            let usual = self.usual_ms;
            self.notes
                .push(format!("a busy machine (`list` takes {usual:.0} ms): no times judged"));
            return;
        }
        let (median, worst) = (self.regain(0.5), self.regain(1.0));
        self.promise(median <= median_ms, format!("regained in {median:.0} ms at the median"));
        self.promise(worst <= worst_ms, format!("regained in {worst:.0} ms at the worst"));
    }

    /// The promise that memory is bounded.
    pub(crate) fn promise_memory(&mut self, bound_kib: u64) {
        self.bound_kib = bound_kib;
        let peak = self.peak_kib;
        self.promise(peak <= bound_kib, format!("{peak} KiB of memory, {bound_kib} allowed"));
    }

    /// A quantile of the times to regain.
    pub(crate) fn regain(&self, quantile: f64) -> f64 {
        let Some(last) = self.regain_ms.len().checked_sub(1) else { return 0.0 };
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index of a short list"
        )]
        let index = (last as f64 * quantile).round() as usize;
        self.regain_ms[index]
    }

    /// In a word.
    pub(crate) fn verdict(&self) -> &'static str {
        match (&self.skipped, self.broken.is_empty()) {
            (Some(_), _) => "not done",
            (None, false) => "BROKEN",
            // Others have promised nothing.
            (None, true) if self.subject != "rpm" => "measured",
            (None, true) => "held",
        }
    }
}
