//! Verdicts, findings, their severity and their place in the evidence.
//!
//! Assumes nothing about how a verdict was reached. A finding without a place cannot be built.

mod finding;
mod place;
mod severity;
mod verdict;
pub mod waiver;

pub use finding::{ControlResult, Finding, Gap, Parameter, Shown, Waived};
pub use place::Place;
pub use severity::Severity;
pub use verdict::Verdict;
