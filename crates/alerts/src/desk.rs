//! What is to be sent next: filters, limits, queues and back-off. Pure: it has no clock, and does
//! not know how anything is sent.
//!
//! Each hook is sent one message at a time, in order. A message that cannot be delivered is tried
//! again after 1, 2, 4, … 300 s, for a day at most; those behind it wait, so many at most. What is
//! beyond a hook's limits is counted, and the count is told with the next message, or by itself as
//! soon as there is room.

#[cfg(test)]
mod tests;

use crate::hooks::Hook;
use rpm_proto::{Happening, Level};
use std::collections::VecDeque;
use std::sync::Arc;

/// So many messages wait for a hook.
const WAITING_MAX: usize = 200;
/// The longest wait between two attempts, in ms.
const RETRY_MAX_MS: u64 = 300_000;
/// An event that is older is not sent any more, in ms.
const AGE_MAX_MS: u64 = 24 * 3_600_000;

/// All hooks, and what waits for them.
#[derive(Debug, Default)]
pub struct Desk {
    lines: Vec<Line>,
}

/// One message to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// To whom.
    pub hook: Arc<Hook>,
    /// What happened.
    pub happening: Arc<Happening>,
    /// So many other events were left out before it.
    pub left_out: u64,
    /// The first is 1.
    pub attempt: u32,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has arrived.
    Delivered,
    /// It may arrive later.
    Later(String),
    /// It will never be taken.
    Refused(String),
}

#[derive(Debug)]
struct Line {
    hook: Arc<Hook>,
    waiting: VecDeque<Waiting>,
    /// Events that were left out since the last message.
    missing: u64,
    /// Tokens in thousandths: one message costs 1000.
    tokens: u64,
    filled_at: u64,
    /// A message is on its way; how many events it tells are left out.
    on_its_way: Option<u64>,
    retry_at: u64,
    attempt: u32,
    /// The last event that was left out.
    skipped: u64,
    /// The last event that is done with.
    done: u64,
}

#[derive(Debug)]
struct Waiting {
    happening: Arc<Happening>,
    since: u64,
}

impl Desk {
    /// A desk for hooks, each with the number of the last event that it need not be told of.
    pub fn new(now_ms: u64, hooks: impl IntoIterator<Item = (Hook, u64)>) -> Self {
        let lines = hooks.into_iter().map(|(hook, done)| Line::new(now_ms, hook, done));
        Self { lines: lines.collect() }
    }

    /// Other hooks from now on. What waits for one that stays goes on waiting; one that is new or
    /// has changed is told of what comes after event `last`.
    pub fn change(&mut self, now_ms: u64, hooks: Vec<Hook>, last: u64) {
        let mut before = std::mem::take(&mut self.lines);
        let line = |hook: Hook| match before.iter().position(|line| *line.hook == hook) {
            Some(at) => before.swap_remove(at),
            None => Line::new(now_ms, hook, last),
        };
        self.lines = hooks.into_iter().map(line).collect();
    }

    /// Takes an event that has happened.
    pub fn take(&mut self, now_ms: u64, happening: &Arc<Happening>) {
        for line in &mut self.lines {
            if happening.seq > line.done && line.hook.wants(happening) {
                line.take(now_ms, happening);
            }
        }
    }

    /// The next message that can be sent now.
    pub fn next(&mut self, now_ms: u64) -> Option<Delivery> {
        self.lines.iter_mut().find_map(|line| line.next(now_ms))
    }

    /// A message was sent, or not. Returns why it is given up, if it is.
    pub fn done(&mut self, now_ms: u64, hook: u32, outcome: Outcome) -> Option<String> {
        self.lines.iter_mut().find(|line| line.hook.id == hook)?.done(now_ms, outcome)
    }

    /// When something can be sent next; `None` when there is nothing.
    pub fn due(&self) -> Option<u64> {
        self.lines.iter().filter_map(Line::due).min()
    }

    /// For each hook, the number of the last event that is done with.
    pub fn cursors(&self) -> impl Iterator<Item = (u32, u64)> {
        self.lines.iter().map(|line| (line.hook.id, line.done))
    }
}

impl Line {
    fn new(now: u64, hook: Hook, done: u64) -> Self {
        Self {
            tokens: u64::from(hook.per_minute) * 1000,
            hook: Arc::new(hook),
            waiting: VecDeque::new(),
            missing: 0,
            filled_at: now,
            on_its_way: None,
            retry_at: 0,
            attempt: 0,
            skipped: 0,
            done,
        }
    }

    fn take(&mut self, now: u64, happening: &Arc<Happening>) {
        self.fill(now);
        if self.tokens < 1000 || self.waiting.len() >= WAITING_MAX {
            self.missing += 1;
            self.skipped = happening.seq;
            self.pass_over();
            return;
        }
        self.tokens -= 1000;
        self.waiting.push_back(Waiting { happening: Arc::clone(happening), since: now });
    }

    fn next(&mut self, now: u64) -> Option<Delivery> {
        if self.due()? > now {
            return None;
        }
        self.fill(now);
        if self.waiting.is_empty() {
            self.tokens -= 1000;
            let happening = Arc::new(count(self.done, self.missing));
            self.waiting.push_back(Waiting { happening, since: now });
            self.missing = 0;
        }
        let happening = Arc::clone(&self.waiting.front()?.happening);
        self.attempt += 1;
        self.on_its_way = Some(self.missing);
        let (hook, left_out) = (Arc::clone(&self.hook), self.missing);
        Some(Delivery { hook, happening, left_out, attempt: self.attempt })
    }

    fn done(&mut self, now: u64, outcome: Outcome) -> Option<String> {
        let told = self.on_its_way.take()?;
        let first = self.waiting.front()?;
        let why = match outcome {
            Outcome::Delivered => None,
            Outcome::Later(_) if now.saturating_sub(first.since) < AGE_MAX_MS => {
                let wait = 1000 << (self.attempt - 1).min(20);
                self.retry_at = now + RETRY_MAX_MS.min(wait);
                return None;
            }
            Outcome::Later(why) | Outcome::Refused(why) => Some(why),
        };
        if why.is_none() {
            self.missing -= told;
        }
        self.done = self.done.max(first.happening.seq);
        self.waiting.pop_front();
        self.pass_over();
        (self.attempt, self.retry_at) = (0, 0);
        why
    }

    /// What was left out is done with as soon as all before it is.
    fn pass_over(&mut self) {
        if self.waiting.is_empty() {
            self.done = self.done.max(self.skipped);
        }
    }

    /// When it can be sent something next.
    fn due(&self) -> Option<u64> {
        if self.on_its_way.is_some() {
            return None;
        }
        if !self.waiting.is_empty() {
            return Some(self.retry_at);
        }
        let lacks = 1000_u64.saturating_sub(self.tokens);
        let rate = u64::from(self.hook.per_minute);
        // Tokens come at `rate` thousandths each 60 ms.
        (self.missing > 0 && rate > 0).then(|| self.filled_at + (lacks * 60).div_ceil(rate))
    }

    fn fill(&mut self, now: u64) {
        let rate = u64::from(self.hook.per_minute);
        let earned = now.saturating_sub(self.filled_at) * rate / 60;
        if earned > 0 {
            self.tokens = (self.tokens + earned).min(rate * 1000);
            self.filled_at = now;
        }
    }
}

/// Tells by itself how many events were left out.
fn count(seq: u64, missing: u64) -> Happening {
    let mut data = serde_json::Map::new();
    data.insert("count".to_owned(), missing.into());
    Happening {
        seq,
        at: 0,
        kind: "left_out".to_owned(),
        level: Level::Warn,
        app: None,
        id: None,
        text: format!("{missing} more events were not sent, as they were too many"),
        by: None,
        data,
    }
}
