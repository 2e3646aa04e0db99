//! Sigma 2.1 rules: from YAML text to detections over numbered fields and predicates.
//!
//! Assumes nothing about events but that they are JSON objects. What is not understood is refused by name, with file and
//! line; no part of a rule is ever dropped silently.

mod baseline;
mod condition;
mod correlation;
mod detection;
mod document;
mod extension;
mod load;
mod modifier;
mod vocabulary;

pub use baseline::{Baseline, Measure};
pub use correlation::{Correlation, Kind, Limits, Percentile, Sequence, TYPES, timespan_ms};
pub use detection::Written;
pub use document::Document;
pub use extension::Extension;
pub use load::{Body, Rule, RuleSet, Settings};
pub use modifier::{MODIFIERS, Placeholders};
pub use vocabulary::{Enrichment, Expr, FieldId, HourFields, NetworkOf, Predicate, PredicateId, Question, Vocabulary};

/// A rule that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct RuleError {
    /// The rule file as given.
    pub file: String,
    /// Line of the offending key, or of the document's start; from 1.
    pub line: usize,
    /// What is wrong and what to do about it.
    pub what: String,
}
