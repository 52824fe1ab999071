//! See `rpm_fuzz_targets::config_toml`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rpm_fuzz_targets::config_toml(bytes));
