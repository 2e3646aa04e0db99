//! The envelope every piece of evidence comes in, and bundles of envelopes.

use crate::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Version mark of an envelope.
pub(super) const ENVELOPE: &str = "evidence/1";
/// Version mark of a bundle.
pub(super) const BUNDLE: &str = "snapshot/1";

/// Where evidence comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The system it describes, e.g. `odoo`.
    pub system: String,
    /// How it was obtained.
    pub method: Method,
    /// Program and version that collected it.
    pub collector: String,
    /// For attestations, who attests it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested_by: Option<String>,
}

/// How evidence was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A file exported from the system.
    Export,
    /// The system's programming interface.
    Api,
    /// Its database.
    Sql,
    /// A measurement from outside.
    Probe,
    /// A person's word.
    Attestation,
    /// Made up for the example company.
    Demo,
}

/// An envelope or a bundle; which of the two is told by `habeas`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub(super) habeas: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) source: Option<Source>,
    pub(super) observed_at: Option<Timestamp>,
    pub(super) collected_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) evidence: Option<Vec<&'a RawValue>>,
}
