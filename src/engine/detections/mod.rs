//! Controls over events: their rules run together in one pass over the log, and firings become findings.
//!
//! Assumes that the log was read with the plan made here. A control that could not have fired, because the log lacks what
//! it needs or has a hole, is unknown and never a pass (R 3.8).

mod compile;
mod judge;
mod silences;
mod owner;
mod texts;

pub use compile::{DetectError, Detector};
pub use judge::{Detected, Found, Gathered};
pub use silences::{Silence, Silences};

use super::evaluate::Detections;
use crate::catalog::{Case, Control, Overrides};
use crate::events::memory;
use std::sync::Arc;

/// Evaluates the events of a case of one control.
pub fn run_case(control: &Control, case: &Case) -> Result<Box<dyn Detections>, String> {
    let mut overrides = Overrides::new();
    overrides.insert(control.id.clone(), case.params.clone());
    let detector = Detector::compile(&[control], &overrides).map_err(|e| e.to_string())?;
    let context = detector.context(&|kind| case.evidence.get(kind).cloned());
    let mut lines = Vec::new();
    for event in case.events.iter().flatten() {
        lines.extend_from_slice(event.to_string().as_bytes());
        lines.push(b'\n');
    }
    let (firings, sight) = memory::run(detector.plan(), &context, &lines);
    let mut gathered = Gathered::default();
    firings.iter().for_each(|f| gathered.add(f));
    let classes = case.evidence.get("log").and_then(|l| l.get("classes")).cloned();
    let names = vec!["events.ndjson".to_owned()];
    let found = Found::new(detector, gathered, sight, names, &context);
    Ok(Box::new(Detected::new(Arc::new(found), classes, case.as_of)))
}
