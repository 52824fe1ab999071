//! See `rpm_fuzz_targets::client_frames`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rpm_fuzz_targets::client_frames(bytes));
