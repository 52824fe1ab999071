//! What the daemon tells of itself.

use super::Draft;
use crate::world::{Over, World};
use rpm_proto::Level;

impl World {
    /// Says in the log that supervision has begun.
    pub(crate) fn say_begun(&self) {
        let (version, predecessors) = (env!("CARGO_PKG_VERSION"), self.predecessors);
        tracing::info!(version, predecessors, home = %self.home.root(), "supervising");
        let draft = match predecessors {
            0 => Draft::new("daemon_started", Level::Info, format!("rpm {version} supervises")),
            count => {
                let text = format!("rpm {version} has taken over from the last supervisor");
                Draft::new("daemon_replaced", Level::Warn, text).with("predecessors", count)
            }
        };
        self.chronicle.tell(draft.with("version", version));
    }

    /// Says that supervision has ended, where nobody goes on with it, and lets events be written.
    pub(crate) fn say_ended(&self) {
        if matches!(self.over, Some(Over::Stopped) | None) {
            self.chronicle.tell(Draft::new("daemon_stopped", Level::Info, "all is stopped"));
        }
        self.chronicle.finish();
    }
}
