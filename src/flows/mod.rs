//! Use cases, one file each: read, decide, write.

pub mod run_audit;
