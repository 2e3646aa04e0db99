//! What an audit says of one control.

use serde::{Deserialize, Serialize};

/// The verdict on one control. Unknown is never a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// At least one thing checked does not meet the control.
    Fail,
    /// Nothing failed, but something needed to decide is absent, stale or silent.
    Unknown,
    /// Every failure is covered by a waiver in force.
    Waived,
    /// Everything that had to be checked was checked and meets the control.
    Pass,
    /// The control does not apply here, for a stated reason.
    NotApplicable,
}

impl Verdict {
    /// All verdicts, in the order in which a report lists them.
    pub const ALL: [Self; 5] = [Self::Fail, Self::Unknown, Self::Waived, Self::Pass, Self::NotApplicable];

    /// The word used in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Waived => "waived",
            Self::Pass => "pass",
            Self::NotApplicable => "not_applicable",
        }
    }
}
