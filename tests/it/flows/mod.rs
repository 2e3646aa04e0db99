//! Flows from evidence to report, and from a letter to its proven end.

mod address;
mod office;
mod outage;
pub mod rights;
mod run_audit;
mod year;
