//! Audits to report on, from `tests/fixtures/report`.

use habeas::report::{Input, Report, build};

/// An audit of an example company, without an earlier one.
pub fn input() -> Input {
    serde_json::from_str(include_str!("../../fixtures/report/input.json")).unwrap()
}

/// The report of the audit before it.
pub fn before() -> Report {
    build(serde_json::from_str(include_str!("../../fixtures/report/input-before.json")).unwrap())
}

/// The report compared with the one before.
pub fn report() -> Report {
    build(Input { previous: Some(before()), ..input() })
}
