//! The memory that holds the program itself.

use nix::libc;
use std::io;

/// Gives back the pages of the program and its libraries that were read so far; those still needed
/// are mapped again from the page cache, `madvise(2)`.
///
/// What a program runs once, at its start, would else count as its memory for as long as it lives.
/// Only executable mappings of files are touched: they are never written to, so that nothing can
/// be lost.
pub fn give_back() -> io::Result<()> {
    for line in std::fs::read_to_string("/proc/self/maps")?.lines() {
        let Some((start, length)) = executable(line) else { continue };
        let address = std::ptr::with_exposed_provenance_mut(start);
        // SAFETY: the range is one whole mapping of a file, private, executable and not writable.
        // Dropping its clean pages changes nothing that can be read from it.
        let done = unsafe { libc::madvise(address, length, libc::MADV_DONTNEED) };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Start and length of the mapping in a line of `/proc/self/maps`, `proc_pid_maps(5)`, when it is a
/// file's code.
fn executable(line: &str) -> Option<(usize, usize)> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    if words.next()? != "r-xp" || !words.nth(3)?.starts_with('/') {
        return None;
    }
    let start = usize::from_str_radix(start, 16).ok()?;
    let end = usize::from_str_radix(end, 16).ok()?;
    Some((start, end.checked_sub(start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_of_files_is_taken() {
        let code = "55d0-55e0 r-xp 00001000 fe:00 42   /usr/bin/rpm";
        assert_eq!(executable(code), Some((0x55d0, 0x10)));
        for other in [
            "55d0-55e0 r--p 00001000 fe:00 42   /usr/bin/rpm",
            "55d0-55e0 rwxp 00001000 fe:00 42   /usr/bin/rpm",
            "7fff-8000 r-xp 00000000 00:00 0    [vdso]",
            "7fff-8000 r-xp 00000000 00:00 0",
            "",
        ] {
            assert_eq!(executable(other), None, "{other}");
        }
    }

    #[test]
    fn the_program_runs_on() {
        give_back().unwrap();
        assert_eq!("still here".to_uppercase(), "STILL HERE");
    }
}
