//! Limits and thrift of the calling process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;

/// Allows as many descriptors as the system lets us have. Returns the limit there was before, for
/// children that expect it; `None` stands for no limit.
pub fn raise_descriptors() -> io::Result<Option<u64>> {
    let before = getrlimit(Resource::Nofile);
    if before.current != before.maximum {
        let raised = Rlimit { current: before.maximum, maximum: before.maximum };
        setrlimit(Resource::Nofile, raised)?;
    }
    Ok(before.current)
}

/// The number of what is limited, `RLIMIT_*`, by its name in lower case; `None` when there is none.
pub fn resource(name: &str) -> Option<i32> {
    use nix::libc;
    let number = match name {
        "as" => libc::RLIMIT_AS,
        "core" => libc::RLIMIT_CORE,
        "cpu" => libc::RLIMIT_CPU,
        "data" => libc::RLIMIT_DATA,
        "fsize" => libc::RLIMIT_FSIZE,
        "memlock" => libc::RLIMIT_MEMLOCK,
        "msgqueue" => libc::RLIMIT_MSGQUEUE,
        "nofile" => libc::RLIMIT_NOFILE,
        "nproc" => libc::RLIMIT_NPROC,
        "sigpending" => libc::RLIMIT_SIGPENDING,
        "stack" => libc::RLIMIT_STACK,
        _ => return None,
    };
    // The type of these differs between C libraries; all are small.
    i32::try_from(number).ok()
}

/// Keeps the heap small: one arena, and freed memory is given back early, `mallopt(3)`.
pub fn spare_memory() {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: the call only stores a number.
        unsafe { nix::libc::mallopt(nix::libc::M_ARENA_MAX, 1) };
        // SAFETY: as above.
        unsafe { nix::libc::mallopt(nix::libc::M_TRIM_THRESHOLD, 64 * 1024) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_to_the_hard_one() {
        let before = getrlimit(Resource::Nofile);
        assert_eq!(raise_descriptors().unwrap(), before.current);
        assert_eq!(getrlimit(Resource::Nofile).current, before.maximum);
    }
}
