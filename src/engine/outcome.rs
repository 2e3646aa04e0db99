//! What one check comes to, and how checks add up to a control's verdict.

use crate::findings::{Finding, Gap, Verdict};
use crate::lang::Localised;
use std::collections::BTreeMap;

/// What one check comes to.
#[derive(Clone, Debug)]
pub struct CheckOutcome {
    /// Its verdict.
    pub verdict: Verdict,
    /// Records or events looked at.
    pub checked: u64,
    /// Of these, how many failed.
    pub failed: u64,
    /// Of these, how many could not be decided.
    pub unknown: u64,
    /// What failed.
    pub findings: Vec<Finding>,
    /// What could not be decided.
    pub gaps: Vec<Gap>,
    /// Why it does not apply, when it does not.
    pub not_applicable: Option<Localised>,
}

impl CheckOutcome {
    /// An outcome with a verdict and nothing else.
    pub const fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            checked: 0,
            failed: 0,
            unknown: 0,
            findings: Vec::new(),
            gaps: Vec::new(),
            not_applicable: None,
        }
    }

    /// A check that could not be decided at all.
    pub fn undecided(gaps: Vec<Gap>) -> Self {
        Self { gaps, ..Self::of(Verdict::Unknown) }
    }
}

/// The verdict of several checks: fail if any fails, else unknown if any is unknown, else pass if any passes; not
/// applicable only if none applies.
pub(super) fn combined(verdicts: &[Verdict]) -> Verdict {
    let any = |wanted: Verdict| verdicts.contains(&wanted);
    if any(Verdict::Fail) {
        Verdict::Fail
    } else if any(Verdict::Unknown) || verdicts.is_empty() {
        Verdict::Unknown
    } else if any(Verdict::Pass) {
        Verdict::Pass
    } else {
        Verdict::NotApplicable
    }
}

/// Gaps of the same path and reason, added up, in order.
pub(super) fn merged(gaps: impl IntoIterator<Item = Gap>) -> Vec<Gap> {
    let mut by_place: BTreeMap<(String, Localised), u64> = BTreeMap::new();
    for gap in gaps {
        *by_place.entry((gap.path, gap.reason)).or_default() += gap.affected;
    }
    by_place.into_iter().map(|((path, reason), affected)| Gap { path, reason, affected }).collect()
}
