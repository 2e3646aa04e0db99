//! Logs read by the mapping of `syslog`.
#![no_main]

libfuzzer_sys::fuzz_target!(|log: &[u8]| habeas_fuzz::check_mapping("syslog", log));
