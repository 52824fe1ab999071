//! Whether it helps to try again when a process could not be started.

use crate::event::SpawnError;

/// The shortest wait before a second try, in ms: what is short now (processes, memory) is short for
/// a while.
pub(crate) const RETRY_MS: u64 = 1000;

/// Errors that stay until somebody mends something, `errno(3)`: EPERM, ENOENT, E2BIG, ENOEXEC,
/// EACCES, ENOTDIR, EINVAL, ELOOP.
const LASTING: [i32; 8] = [1, 2, 7, 8, 13, 20, 22, 40];

/// Whether each further try would fail alike. PM2 shows such an app as online, without a process.
pub(crate) fn is_lasting(error: &SpawnError) -> bool {
    LASTING.contains(&error.errno)
}

/// What to say of it.
pub(crate) fn describe(error: &SpawnError) -> String {
    format!("{}: {}", error.what, error.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_stays_missing_and_a_full_table_does_not() {
        let error = |errno| SpawnError { what: String::new(), errno, why: String::new() };
        assert!(is_lasting(&error(2)), "ENOENT");
        assert!(!is_lasting(&error(11)), "EAGAIN");
        assert!(!is_lasting(&error(12)), "ENOMEM");
        assert!(!is_lasting(&error(0)), "unknown");
    }
}
