//! What users write, to what is wanted: ecosystem files and flags to [`rpm_core::AppSpec`].
//!
//! A config is read in three steps. `syntax` (JSON5, YAML, TOML) gives values that know their places, so that each
//! error shows its line. `read` takes PM2's spellings and checks the kind of each value; flags
//! come out as the same `Raw`. `lower` resolves it: scripts, interpreters, paths, counts.
//!
//! Everything here happens in the user's context (folder, home, `PATH`), which is an argument.
//! Nothing here knows the daemon.

mod account;
mod context;
mod deploy;
mod document;
mod edit;
mod fault;
mod fields;
mod flags;
mod folders;
#[doc(hidden)]
pub mod fuzzing;
mod interpreter;
mod javascript;
mod keys;
mod limits;
mod load;
mod lower;
mod nearest;
mod paths;
mod raw;
mod read;
mod reference;
mod rotate;
mod runner;
mod script;
mod source;
mod syntax;
#[cfg(test)]
mod testing;
mod units;
mod version;
mod watch;
mod written;

pub use context::{Context, Loaded, Selection};
pub use deploy::{Deployment, deployment};
pub use edit::settings;
pub use fault::{ConfigFault, FaultKind};
pub use flags::{Flags, from_flags};
pub use load::{is_config_file, load_file, load_json};
pub use reference::schema;
pub use rotate::{ROTATE_GROUP, rotate_setting};
pub use script::STATIC_SERVER;
pub use units::duration_ms;
pub use written::written;
