//! Cases: small pieces of evidence with the verdict a control must reach on them.

use super::yaml::{Problem, read};
use crate::clock::Timestamp;
use crate::findings::Verdict;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in words.
    pub note: String,
    /// The instant of the audit.
    pub as_of: Timestamp,
    /// Parameters set for this case.
    #[serde(default)]
    pub params: BTreeMap<String, Json>,
    /// The data of each kind; kinds left out are absent.
    #[serde(default)]
    pub evidence: BTreeMap<String, Json>,
    /// Age of the evidence in days, for controls that need it fresh; by kind, otherwise 0.
    #[serde(default)]
    pub evidence_age_days: BTreeMap<String, u32>,
    /// Events, for checks over events; `None`: no log was given.
    pub events: Option<Vec<Json>>,
    /// What must come out.
    pub expect: Expectation,
}

/// What must come out of a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The verdict.
    pub verdict: Verdict,
    /// Exactly these places, `kind/record`, in any order.
    pub findings: Option<Vec<String>>,
    /// Exactly these missing paths, in any order.
    pub gaps: Option<Vec<String>>,
}

/// Reads a cases file.
pub(super) fn cases(file: &str, bytes: &[u8]) -> Result<Vec<Case>, Problem> {
    read(file, bytes)
}
