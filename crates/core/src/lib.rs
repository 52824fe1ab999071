//! What should happen: the supervision machine, pure.
//!
//! The supervisor owns the table of processes. It learns of the world only through events and
//! changes it only through actions. It has no clock: each event arrives with the time. Given the
//! same events at the same times it gives the same actions. It never waits.
//!
//! # Vocabulary
//!
//! - An *app* is what a user configures: a name and an [`AppSpec`].
//! - An *instance* is one numbered slot of an app, PM2's `pm_id` ([`ProcId`]).
//! - A *run* is one operating system process in that slot. Each has a [`Generation`] that is never
//!   used again; news of a run that is no longer known is dropped in one place. During a reload an
//!   instance has two runs: the one that serves and the one that comes or goes.
//! - What the user *wants* and the *phase* an instance is in are two fields.
//!
//! # Where things are
//!
//! [`event`] and [`action`] are the two sides of the machine, [`spec`] what a user wants of an app.
//! [`supervisor`] is the table and its one function, `step`. `policy` holds the rules as pure
//! functions: how a run ended goes in, what follows comes out.
//!
//! This crate knows no files, descriptors, clocks, runtimes, nor the spellings of configuration
//! files.

pub mod action;
pub mod event;
pub mod id;
mod policy;
pub mod select;
pub mod signal;
pub mod spec;
pub mod supervisor;
pub mod time;

pub use action::{Action, Affected, Change, Failure, Notice, Outcome, Refusal, Scope};
pub use event::{Command, Ending, Event, Existing, ScaleTo, SpawnError};
pub use id::{CommandId, Generation, ProcId};
pub use select::Target;
pub use signal::Signal;
pub use spec::AppSpec;
pub use supervisor::{Changes, InstanceView, Ledger, Part, PartsError, Status, Supervisor};
pub use time::{Mono, Now, Wall};
