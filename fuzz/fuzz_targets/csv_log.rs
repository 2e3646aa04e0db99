//! Logs read by the mapping of `salesforce`.
#![no_main]

libfuzzer_sys::fuzz_target!(|log: &[u8]| habeas_fuzz::check_mapping("salesforce", log));
