//! PM2's outward shapes: what its tools, its scripts and its apps see of a process manager.
//!
//! - [`names`]: where logs and pid files are.
//! - [`mod@env`]: the environment of a process.
//! - [`jlist`]: a process as JSON; [`inspect`]: as `prettylist` prints it.
//! - [`said`]: what an app tells of itself; [`figures`]: its figures in common terms; [`bus`]: news
//!   for everybody.
//! - [`amp`]: the frames of its sockets; [`rpc`]: what its clients ask.
//! - [`prepared`]: an app as its clients prepare it.
//! - [`dump`]: the list that outlives the daemon.
//! - [`system`]: the machine as its clients show it.
//! - [`stamp`]: time stamps as its users write them.
//!
//! All of it is pure: nothing here reads a file, a clock or this process's environment.

pub mod amp;
pub mod bus;
pub mod dump;
pub mod env;
pub mod figures;
pub mod inspect;
pub mod jlist;
pub mod names;
pub mod prepared;
pub mod rpc;
pub mod said;
pub mod stamp;
pub mod system;
