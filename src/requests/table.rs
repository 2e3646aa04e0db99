//! The one table of stages and acts: what can be asked of a claim where it stands. Guards come after it, in `step`.
//!
//! Every pair not listed is refused. The table is the picture of the workflow; `docs/reference` prints it.

use super::command::ClaimAct;
use super::request::Stage;

/// One row: a stage by its word, and the acts it knows by theirs.
pub type Row = (&'static str, &'static [&'static str]);

/// The table.
pub const TABLE: [Row; 11] = [
    (
        "triage",
        &[
            "accept",
            "ask-identity",
            "ask-clarification",
            "deny",
            "withdraw",
            "extend",
            "meet",
            "letter-sent",
            "letter-failed",
        ],
    ),
    ("identity-pending", &["deny", "withdraw", "extend", "meet", "letter-sent", "letter-failed"]),
    ("clarification-pending", &["clarify", "deny", "withdraw", "extend", "meet", "letter-sent", "letter-failed"]),
    (
        "collecting",
        &[
            "ask-identity",
            "ask-clarification",
            "propose",
            "tell",
            "deny",
            "withdraw",
            "extend",
            "meet",
            "letter-sent",
            "letter-failed",
        ],
    ),
    ("review", &["return", "approve", "deny", "withdraw", "extend", "meet", "letter-sent", "letter-failed"]),
    ("approved", &["call-off", "begin", "deny", "withdraw", "extend", "meet", "letter-sent", "letter-failed"]),
    // From here on a call may have happened: nobody can withdraw or deny what may be done already.
    ("acting", &["report", "confirm", "extend", "meet", "letter-sent", "letter-failed"]),
    ("unconfirmed", &["begin", "confirm", "extend", "meet", "letter-sent", "letter-failed"]),
    ("ready", &["extend", "meet", "letter-sent", "letter-failed"]),
    ("answered", &["appeal", "letter-sent", "letter-failed"]),
    ("appealed", &["decide-appeal", "letter-sent", "letter-failed"]),
];

/// Whether `stage` knows `act`. A withdrawn claim knows only what its last letter reports.
pub fn knows(stage: &Stage, act: &ClaimAct) -> bool {
    if matches!(stage, Stage::Withdrawn) {
        return matches!(act, ClaimAct::LetterSent(..) | ClaimAct::LetterFailed(..));
    }
    TABLE.iter().any(|(s, acts)| *s == stage.word() && acts.contains(&act.word()))
}

impl Stage {
    /// The word used in files, in the database and on the command line.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::IdentityPending => "identity-pending",
            Self::ClarificationPending => "clarification-pending",
            Self::Collecting => "collecting",
            Self::Review { .. } => "review",
            Self::Approved { .. } => "approved",
            Self::Acting { .. } => "acting",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Ready { .. } => "ready",
            Self::Answered { .. } => "answered",
            Self::Appealed { .. } => "appealed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl ClaimAct {
    /// The word used in the ledger and on the command line.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Accept(_) => "accept",
            Self::AskIdentity(_) => "ask-identity",
            Self::AskClarification(_) => "ask-clarification",
            Self::Clarify(_) => "clarify",
            Self::Extend(..) => "extend",
            Self::Meet(..) => "meet",
            Self::Propose(..) => "propose",
            Self::Tell(..) => "tell",
            Self::Return(_) => "return",
            Self::Approve(..) => "approve",
            Self::CallOff(_) => "call-off",
            Self::Begin(..) => "begin",
            Self::Report(..) => "report",
            Self::Confirm(..) => "confirm",
            Self::Deny(..) => "deny",
            Self::Withdraw(_) => "withdraw",
            Self::LetterSent(..) => "letter-sent",
            Self::LetterFailed(..) => "letter-failed",
            Self::Appeal(_) => "appeal",
            Self::DecideAppeal(..) => "decide-appeal",
        }
    }
}
