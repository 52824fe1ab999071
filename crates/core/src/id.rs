//! Numbers that name things.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize,
            Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// One instance of an app: PM2's `pm_id`. Counts from 0; starts again at 0 only when the table
    /// has become empty, as in PM2.
    ProcId(u32)
}

number! {
    /// One run of an instance. Never used again in the life of a home, also across restarts of
    /// the supervisor; a cluster worker sees it as `NODE_UNIQUE_ID`. Counts from 1.
    Generation(u64)
}

number! {
    /// One command of a client. Chosen by the shell, unique while the supervisor lives.
    CommandId(u64)
}
