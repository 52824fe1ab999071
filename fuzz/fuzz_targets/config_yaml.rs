//! See `rpm_fuzz_targets::config_yaml`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rpm_fuzz_targets::config_yaml(bytes));
