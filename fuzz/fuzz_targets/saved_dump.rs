//! See `rpm_fuzz_targets::saved_dump`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rpm_fuzz_targets::saved_dump(bytes));
