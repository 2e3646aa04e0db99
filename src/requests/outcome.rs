//! What will be done, and what was proven done. An outcome cannot be built without its evidence (I10).
//!
//! A plan is immutable once proposed and is named by its digest. What a CRM says of itself is never evidence: only reading
//! back is, by id and by searching for the person's identifiers. Unknown is never success.

use super::right::Kind;
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::ledger::entry::Word;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Between the first and the second reading back of an erasure (T51).
pub const SECOND_READ_BACK_HOURS: i64 = 24;
/// Between the approval of an erasure and its start, in which it can be called off (T55).
pub const COOL_DOWN_HOURS: i64 = 1;

/// What will be read, changed or erased: its digest over connectors, record ids and fingerprints, and what is kept and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// Digest over every connector, record id and fingerprint of the plan.
    pub digest: Digest,
    /// Number of records in it.
    pub records: u32,
    /// Fields that are withheld or kept, each with its ground from the closed list of the regime.
    pub kept: BTreeMap<Word, Word>,
}

/// What reading back found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReadBack {
    /// The plan it was about.
    pub plan: Digest,
    /// When it was read.
    pub at: Timestamp,
    /// Records of the plan that are as they should be, read by id.
    pub as_planned: u32,
    /// Records of the person found by searching that should not be there.
    pub stray: u32,
    /// Records that could not be read; unknown is never success.
    pub unreadable: u32,
}

impl ReadBack {
    /// Whether every record of `plan` is as planned and nothing else turned up.
    pub fn confirms(&self, plan: &Plan) -> bool {
        self.plan == plan.digest && self.as_planned == plan.records && self.stray == 0 && self.unreadable == 0
    }
}

/// Proof that a plan was carried out. Only `Evidence::of` makes one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Spelled", into = "Spelled")]
pub struct Evidence {
    kind_needs_two: bool,
    plan: Plan,
    read_backs: Vec<ReadBack>,
}

/// Evidence as stored; reading it checks it anew.
#[derive(Serialize, Deserialize)]
struct Spelled {
    kind_needs_two: bool,
    plan: Plan,
    read_backs: Vec<ReadBack>,
}

impl From<Evidence> for Spelled {
    fn from(e: Evidence) -> Self {
        Self { kind_needs_two: e.kind_needs_two, plan: e.plan, read_backs: e.read_backs }
    }
}

impl TryFrom<Spelled> for Evidence {
    type Error = &'static str;

    fn try_from(s: Spelled) -> Result<Self, &'static str> {
        Self::checked(s.kind_needs_two, &s.plan, &s.read_backs).ok_or("evidence that does not prove its plan")
    }
}

impl Evidence {
    /// Evidence that `plan` was carried out; `None` while it is unconfirmed.
    ///
    /// Every reading back must confirm the plan. An erasure needs two, 24 hours apart: deletions that are queued, soft or
    /// undone by a synchronisation show up only later.
    pub fn of(kind: Kind, plan: &Plan, read_backs: &[ReadBack]) -> Option<Self> {
        Self::checked(kind == Kind::Erase, plan, read_backs)
    }

    fn checked(needs_two: bool, plan: &Plan, read_backs: &[ReadBack]) -> Option<Self> {
        let (first, last) = (read_backs.first()?, read_backs.last()?);
        let apart = TimeDelta::try_hours(SECOND_READ_BACK_HOURS)?;
        let long_enough = !needs_two || first.at.plus(apart)? <= last.at;
        let proven = long_enough && read_backs.iter().all(|r| r.confirms(plan));
        proven.then(|| Self { kind_needs_two: needs_two, plan: plan.clone(), read_backs: read_backs.to_vec() })
    }

    /// The plan that was carried out.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// How a claim ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Carried out, wholly or but for what the plan keeps, with proof.
    Done(Evidence),
    /// Refused, field by field or as a whole (`all`), each with its ground from the closed list.
    Denied(BTreeMap<Word, Word>),
    /// Answered in words: the digest of what was written.
    Told(Digest),
}

impl Outcome {
    /// The word for it: `done`, `partly-done`, `denied`, `told`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done(evidence) if evidence.plan.kept.is_empty() => "done",
            Self::Done(_) => "partly-done",
            Self::Denied(_) => "denied",
            Self::Told(_) => "told",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan { digest: Digest::of(b"plan"), records: 3, kept: BTreeMap::new() }
    }

    fn read_back(at: &str) -> ReadBack {
        ReadBack { plan: plan().digest, at: at.parse().unwrap(), as_planned: 3, stray: 0, unreadable: 0 }
    }

    #[test]
    fn an_erasure_needs_two_whole_readings_a_day_apart() {
        let (first, soon, later) =
            (read_back("2026-03-05T09:00:00Z"), read_back("2026-03-06T08:59:59Z"), read_back("2026-03-06T09:00:00Z"));
        let of = |reads: &[ReadBack]| Evidence::of(Kind::Erase, &plan(), reads).is_some();
        assert!(!of(&[]) && !of(std::slice::from_ref(&first)) && !of(&[first.clone(), soon]));
        assert!(of(&[first.clone(), later.clone()]));
        assert!(Evidence::of(Kind::Disclose, &plan(), std::slice::from_ref(&first)).is_some());
        for bad in [
            ReadBack { as_planned: 2, ..later.clone() },
            ReadBack { stray: 1, ..later.clone() },
            ReadBack { unreadable: 1, ..later.clone() },
            ReadBack { plan: Digest::of(b"other"), ..later },
        ] {
            assert!(!of(&[first.clone(), bad]));
        }
    }

    #[test]
    fn stored_evidence_that_proves_nothing_is_not_read() {
        let good = Evidence::of(Kind::Disclose, &plan(), &[read_back("2026-03-05T09:00:00Z")]).unwrap();
        let text = serde_json::to_string(&good).unwrap();
        assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), good);
        assert!(serde_json::from_str::<Evidence>(&text.replace("\"as_planned\":3", "\"as_planned\":2")).is_err());
    }
}
