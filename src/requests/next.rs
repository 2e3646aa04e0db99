//! What is to be done next for a claim, and by whom: derived from where it stands, never stored.

use super::request::{Claim, Request, Stage};
use super::right::Kind;
use crate::clock::Timestamp;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// Somebody who handles requests.
    Caseworker,
    /// A data protection officer.
    Dpo,
    /// The person.
    Person,
    /// The worker of this program.
    Worker,
    /// Nobody: it is closed.
    Nobody,
}

impl Turn {
    /// The word shown on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Caseworker => "caseworker",
            Self::Dpo => "dpo",
            Self::Person => "person",
            Self::Worker => "worker",
            Self::Nobody => "-",
        }
    }
}

/// The next action on a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// What is to be done.
    pub action: &'static str,
    /// Whose turn it is.
    pub turn: Turn,
}

/// The next action on `claim` of `request`.
pub fn of(request: &Request, claim: &Claim) -> Next {
    let (action, turn) = match &claim.stage {
        Stage::Triage => ("take it up", Turn::Caseworker),
        Stage::IdentityPending => ("wait for proof of identity", Turn::Person),
        Stage::ClarificationPending => ("wait for the person's answer", Turn::Person),
        Stage::Collecting if claim.basis.right.kind() == Kind::Tell => ("write the answer", Turn::Caseworker),
        Stage::Collecting => ("search and plan", Turn::Caseworker),
        Stage::Review { .. } | Stage::Approved { .. } if request.held && claim.basis.right.kind() == Kind::Erase => {
            ("held: lift the hold or refuse", Turn::Dpo)
        }
        Stage::Review { .. } => ("release the plan", Turn::Dpo),
        Stage::Approved { .. } => ("carry it out", Turn::Caseworker),
        Stage::Acting { .. } => ("say what happened", Turn::Caseworker),
        Stage::Unconfirmed { .. } => ("read back", Turn::Caseworker),
        Stage::Ready { .. } => ("send the answer", Turn::Worker),
        Stage::Appealed { .. } => ("decide the appeal", Turn::Dpo),
        Stage::Answered { .. } | Stage::Withdrawn => ("-", Turn::Nobody),
    };
    Next { action, turn }
}

/// Whole days left until `before`, the first instant that is too late: 0 on the last day, negative once it has passed.
pub fn days_left(before: Timestamp, now: Timestamp) -> i64 {
    before.millis().saturating_sub(now.millis()).div_euclid(86_400_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_has_none_left_and_the_first_moment_after_it_is_late() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let before = at("2026-04-07T22:00:00Z");
        for (now, left) in [
            ("2026-04-05T22:00:00Z", 2),
            ("2026-04-06T22:00:01Z", 0),
            ("2026-04-07T21:59:59Z", 0),
            ("2026-04-07T22:00:00Z", 0),
            ("2026-04-07T22:00:01Z", -1),
        ] {
            assert_eq!(days_left(before, at(now)), left, "{now}");
        }
    }
}
