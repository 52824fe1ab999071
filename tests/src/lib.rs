//! Helpers of the end-to-end tests: a private home, free ports, and the binary under test.
//!
//! A test makes an [`Rpm`], uses it as a person would, and looks at the world by other ways than
//! the program's own word: `/proc`, the app's port, the files. When it is over nothing may be left.

mod child;
mod ecosystem;
mod git;
mod http;
mod load;
mod npm;
mod ports;
mod proc;
mod rpm;
mod wait;
mod wire;

pub use child::{beside_tests, child, child_app};
pub use ecosystem::{SERVICES, ecosystem};
pub use git::git;
pub use http::{Response, get, request};
pub use load::{Load, LoadResult, Style};
pub use npm::{node, packages};
pub use ports::free_port;
pub use proc::{alive, environ, kill, parent_of, resident_bytes, started, with_mark};
pub use rpm::{Output, Process, Rpm, Running};
pub use wait::{eventually, eventually_within};

/// A file of `tests/apps`.
pub fn app(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("apps").join(name);
    assert!(path.exists(), "there is no {}", path.display());
    path.to_str().unwrap().to_owned()
}
