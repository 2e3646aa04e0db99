//! What the law says, as the step function asks it. `law` answers; a test can answer instead.
//!
//! INVARIANT (I4, T49): due dates are a function of the receipt and the recorded history of one claim. There is no argument
//! for the present instant, so that no due date can be recomputed from it.

use super::right::{Level, Regime, Right, Sensitivity};
use crate::clock::{Day, Timestamp};
use crate::ledger::entry::Word;
use serde::{Deserialize, Serialize};

/// What a due date depends on besides history.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Basis {
    /// The right.
    pub right: Right,
    /// The law.
    pub regime: Regime,
    /// Where the duty is performed, e.g. `de`, `gb-eng`, `us-ca`: decides zone and holidays.
    pub place: Word,
    /// When the request was received.
    pub received_at: Timestamp,
}

/// Something that happened to a claim and may move its due dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// Proof of identity was asked for.
    IdentityAsked,
    /// Identity was proven.
    IdentityProven,
    /// The person was asked to say what they mean.
    ClarificationAsked,
    /// They said it.
    Clarified,
    /// The notice of an extension was recorded as sent, in time.
    Extended,
    /// The person contests that the data is accurate (GDPR 18(1)(a)); a mere completion does not.
    AccuracyContested,
}

/// One happening with its instant.
pub type Past = (Happening, Timestamp);

/// One due date.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Due {
    /// Which clock: `answer`, `acknowledgement`, ...
    pub clock: Word,
    /// The last day that is in time, at the place.
    pub on: Day,
    /// The first instant that is too late.
    pub before: Timestamp,
}

/// The grounds on which a right may be refused under a law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// The closed list; an empty one means that the right cannot be refused.
    Listed(Vec<Word>),
    /// The law book holds no list for this law, which is not the same as an empty one.
    Unknown,
}

/// The law, as far as the workflow needs it.
pub trait Rules {
    /// The due dates of a claim with this history, in order of their clocks. Empty when the law sets none.
    fn dues(&self, basis: &Basis, history: &[Past]) -> Result<Vec<Due>, String>;
    /// How surely the person must be known. `None` means that asking is forbidden, not merely unneeded (11 CCR 7060(b)).
    fn level_needed(&self, right: Right, regime: &Regime, sensitivity: Sensitivity) -> Level;
    /// Whether the answer may be extended with a notice.
    fn may_extend(&self, right: Right, regime: &Regime) -> bool;
    /// Whether the person may be asked to say what they mean.
    fn may_ask_clarification(&self, right: Right, regime: &Regime) -> bool;
    /// The grounds on which this right may be refused.
    fn grounds(&self, right: Right, regime: &Regime) -> Grounds;
    /// The provision that a refusal of the step function rests on, for people to read.
    fn cite(&self, right: Right, regime: &Regime) -> String;
}
