//! The small parent of every service.
//!
//! The keeper is the only process that must not die, so it is small enough to be right: it forks
//! and executes what it is told, holds descriptors, reaps, remembers exits that nobody has
//! acknowledged, and starts the supervisor again when that dies, handing all of it over. It knows
//! no policy, no apps and no users. One thread, and one for what may have to wait for a disk.
//!
//! # Where things are
//!
//! [`run()`] is the keeper itself, [`start()`] how a client starts one, and [`start_adopting`] how a
//! supervisor does that outlived its keeper. [`link`] is the supervisor's
//! end, [`wire`] what the two say to each other, [`launch`] what a program is started with.

mod adopt;
mod aside;
mod backoff;
mod bag;
mod childrens;
mod end;
#[doc(hidden)]
pub mod fuzzing;
mod keeper;
pub mod launch;
mod life;
pub mod link;
mod lock;
mod notify;
mod outbox;
mod renew;
mod requests;
mod say;
mod setup;
mod start;
mod wait;
mod watchdog;
pub mod wire;

pub use adopt::{Adoption, start_adopting};
pub use renew::STATE_VERSION;
pub use setup::{End, Options, RunError, run};
pub use start::{RUN_MARKER, StartError, Started, start};
