//! Why the law or the house says no. A refusal is an answer, not an error: it names its rule and the next step.

use super::right::Level;
use crate::clock::{Day, Timestamp};

/// Why a command is not carried out. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The stage does not know the act.
    #[error("`{act}` is not possible while the claim is `{stage}`")]
    NotNow {
        /// What was asked.
        act: &'static str,
        /// Where the claim stands.
        stage: &'static str,
    },
    /// There is no such claim.
    #[error("the request has no claim number {0}; `show` numbers them, from 0")]
    NoSuchClaim(usize),
    /// Somebody of another organisation or another request.
    #[error("the request is not theirs to act on")]
    NotTheirs,
    /// The person is not known well enough (I6).
    #[error("the person is known to the level `{reached}`, and `{needed}` is needed ({cite}); ask for proof, or let two people override", needed = needed.word(), reached = reached.word())]
    NotVerified {
        /// The level needed.
        needed: Level,
        /// The level reached.
        reached: Level,
        /// The provision.
        cite: String,
    },
    /// Proof must not be asked for, or is there already.
    #[error("proof of identity must not be asked for here ({cite})")]
    NoProofNeeded {
        /// The provision.
        cite: String,
    },
    /// The same person twice where two are needed.
    #[error("a second person must do this; whoever prepared it cannot release it")]
    SecondPerson,
    /// The plan is not the one that was put up.
    #[error("this is not the plan that was put up for release; look at it again (`plan --show`)")]
    OtherPlan,
    /// The records changed since the plan was made (I9).
    #[error("the records changed since the plan was made; make a new plan")]
    RecordsChanged,
    /// The cool-down is not over.
    #[error("the plan can be called off until {until}; it starts then")]
    CoolDown {
        /// When it is over.
        until: Timestamp,
    },
    /// A legal hold covers the data (I12).
    #[error(
        "a legal hold covers this person's data; nothing is erased while it stands: lift it (`release`), or refuse"
    )]
    Held,
    /// The law knows no such pause, extension or question here.
    #[error("the law does not allow `{what}` here ({cite})")]
    NotAllowed {
        /// What was asked.
        what: &'static str,
        /// The provision.
        cite: String,
    },
    /// The extension comes too late, or again.
    #[error("the answer was due on {due_on}; an extension must be told before that, and once ({cite})")]
    ExtensionTooLate {
        /// The due date that stands.
        due_on: Day,
        /// The provision.
        cite: String,
    },
    /// A ground that is not on the closed list.
    #[error("`{ground}` is no ground for refusing `{right}` ({cite}); the grounds are: {known}")]
    NoGround {
        /// The ground named; empty when none was.
        ground: String,
        /// The right.
        right: &'static str,
        /// The provision.
        cite: String,
        /// The grounds there are.
        known: String,
    },
    /// The list is empty: nothing of it can be refused or kept back.
    #[error(
        "the law gives no ground for refusing `{right}` ({cite}): it cannot be refused, whole or in part; carry it out"
    )]
    NeverRefused {
        /// The right.
        right: &'static str,
        /// The provision.
        cite: String,
    },
    /// There is no list.
    #[error(
        "the grounds for refusing `{right}` under `{regime}` ({cite}) are not in the law book, so that a refusal cannot be checked; ask a lawyer, and carry it out unless they name a ground"
    )]
    GroundsUnknown {
        /// The right.
        right: &'static str,
        /// The law.
        regime: String,
        /// The provision.
        cite: String,
    },
    /// Read back, and it does not prove the plan (I10).
    #[error(
        "reading back found {as_planned} of {records} records as planned, {stray} stray and {unreadable} unreadable; it stays unconfirmed"
    )]
    Unconfirmed {
        /// Records in the plan.
        records: u32,
        /// Records as planned.
        as_planned: u32,
        /// Records that should not be there.
        stray: u32,
        /// Records that could not be read.
        unreadable: u32,
    },
    /// A request cannot be its own duplicate.
    #[error("a request cannot be linked to itself")]
    OwnLink,
    /// The clock stepped back (T49).
    #[error("the clock stands at {now}, before the last step at {last}; put it right first")]
    ClockStepped {
        /// The present.
        now: Timestamp,
        /// The last step.
        last: Timestamp,
    },
    /// The law has no answer for this place or date.
    #[error("no due date can be computed: {0}")]
    NoDueDate(String),
    /// A date beyond what the program reckons with.
    #[error("the date lies outside the years 1900 to 2200")]
    DateOutOfRange,
}
