//! See `rpm_fuzz_targets::pm2_calls`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rpm_fuzz_targets::pm2_calls(bytes));
