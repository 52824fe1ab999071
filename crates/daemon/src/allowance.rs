//! How often something may be said: so many at once, and then one after each of so many ms.

use rpm_core::Mono;

/// A bucket that fills with time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    burst: u64,
    each_ms: u64,
    room: u64,
    filled_at: Mono,
}

impl Allowance {
    /// A full one.
    pub(crate) fn new(burst: u64, each_ms: u64) -> Self {
        Self { burst, each_ms, room: burst, filled_at: Mono(0) }
    }

    /// Takes one; `false` when there is none.
    pub(crate) fn take(&mut self, now: Mono) -> bool {
        let earned = now.since(self.filled_at) / self.each_ms;
        if earned > 0 {
            self.room = (self.room + earned).min(self.burst);
            self.filled_at = now;
        }
        let Some(room) = self.room.checked_sub(1) else {
            return false;
        };
        self.room = room;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_thinned_out() {
        let mut allowance = Allowance::new(200, 50);
        let mut now = Mono(1_000_000);
        let mut taken = |now, times| (0..times).filter(|_| allowance.take(now)).count() as u64;
        assert_eq!(taken(now, 10_000), 200);
        let mut later = 0;
        for _ in 0..1000 {
            now = now.after(10);
            later += taken(now, 1);
        }
        assert_eq!(later, 10_000 / 50);
        assert_eq!(taken(now.after(3_600_000), 10_000), 200);
    }
}
