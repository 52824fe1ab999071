//! See `rpm_fuzz_targets::node_primary`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rpm_fuzz_targets::node_primary(bytes));
