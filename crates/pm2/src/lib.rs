//! PM2's outward shapes: what its tools, its scripts and its apps see of a process manager.
//!
//! - [`names`]: where logs and pid files are.
//! - [`mod@env`]: the environment of a process.
//! - [`jlist`]: a process as JSON; [`inspect`]: as `prettylist` prints it.
//! - [`dump`]: the list that outlives the daemon.
//! - [`stamp`]: time stamps as its users write them.
//!
//! All of it is pure: nothing here reads a file, a clock or this process's environment.

pub mod dump;
pub mod env;
pub mod inspect;
pub mod jlist;
pub mod names;
pub mod stamp;
