//! See `rpm_fuzz_targets::journal`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rpm_fuzz_targets::journal(bytes));
