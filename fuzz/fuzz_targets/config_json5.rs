//! See `rpm_fuzz_targets::config_json5`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rpm_fuzz_targets::config_json5(bytes));
