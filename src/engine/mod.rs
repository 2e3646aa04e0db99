//! Evaluates controls over evidence and events.
//!
//! Assumes that controls and evidence were checked when they were loaded. A control that cannot be decided is unknown next
//! to the rest, never an abort and never a pass. Same inputs, same results, in the same order.

mod cases;
pub mod detections;
mod evaluate;
mod facts;
mod gaps;
mod join;
mod outcome;

pub use cases::{CaseOutcome, EventRunner, run_cases};
pub use evaluate::{Audit, Detections, evaluate};
pub use outcome::CheckOutcome;
