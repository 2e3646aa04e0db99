//! What can be asked of a request, and the effects that follow.
//!
//! An act carries the authority it needs as a value: an approval cannot be built without a `Dpo`.

use super::identity::Proof;
use super::outcome::{Plan, ReadBack};
use crate::authority::{Actor, Authority, Dpo, Handler, Subject, System};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::ids::{OfficerId, OrganisationId, RequestId};
use crate::ledger::entry::Word;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Somebody who can witness a fact: staff, or a job that checked it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Witness {
    /// Staff.
    Handler(Handler),
    /// A job.
    System(System),
}

/// Somebody who can speak for the person: themselves, or staff who took it down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// The person.
    Subject(Subject),
    /// Staff.
    Handler(Handler),
}

impl Authority for Witness {
    fn organisation(&self) -> &OrganisationId {
        match self {
            Self::Handler(who) => who.organisation(),
            Self::System(who) => who.organisation(),
        }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::Handler(who) => who.actor(),
            Self::System(who) => who.actor(),
        }
    }
}

impl Authority for Speaker {
    fn organisation(&self) -> &OrganisationId {
        match self {
            Self::Handler(who) => who.organisation(),
            Self::Subject(who) => who.organisation(),
        }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::Handler(who) => who.actor(),
            Self::Subject(who) => who.actor(),
        }
    }
}

/// A letter or mail to the person (R 1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Letter {
    /// Receipt confirmed.
    Acknowledgement,
    /// Proof of identity asked for.
    IdentityRequest,
    /// The person is asked what they mean.
    ClarificationRequest,
    /// The answer will take longer, with reasons.
    ExtensionNotice,
    /// The answer: done, partly done, refused or told.
    Answer,
    /// The withdrawal is confirmed.
    WithdrawalConfirmation,
}

impl Letter {
    /// The word used in files and in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Acknowledgement => "acknowledgement",
            Self::IdentityRequest => "identity-request",
            Self::ClarificationRequest => "clarification-request",
            Self::ExtensionNotice => "extension-notice",
            Self::Answer => "answer",
            Self::WithdrawalConfirmation => "withdrawal-confirmation",
        }
    }
}

/// What the calls to other systems seemed to do. None of these is success; only reading back is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// The other system said it was done.
    Done,
    /// It said it was not.
    Failed,
    /// It said nothing, or the worker stopped before it heard.
    Nothing,
}

impl Said {
    /// The word used in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Nothing => "nothing",
        }
    }
}

/// What is asked of one claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClaimAct {
    /// Take it up.
    Accept(Handler),
    /// Ask for proof of identity.
    AskIdentity(Handler),
    /// Ask what the person means.
    AskClarification(Handler),
    /// The person said what they mean.
    Clarify(Speaker),
    /// Decide on an extension; it counts only once its notice is recorded as sent.
    Extend(Handler, Word),
    /// What a clock asks for was done, e.g. the data is restricted meanwhile; not for what a letter meets.
    Meet(Handler, Word),
    /// Put up a plan.
    Propose(Handler, Plan),
    /// Put up an answer that needs no action (explanations, complaints): the digest of what is written.
    Tell(Handler, Digest),
    /// Send a plan back.
    Return(Dpo),
    /// Release the plan with this digest.
    Approve(Dpo, Digest),
    /// Call a released plan off.
    CallOff(Handler),
    /// Begin, in the transaction just before the call: `Digest` over the records as read just now.
    Begin(System, Digest),
    /// What the calls seemed to do.
    Report(System, Said),
    /// What reading back found.
    Confirm(System, ReadBack),
    /// Refuse, field by field or `all`, each with its ground.
    Deny(Dpo, BTreeMap<Word, Word>),
    /// The person no longer wants it.
    Withdraw(Speaker),
    /// A letter is recorded as sent at this instant.
    LetterSent(System, Letter, Timestamp),
    /// A letter could not be delivered.
    LetterFailed(System, Letter),
    /// The person appeals.
    Appeal(Speaker),
    /// The appeal is decided: upheld or not.
    DecideAppeal(Dpo, bool),
}

/// What is asked of the request as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Something about one claim, by its position.
    Claim(usize, ClaimAct),
    /// A proof of identity held.
    Prove(Witness, Proof),
    /// Propose to go on without the level, for a written reason.
    ProposeOverride(Handler, Digest),
    /// Confirm it, by another person.
    ConfirmOverride(Dpo),
    /// Suspected to be the same as another request.
    Link(Handler, RequestId),
    /// A legal hold covers the person's data.
    Hold(Dpo),
    /// It no longer does.
    ReleaseHold(Dpo),
    /// The person complained to this authority.
    RecordComplaint(Handler, Word),
    /// This member of staff answers for the request from now on; `None` gives it back to all.
    Assign(Handler, Option<OfficerId>),
    /// An address that the records have was sealed beside the request: answers go there (T14).
    RecordAddress(Handler),
    /// Look for due dates that passed.
    Sweep(System),
}

impl Act {
    /// Who asks.
    pub fn authority(&self) -> &dyn Authority {
        match self {
            Self::Claim(_, act) => act.authority(),
            Self::Prove(who, _) => who,
            Self::ProposeOverride(who, _) | Self::Link(who, _) | Self::RecordComplaint(who, _) => who,
            Self::Assign(who, _) | Self::RecordAddress(who) => who,
            Self::ConfirmOverride(who) | Self::Hold(who) | Self::ReleaseHold(who) => who,
            Self::Sweep(who) => who,
        }
    }
}

impl ClaimAct {
    /// Who asks.
    pub fn authority(&self) -> &dyn Authority {
        match self {
            Self::Accept(who)
            | Self::AskIdentity(who)
            | Self::AskClarification(who)
            | Self::Extend(who, _)
            | Self::Meet(who, _)
            | Self::Propose(who, _)
            | Self::Tell(who, _)
            | Self::CallOff(who) => who,
            Self::Clarify(who) | Self::Withdraw(who) | Self::Appeal(who) => who,
            Self::Return(who) | Self::Approve(who, _) | Self::Deny(who, _) | Self::DecideAppeal(who, _) => who,
            Self::Begin(who, _)
            | Self::Report(who, _)
            | Self::Confirm(who, _)
            | Self::LetterSent(who, ..)
            | Self::LetterFailed(who, _) => who,
        }
    }
}

/// Something to be done after the commit, by the worker; repeatable, and reporting back as an act.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Effect {
    /// Send a letter.
    Send {
        /// Which claim.
        claim: usize,
        /// Which letter.
        letter: Letter,
    },
    /// Search the systems for the person's data.
    Collect {
        /// Which claim.
        claim: usize,
    },
    /// Carry out the released plan: begin, call, report.
    CarryOut {
        /// Which claim.
        claim: usize,
        /// The plan's digest.
        plan: Digest,
        /// Not before this instant: the cool-down.
        not_before: Timestamp,
    },
    /// Read back what was done.
    ReadBack {
        /// Which claim.
        claim: usize,
        /// The plan's digest.
        plan: Digest,
        /// Not before this instant.
        not_before: Timestamp,
    },
    /// A person must look at it.
    Task {
        /// Which claim.
        claim: usize,
        /// What for.
        what: Word,
    },
}
