//! The state of a claim in the words that people use (R 1.7 end), derived from stage, hold and clocks, never stored.

use super::outcome::Outcome;
use super::request::{Claim, Request, Stage};
use super::right::Kind;
use super::rules::Happening;

/// Where a claim stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nobody looked at it yet.
    Received,
    /// Waiting for proof of identity.
    IdentityPending,
    /// Waiting for the person to say what they mean.
    ClarificationPending,
    /// Being worked on.
    Collecting,
    /// Waiting for a second person.
    Review,
    /// Stopped by a legal hold.
    OnHold,
    /// Released, and not yet begun.
    Released,
    /// Being carried out, or done and not yet proven.
    Unconfirmed,
    /// Extended, and being worked on.
    Extended,
    /// Answered in full.
    Answered,
    /// Answered in part.
    PartiallyAnswered,
    /// Refused.
    Denied,
    /// Withdrawn.
    Withdrawn,
    /// Under appeal.
    Appealed,
    /// Decided; the answer is on its way.
    Ready,
}

impl Status {
    /// The word shown on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::IdentityPending => "identity-pending",
            Self::ClarificationPending => "clarification-pending",
            Self::Collecting => "collecting",
            Self::Review => "review",
            Self::OnHold => "on-hold",
            Self::Released => "released",
            Self::Unconfirmed => "unconfirmed",
            Self::Extended => "extended",
            Self::Answered => "answered",
            Self::PartiallyAnswered => "partially-answered",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Appealed => "appealed",
            Self::Ready => "ready",
        }
    }
}

/// The status of `claim` of `request`.
pub fn of(request: &Request, claim: &Claim) -> Status {
    let held = request.held && claim.basis.right.kind() == Kind::Erase;
    let extended = claim.history.iter().any(|(h, _)| *h == Happening::Extended);
    match &claim.stage {
        Stage::Approved { .. } | Stage::Review { .. } if held => Status::OnHold,
        Stage::Triage => Status::Received,
        Stage::IdentityPending => Status::IdentityPending,
        Stage::ClarificationPending => Status::ClarificationPending,
        Stage::Collecting if extended => Status::Extended,
        Stage::Collecting => Status::Collecting,
        Stage::Review { .. } => Status::Review,
        Stage::Approved { .. } => Status::Released,
        Stage::Acting { .. } | Stage::Unconfirmed { .. } => Status::Unconfirmed,
        Stage::Ready { .. } => Status::Ready,
        Stage::Answered { outcome: Outcome::Denied(_) } => Status::Denied,
        Stage::Answered { outcome } if outcome.word() == "partly-done" => Status::PartiallyAnswered,
        Stage::Answered { .. } => Status::Answered,
        Stage::Appealed { .. } => Status::Appealed,
        Stage::Withdrawn => Status::Withdrawn,
    }
}
