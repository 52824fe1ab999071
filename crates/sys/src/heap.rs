//! The C library's heap, told to stay small.

use nix::libc;

/// Lets all threads share one arena and gives freed memory back early, `mallopt(3)`.
///
/// By default glibc gives each thread an arena of its own; a few threads that allocate little would
/// hold several MB that nobody uses. Does nothing with another C library.
pub fn keep_small() {
    #[cfg(target_env = "gnu")]
    for (parameter, value) in [(libc::M_ARENA_MAX, 1), (libc::M_TRIM_THRESHOLD, 256 * 1024)] {
        // SAFETY: mallopt takes two numbers and touches no memory of ours; it is called before any
        // other thread exists.
        unsafe { libc::mallopt(parameter, value) };
    }
}
