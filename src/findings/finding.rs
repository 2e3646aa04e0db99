//! Findings and the result of one control.

use super::{Place, Severity, Verdict};
use crate::clock::{Day, Timestamp};
use crate::crypto::hash::Digest;
use crate::lang::Localised;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that does not meet a control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable from audit to audit: the control's id, a dash, and 8 hexadecimal digits over control, check and place.
    pub id: String,
    /// Id of the control, e.g. `HAB-AUT-01`.
    pub control: String,
    /// Name of the check inside the control; empty when it has only one.
    pub check: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where to look.
    pub place: Place,
    /// What is the case, in words.
    pub says: Localised,
    /// The sub-expression that failed and the values it saw; for events, the threshold met.
    pub because: String,
    /// The fields the control asks to be shown.
    pub shown: Vec<Shown>,
    /// How many records or events are affected; at least 1.
    pub affected: u64,
    /// When it first happened (events) or was first reported (a previous report was given).
    pub first_seen: Option<Timestamp>,
    /// When it last happened (events) or this audit's instant.
    pub last_seen: Option<Timestamp>,
}

impl Finding {
    /// The stable id of a finding of `control`'s `check` at `place`.
    pub fn stable_id(control: &str, check: &str, place: &Place) -> String {
        let key = format!("{control}\n{check}\n{}", place.stable_key());
        format!("{control}-{}", Digest::of(key.as_bytes()).short(8))
    }
}

/// A value printed with a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The expression, e.g. `user.last_login`.
    pub name: String,
    /// Its value; null when the field is known to be empty or is absent.
    pub value: Value,
}

/// Something that could not be decided, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// What is missing, e.g. `users[].mfa_enforced`, `backup`, `events: login`.
    pub path: String,
    /// Why it is not there, in words that say what to do next.
    pub reason: Localised,
    /// How many records were left undecided by it; at least 1.
    pub affected: u64,
}

/// A parameter as it was used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name in the control.
    pub name: String,
    /// The value used.
    pub value: Value,
    /// Where the value comes from: the default's legal or technical source, or `set by the user`.
    pub origin: String,
}

/// A failure that somebody with authority accepted for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waived {
    /// Id of the finding, or of the control when all its findings are waived.
    pub what: String,
    /// Why the risk is accepted.
    pub reason: String,
    /// What is done instead.
    pub compensating: String,
    /// Who wrote the waiver.
    pub author: String,
    /// Who approved it; never the author.
    pub approver: String,
    /// Last day on which it counts.
    pub expires_on: Day,
}

/// What an audit says of one control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlResult {
    /// Id of the control.
    pub control: String,
    /// SHA-256 of the control's file: its version.
    pub version: Digest,
    /// The verdict, waivers taken into account.
    pub verdict: Verdict,
    /// The verdict if there were no waivers.
    pub verdict_without_waivers: Verdict,
    /// Records or events looked at.
    pub checked: u64,
    /// Of these, how many failed.
    pub failed: u64,
    /// Of these, how many could not be decided.
    pub unknown: u64,
    /// What failed, in stable order.
    pub findings: Vec<Finding>,
    /// What could not be decided, in stable order.
    pub gaps: Vec<Gap>,
    /// Why the control does not apply, when it does not.
    pub not_applicable: Option<Localised>,
    /// Waivers that took effect.
    pub waived: Vec<Waived>,
    /// Parameters used.
    pub parameters: Vec<Parameter>,
    /// Names of the evidence kinds and log files it was decided on; their hashes are in the manifest.
    pub inputs: Vec<String>,
}
